/**
 * `update ID`: recipients added or removed (a recall from them), and with files a correction to those who have it. In this
 * order, each step durable by itself: after a failure the same command again does what is left.
 */
import type { Command } from 'commander';
import { LienthongError } from '../../core/errors.ts';
import { parseId, parseRecipients } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printOutcome } from '../deliveries.ts';
import { addFieldOptions, type FieldOptions, fieldsOf } from '../document-fields.ts';
import { addWaitOptions, sendDocument, type WaitOptions } from '../handing-in.ts';
import { subcommand } from '../help.ts';
import { lookAt } from '../outgoing-files.ts';
import { printRecall } from '../recall-table.ts';

type UpdateOptions = Partial<FieldOptions> &
  WaitOptions & { add?: string[]; remove?: string[]; reason: string };

const NEEDED = ['type', 'number', 'notation', 'subject'] as const;

export function addUpdate(program: Command, cli: Cli): void {
  const command = subcommand(program, cli, 'update <id> [file...]', 'update')
    .option('--add <codes...>', cli.text('option.add'))
    .option('--remove <codes...>', cli.text('option.remove'))
    .requiredOption('--reason <text>', cli.text('option.why'));
  addWaitOptions(addFieldOptions(command, cli, { needed: false }), cli).action(
    (id: string, paths: string[], options: UpdateOptions) => update(cli, parseId(id), paths, options),
  );
}

async function update(cli: Cli, id: string, paths: string[], options: UpdateOptions): Promise<void> {
  const { reason } = options;
  const add = parseRecipients(options.add ?? []);
  const remove = parseRecipients(options.remove ?? []);
  const correction = paths.length === 0 ? undefined : correctionOf(cli, id, options);
  if (add.length + remove.length + paths.length === 0)
    throw new LienthongError('usage', {
      reason: cli.text('usage.nothingToUpdate'),
      field: '--add, --remove',
    });
  await lookAt(paths);
  const node = await cli.node();
  const added = add.length === 0 ? [] : await node.addRecipients(id, add, reason);
  if (added.length > 0) cli.say('update.added');
  for (const delivery of added) printOutcome(cli, delivery);
  const removed = remove.length === 0 ? [] : await node.recall(id, { reason, units: remove });
  if (removed.length > 0) {
    cli.say('update.removed');
    await printRecall(cli, removed);
  }
  if (correction === undefined) {
    cli.result({ id, added, removed });
    cli.say('send.next', { id });
  } else await sendDocument(cli, correction, paths, options, { updated: id, added, removed });
}

/** A document of its own, with every field one needs; its reason stands in its note. */
function correctionOf(cli: Cli, id: string, options: UpdateOptions) {
  const missing = NEEDED.find((name) => options[name] === undefined);
  if (missing !== undefined)
    throw new LienthongError('usage', {
      reason: cli.text('usage.missingOption', { named: `--${missing}` }),
      field: `--${missing}`,
    });
  const relations = [{ kind: 'updates' as const, id }];
  return { ...fieldsOf(options as FieldOptions), note: options.reason.normalize('NFC'), relations };
}
