/** `reply ID FILE…`: a document that answers another; without --to and --from between who asked and who received. */
import type { Command } from 'commander';
import { parseId } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { addFieldOptions, type FieldOptions, fieldsOf } from '../document-fields.ts';
import { addWaitOptions, sendDocument, type WaitOptions } from '../handing-in.ts';
import { subcommand } from '../help.ts';

export function addReply(program: Command, cli: Cli): void {
  const command = subcommand(program, cli, 'reply <id> <file...>', 'reply');
  addWaitOptions(addFieldOptions(command, cli, { needed: true }), cli).action(
    async (id: string, paths: string[], options: FieldOptions & WaitOptions) => {
      const relations = [{ kind: 'answers' as const, id: parseId(id) }];
      await sendDocument(cli, { ...fieldsOf(options), relations }, paths, options);
    },
  );
}
