/**
 * `update ID`: recipients added or removed (a recall from them), and with files a correction to those who have it. All that
 * can be known is asked before the first step. Then in this order, each step durable by itself: after a failure it says
 * what was done, and the same command again does what is left and nothing twice.
 */
import type { Command } from 'commander';
import { parseUnitCode } from '../../core/codes.ts';
import { isLienthongError, LienthongError } from '../../core/errors.ts';
import type { RecallAnswer } from '../../core/status-views.ts';
import type { DeliverySummary } from '../../core/views.ts';
import { parseId, parseRecipients } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printOutcome } from '../deliveries.ts';
import { addFieldOptions, type FieldOptions, fieldsOf } from '../document-fields.ts';
import { addWaitOptions, proposeShown, sendDocument, type WaitOptions } from '../handing-in.ts';
import { subcommand } from '../help.ts';
import type { Fields, NodeClient } from '../node-client.ts';
import { lookAt, type OutgoingFile } from '../outgoing-files.ts';
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
  const files = await lookAt(paths);
  const node = await cli.node();
  const by = options.from === undefined ? undefined : parseUnitCode(options.from);
  if (remove.length > 0) await requireSentTo(node, id, remove);
  if (correction !== undefined) await requireSendable(cli, node, correction, files);
  const done: Done = { added: [], removed: [] };
  try {
    if (add.length > 0) {
      done.added = await node.addRecipients(id, add, reason, by);
      cli.say('update.added');
      for (const delivery of done.added) printOutcome(cli, delivery);
    }
    if (remove.length > 0) {
      done.removed = await node.recall(id, { reason, units: remove, by });
      cli.say('update.removed');
      await printRecall(cli, done.removed);
    }
    if (correction === undefined) {
      cli.result({ id, ...done });
      cli.say('send.next', { id });
    } else await sendDocument(cli, correction, paths, options, { updated: id, ...done });
  } catch (error) {
    throw halfDone(cli, error, done);
  }
}

interface Done {
  added: DeliverySummary[];
  removed: RecallAnswer[];
}

/** Throws 'not-found' for a unit it wasn't sent to. */
async function requireSentTo(node: NodeClient, id: string, units: readonly string[]): Promise<void> {
  const { deliveries } = await node.show(id);
  const stranger = units.find((unit) => !deliveries.some(({ to }) => to === unit));
  if (stranger !== undefined) throw new LienthongError('not-found', { what: 'delivery', id: stranger });
}

/** Throws what sending it would, but that nobody has the document yet: those added will. */
async function requireSendable(
  cli: Cli,
  node: NodeClient,
  fields: Fields,
  files: OutgoingFile[],
): Promise<void> {
  try {
    await node.validate(fields, await proposeShown(cli, files));
  } catch (error) {
    if (!isLienthongError(error, 'no-recipient')) throw error;
  }
}

/** The same error, with what was done before it. */
function halfDone(cli: Cli, error: unknown, { added, removed }: Done): unknown {
  const isHalf = added.length + removed.length > 0 && !isLienthongError(error, 'timeout');
  if (!isHalf) return error;
  cli.note(cli.text('update.halfDone'));
  if (!(error instanceof LienthongError)) return error;
  const details = {
    ...error.details,
    added: added.map(({ to }) => to),
    removed: removed.map(({ to }) => to),
  };
  return new LienthongError(error.code, details, { cause: error });
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
