/** `send`: files and fields in, the document queued, and with --wait each recipient's outcome as it happens. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addFieldOptions, type FieldOptions, fieldsOf } from '../document-fields.ts';
import { addWaitOptions, sendDocument, type WaitOptions } from '../handing-in.ts';
import { subcommand } from '../help.ts';

export function addSend(program: Command, cli: Cli): void {
  const command = subcommand(program, cli, 'send <file...>', 'send');
  addWaitOptions(addFieldOptions(command, cli, { needed: true }), cli).action(
    (paths: string[], options: FieldOptions & WaitOptions) =>
      sendDocument(cli, fieldsOf(options), paths, options),
  );
}
