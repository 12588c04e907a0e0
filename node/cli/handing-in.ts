/**
 * Handing a document in: large files only when nothing stands in the way, progress while they go up, what became of it,
 * and with --wait each recipient's outcome as it happens. Used by the commands that send documents.
 */
import type { Command } from 'commander';
import { LienthongError } from '../core/errors.ts';
import type { ProposedAttachment, SubmitAnswer } from '../core/views.ts';
import { parseDurationMs } from './arguments.ts';
import type { Cli } from './cli.ts';
import { type Followed, follow, printOutcome } from './deliveries.ts';
import type { Fields, NodeClient, UploadedFile } from './node-client.ts';
import { giveBack, handOver, isStreamed, lookAt, type OutgoingFile, propose } from './outgoing-files.ts';
import { FilesProgress } from './progress.ts';

const DEFAULT_WAIT = '60s';

export interface WaitOptions {
  wait?: boolean;
  timeout?: string;
}

export const addWaitOptions = (command: Command, cli: Cli): Command =>
  command.option('--wait', cli.text('option.wait')).option('--timeout <time>', cli.text('option.timeout'));

/** `more` goes along in the JSON answer. */
export async function sendDocument(
  cli: Cli,
  fields: Fields,
  paths: readonly string[],
  options: WaitOptions,
  more: object = {},
): Promise<void> {
  const timeoutMs = parseDurationMs(options.timeout ?? DEFAULT_WAIT, '--timeout');
  const files = await lookAt(paths);
  const node = await cli.node();
  const answer = (await askFirst(cli, node, fields, files)) ?? (await handIn(cli, node, fields, files));

  const document = `${fields.type} ${fields.number}/${fields.notation}`;
  cli.say(answer.repeated ? 'send.repeated' : 'send.queued', { id: answer.id, document });
  for (const code of answer.missing ?? []) cli.note(cli.text('send.missing', { code }));
  if (options.wait) {
    const followed = await follow(cli, node, answer, timeoutMs).catch((error) => {
      if (cli.io.signal.aborted) cli.note(cli.text('send.staysQueued', { id: answer.id }));
      throw error;
    });
    cli.result({ ...answer, ...followed, ...more });
    finish(cli, followed, timeoutMs);
    return;
  }
  for (const delivery of answer.deliveries) printOutcome(cli, delivery);
  cli.say('send.next', { id: answer.id });
  cli.result({ ...answer, ...more });
}

/** Large files are only handed over when nothing stands in the way; what was sent before is answered without them. */
async function askFirst(
  cli: Cli,
  node: NodeClient,
  fields: Fields,
  files: OutgoingFile[],
): Promise<SubmitAnswer | undefined> {
  if (!files.some(isStreamed)) return undefined;
  const { answer } = await node.validate(fields, await proposeShown(cli, files));
  return answer ?? undefined;
}

/** What the files are, with the progress of reading them. */
export async function proposeShown(cli: Cli, files: OutgoingFile[]): Promise<ProposedAttachment[]> {
  const progress = new FilesProgress(cli, 'progress.reading');
  try {
    return await propose(files, cli.io.signal, (file, bytes) => progress.update(file, bytes));
  } finally {
    progress.end();
  }
}

async function handIn(
  cli: Cli,
  node: NodeClient,
  fields: Fields,
  files: OutgoingFile[],
): Promise<SubmitAnswer> {
  return submit(cli, node, fields, await handOverShown(cli, node, files));
}

async function handOverShown(cli: Cli, node: NodeClient, files: OutgoingFile[]): Promise<UploadedFile[]> {
  const progress = new FilesProgress(cli, 'progress.transfer');
  try {
    return await handOver(files, node, (file, sentBytes) => progress.update(file, sentBytes));
  } finally {
    progress.end();
  }
}

/** A refusal gives the files back. A connection that breaks now leaves it open whether the document was queued. */
async function submit(cli: Cli, node: NodeClient, fields: Fields, taken: UploadedFile[]) {
  try {
    return await node.submit(fields, taken);
  } catch (error) {
    const inDoubt =
      cli.io.signal.aborted ||
      !(error instanceof LienthongError) ||
      error.code === 'unreachable' ||
      error.code === 'timeout';
    if (inDoubt) cli.note(cli.text('send.inDoubt'));
    else await giveBack(taken, node);
    throw error;
  }
}

function finish(cli: Cli, { deliveries, settled }: Followed, timeoutMs: number): void {
  if (!settled) throw new LienthongError('timeout', { timeoutMs });
  const refused = deliveries.filter(({ state }) => state !== 'delivered');
  if (refused.length === 0) cli.say('send.allDelivered', { count: deliveries.length });
  else {
    cli.note(cli.text('send.someRefused', { count: refused.length, to: refused.map(({ to }) => to) }));
    cli.exit = 3;
  }
}
