/** `send`: files and fields in, the document queued, and with --wait each recipient's outcome as it happens. */
import type { Command } from 'commander';
import { CLASSIFICATIONS } from '../../core/classification.ts';
import { parseUnitCode } from '../../core/codes.ts';
import { parseDue } from '../../core/dates.ts';
import { LienthongError } from '../../core/errors.ts';
import { URGENCIES } from '../../core/urgency.ts';
import type { SubmitAnswer } from '../../core/views.ts';
import { parseChoice, parseDurationMs, parseOptionalDay, parseRecipients } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { type Followed, follow, printOutcome } from '../deliveries.ts';
import { subcommand } from '../help.ts';
import type { Fields, NodeClient, UploadedFile } from '../node-client.ts';
import { giveBack, handOver, isStreamed, lookAt, type OutgoingFile, propose } from '../outgoing-files.ts';
import { Progress } from '../progress.ts';

const DEFAULT_WAIT = '60s';

interface SendOptions {
  to?: string[];
  type: string;
  number: string;
  notation: string;
  subject: string;
  from?: string;
  date?: string;
  place?: string;
  signer?: string;
  position?: string;
  urgency?: string;
  due?: string;
  classification?: string;
  circular?: boolean;
  key?: string;
  allowMissing?: boolean;
  wait?: boolean;
  timeout?: string;
}

export function addSend(program: Command, cli: Cli): void {
  subcommand(program, cli, 'send <file...>', 'send')
    .option('--to <codes...>', cli.text('option.to'))
    .requiredOption('--type <type>', cli.text('option.type'))
    .requiredOption('--number <number>', cli.text('option.number'))
    .requiredOption('--notation <notation>', cli.text('option.notation'))
    .requiredOption('--subject <text>', cli.text('option.subject'))
    .option('--from <unit>', cli.text('option.fromUnit'))
    .option('--date <day>', cli.text('option.date'))
    .option('--place <text>', cli.text('option.place'))
    .option('--signer <name>', cli.text('option.signer'))
    .option('--position <text>', cli.text('option.position'))
    .option('--urgency <degree>', cli.text('option.urgency'))
    .option('--due <day>', cli.text('option.due'))
    .option('--classification <degree>', cli.text('option.classification'))
    .option('--circular', cli.text('option.circular'))
    .option('--key <key>', cli.text('option.key'))
    .option('--allow-missing', cli.text('option.allowMissing'))
    .option('--wait', cli.text('option.wait'))
    .option('--timeout <time>', cli.text('option.timeout'))
    .action((paths: string[], options: SendOptions) => send(cli, paths, options));
}

async function send(cli: Cli, paths: string[], options: SendOptions): Promise<void> {
  const fields = fieldsOf(options);
  const timeoutMs = parseDurationMs(options.timeout ?? DEFAULT_WAIT, '--timeout');
  const files = await lookAt(paths);
  const node = await cli.node();
  const answer = (await askFirst(cli, node, fields, files)) ?? (await handIn(cli, node, fields, files));

  const document = `${options.type} ${options.number}/${options.notation}`;
  cli.say(answer.repeated ? 'send.repeated' : 'send.queued', { id: answer.id, document });
  for (const code of answer.missing ?? []) cli.note(cli.text('send.missing', { code }));
  if (options.wait) {
    const followed = await follow(cli, node, answer, timeoutMs).catch((error) => {
      if (cli.io.signal.aborted) cli.note(cli.text('send.staysQueued', { id: answer.id }));
      throw error;
    });
    cli.result({ ...answer, ...followed });
    finish(cli, followed, timeoutMs);
    return;
  }
  for (const delivery of answer.deliveries) printOutcome(cli, delivery);
  cli.say('send.next', { id: answer.id });
  cli.result(answer);
}

function fieldsOf(options: SendOptions): Fields {
  const { signer, position, urgency, classification } = options;
  return {
    to: parseRecipients(options.to ?? []),
    from: options.from === undefined ? undefined : parseUnitCode(options.from),
    type: options.type.normalize('NFC'),
    number: options.number,
    notation: options.notation.normalize('NFC'),
    subject: options.subject.normalize('NFC'),
    date: parseOptionalDay(options.date),
    place: options.place?.normalize('NFC'),
    signer:
      signer === undefined && position === undefined
        ? undefined
        : { name: signer?.normalize('NFC'), position: position?.normalize('NFC') },
    urgency:
      urgency === undefined
        ? undefined
        : parseChoice(
            urgency,
            URGENCIES.map((row) => row.option),
            '--urgency',
          ),
    due: options.due === undefined ? undefined : parseDue(options.due),
    classification:
      classification === undefined
        ? undefined
        : parseChoice(classification, CLASSIFICATIONS, '--classification'),
    circular: options.circular,
    allowMissing: options.allowMissing,
    system: 'cli',
    key: options.key,
  };
}

/** Large files are only handed over when nothing stands in the way; what was sent before is answered without them. */
async function askFirst(
  cli: Cli,
  node: NodeClient,
  fields: Fields,
  files: OutgoingFile[],
): Promise<SubmitAnswer | undefined> {
  if (!files.some(isStreamed)) return undefined;
  const { answer } = await node.validate(fields, await propose(files, cli.io.signal));
  return answer ?? undefined;
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
  let progress: Progress | undefined;
  let current: OutgoingFile | undefined;
  try {
    return await handOver(files, node, (file, sentBytes) => {
      if (file !== current) {
        progress?.end();
        progress = new Progress(cli, file.name, file.size);
        current = file;
      }
      progress?.update(sentBytes);
    });
  } finally {
    progress?.end();
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
