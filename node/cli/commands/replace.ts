/** `replace OLDID… --file FILE…`: a new document in place of older ones, at all who have those or at some. */
import type { Command } from 'commander';
import { parseId, parseRecipients } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { addFieldOptions, type FieldOptions, fieldsOf } from '../document-fields.ts';
import { addWaitOptions, sendDocument, type WaitOptions } from '../handing-in.ts';
import { subcommand } from '../help.ts';

type ReplaceOptions = FieldOptions & WaitOptions & { file: string[]; only?: string[] };

export function addReplace(program: Command, cli: Cli): void {
  const command = subcommand(program, cli, 'replace <oldid...>', 'replace')
    .requiredOption('--file <files...>', cli.text('option.file'))
    .option('--only <codes...>', cli.text('option.only'));
  addWaitOptions(addFieldOptions(command, cli, { needed: true }), cli).action(
    async (oldIds: string[], options: ReplaceOptions) => {
      const units = options.only === undefined ? undefined : parseRecipients(options.only);
      const relations = oldIds.map((id) => ({ kind: 'replaces' as const, id: parseId(id), units }));
      await sendDocument(cli, { ...fieldsOf(options), relations }, options.file, options);
    },
  );
}
