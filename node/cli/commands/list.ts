/** `list inbox|outbox`: a table for clerks, newest first, filtered, page by page. */
import type { Command } from 'commander';
import { parseUnitCode } from '../../core/codes.ts';
import { LienthongError } from '../../core/errors.ts';
import { TRANSPORT_STATES } from '../../core/transport.ts';
import { URGENCIES } from '../../core/urgency.ts';
import type { DocumentItem, ListQuery, Page } from '../../core/views.ts';
import { dayText } from '../amounts.ts';
import { parseChoice, parseCount, parseOptionalDay } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printClockRows } from '../clock-tables.ts';
import { STATE_STYLE } from '../deliveries.ts';
import { subcommand } from '../help.ts';
import type { NodeClient } from '../node-client.ts';
import { statusText } from '../status-text.ts';
import { type Column, printTable } from '../table.ts';

const MAX_LIMIT = 500;
const DEFAULT_LIMIT = 50;
/** A UUIDv7's first characters are its time: fewer are the same for all of one minute. */
const MIN_ID = 13;
const BOXES = ['inbox', 'outbox'] as const;
const STATUSES = ['01', '02', '03', '04', '05', '06', '13', '15', '16'] as const;
/** On a narrower terminal the subject gets lines of its own. */
const ROOMY_COLUMNS = 120;
/** Recipients named in a row before the rest is counted. */
const SHOWN_RECIPIENTS = 3;

type ListOptions = Partial<
  Record<'from' | 'to' | 'state' | 'status' | 'since' | 'until' | 'text' | 'limit' | 'cursor', string>
> & { waiting?: boolean; overdue?: boolean };

export function addList(program: Command, cli: Cli): void {
  subcommand(program, cli, 'list <box>', 'list')
    .option('--from <code>', cli.text('option.from'))
    .option('--to <code>', cli.text('option.toCode'))
    .option('--state <state>', cli.text('option.state'))
    .option('--status <status>', cli.text('option.status'))
    .option('--since <day>', cli.text('option.since'))
    .option('--until <day>', cli.text('option.until'))
    .option('--text <words>', cli.text('option.text'))
    .option('--waiting', cli.text('option.waiting'))
    .option('--overdue', cli.text('option.overdue'))
    .option('--limit <n>', cli.text('option.limit'))
    .option('--cursor <cursor>', cli.text('option.cursor'))
    .action((box: string, options: ListOptions) => list(cli, box, options));
}

async function list(cli: Cli, box: string, options: ListOptions): Promise<void> {
  const query: ListQuery = {
    box: parseChoice(box, BOXES, '<box>'),
    from: options.from === undefined ? undefined : parseUnitCode(options.from),
    to: options.to === undefined ? undefined : parseUnitCode(options.to),
    state: options.state === undefined ? undefined : parseChoice(options.state, TRANSPORT_STATES, '--state'),
    status:
      options.status === undefined
        ? undefined
        : parseChoice(options.status.padStart(2, '0'), STATUSES, '--status'),
    since: parseOptionalDay(options.since),
    until: parseOptionalDay(options.until),
    text: options.text?.normalize('NFC'),
    waiting: options.waiting,
    overdue: options.overdue,
    limit: options.limit === undefined ? DEFAULT_LIMIT : parseCount(options.limit, MAX_LIMIT, '--limit'),
    cursor: options.cursor,
  };
  if (options.cursor === '') throw new LienthongError('usage', { field: '--cursor' });
  const page = await firstWithItems(await cli.node(), query);
  cli.result(page);
  const { behindSeconds } = page;
  if (behindSeconds !== undefined) cli.note(cli.text('list.behind', { seconds: behindSeconds }));
  if (page.items.length === 0) {
    if (query.overdue) cli.say('list.nothingOverdue');
    else if (query.waiting) cli.say('list.nothingWaiting');
    else cli.say(query.box === 'inbox' ? 'list.emptyInbox' : 'list.emptyOutbox');
    return;
  }
  const columns = columnsOf(cli, query.box, page.items);
  if (query.waiting || query.overdue)
    await printClockRows(cli, query, page.items, idLengthOf(cli, page.items));
  else if (cli.io.out.isTTY && cli.io.out.columns() < ROOMY_COLUMNS)
    await printTable(
      cli,
      columns.filter((column) => !column.flexible),
      page.items,
      (item) => subjectText(cli, item),
    );
  else await printTable(cli, columns, page.items);
  if (page.cursor !== null) cli.say('list.more', { cursor: page.cursor });
}

/** A page that looked through its share of the store and found nothing isn't an answer: the search goes on. */
async function firstWithItems(node: NodeClient, query: ListQuery): Promise<Page<DocumentItem>> {
  for (let cursor = query.cursor; ; ) {
    const page = await node.list({ ...query, ...(cursor !== undefined && { cursor }) });
    if (page.items.length > 0 || page.cursor === null) return page;
    cursor = page.cursor;
  }
}

function columnsOf(cli: Cli, box: ListQuery['box'], items: readonly DocumentItem[]): Column<DocumentItem>[] {
  const idLength = idLengthOf(cli, items);
  const party: Column<DocumentItem> =
    box === 'inbox'
      ? { heading: cli.text('label.from'), cell: (item) => item.from }
      : { heading: cli.text('label.to'), cell: (item) => recipientsText(item.to) };
  return [
    { heading: cli.text('label.id'), cell: (item) => item.id.slice(0, idLength) },
    { heading: cli.text('label.date'), cell: (item) => dayText(item.date) },
    {
      heading: cli.text('label.number'),
      cell: (item) => [item.number, item.notation].filter(Boolean).join('/'),
    },
    party,
    { heading: cli.text('label.subject'), cell: (item) => subjectText(cli, item), flexible: true },
    {
      heading: cli.text('label.state'),
      cell: (item) => stateText(cli, item),
      colour: (item, text) => cli.paint(STATE_STYLE[item.state], text),
    },
    { heading: cli.text('label.files'), cell: (item) => String(item.attachments), align: 'right' },
  ];
}

function subjectText(cli: Cli, item: DocumentItem): string {
  const degree = URGENCIES.find((row) => row.option === item.urgency);
  const urgent = degree === undefined || degree.wire === 1 ? '' : `[${degree[cli.language]}] `;
  return `${urgent}${item.type}: ${item.subject}`;
}

function stateText(cli: Cli, item: DocumentItem): string {
  return item.status === null ? cli.text(`state.${item.state}`) : statusText(cli.language, item.status);
}

function recipientsText(to: readonly string[]): string {
  const more = to.length - SHOWN_RECIPIENTS;
  return to.slice(0, SHOWN_RECIPIENTS).join(', ') + (more > 0 ? ` +${more}` : '');
}

const idLengthOf = (cli: Cli, items: readonly DocumentItem[]): number =>
  cli.io.out.isTTY ? shortestUnique(items.map((item) => item.id)) : Number.POSITIVE_INFINITY;

/** Characters that tell all ids of a page apart. */
function shortestUnique(ids: readonly string[]): number {
  for (let length = MIN_ID; length < 36; length++)
    if (new Set(ids.map((id) => id.slice(0, length))).size === ids.length) return length;
  return 36;
}
