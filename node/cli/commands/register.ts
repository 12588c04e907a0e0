/** `register inbox|outbox`: the register of a year, page by page, as a table, CSV or one JSON value. */
import type { Command } from 'commander';
import { parseUnitCode } from '../../core/codes.ts';
import { LienthongError } from '../../core/errors.ts';
import type { RegisterPage, RegisterQuery } from '../../core/register-views.ts';
import { parseChoice, parseCount } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { CSV_START, csvRow } from '../csv.ts';
import { subcommand } from '../help.ts';
import type { NodeClient } from '../node-client.ts';
import { registerColumns } from '../register-columns.ts';
import { printTable } from '../table.ts';

const BOXES = ['inbox', 'outbox'] as const;
const PAGE = 200;
const LAST_YEAR = 9_999;

interface RegisterOptions {
  year?: string;
  unit?: string;
  csv?: boolean;
}

export function addRegister(program: Command, cli: Cli): void {
  subcommand(program, cli, 'register <box>', 'register')
    .option('--year <year>', cli.text('option.year'))
    .option('--unit <code>', cli.text('option.registerUnit'))
    .option('--csv', cli.text('option.csv'))
    .action((box: string, options: RegisterOptions) => register(cli, box, options));
}

async function register(cli: Cli, box: string, { year, unit, csv }: RegisterOptions): Promise<void> {
  if (csv && cli.json)
    throw new LienthongError('usage', { reason: cli.text('usage.csvOrJson'), field: '--csv, --json' });
  const query: RegisterQuery = {
    box: parseChoice(box, BOXES, '<box>'),
    year: year === undefined ? undefined : parseCount(year, LAST_YEAR, '--year'),
    unit: unit === undefined ? undefined : parseUnitCode(unit),
    limit: PAGE,
  };
  const print = cli.json ? printJson : csv ? printCsv : printPages;
  await print(cli, query.box, pagesOf(await cli.node(), query));
}

/** One page at a time, at least one. */
async function* pagesOf(node: NodeClient, query: RegisterQuery): AsyncGenerator<RegisterPage> {
  let cursor: string | null = null;
  do {
    const page = await node.register({ ...query, ...(cursor !== null && { cursor }) });
    // the year that was meant first stays, also over New Year
    query.year = page.year;
    yield page;
    cursor = page.cursor;
  } while (cursor !== null);
}

type Pages = AsyncIterable<RegisterPage>;

async function printPages(cli: Cli, box: RegisterQuery['box'], pages: Pages): Promise<void> {
  const columns = registerColumns(cli, box, { whole: false });
  let year = 0;
  let count = 0;
  for await (const page of pages) {
    year = page.year;
    if (count === 0 && page.items.length > 0)
      cli.say(box === 'inbox' ? 'register.inbox' : 'register.outbox', { year, unit: page.unit });
    count += page.items.length;
    if (page.items.length > 0) await printTable(cli, columns, page.items);
  }
  cli.say(count === 0 ? 'register.empty' : 'register.count', { year, count });
}

async function printCsv(cli: Cli, box: RegisterQuery['box'], pages: Pages): Promise<void> {
  const columns = registerColumns(cli, box, { whole: true });
  let isStarted = false;
  for await (const { items } of pages) {
    if (!isStarted) cli.io.out.write(CSV_START + csvRow(columns.map(({ heading }) => heading)));
    isStarted = true;
    for (const row of items) cli.io.out.write(csvRow(columns.map(({ cell }) => cell(row))));
  }
}

/** One value, written as it comes. */
async function printJson(cli: Cli, _box: RegisterQuery['box'], pages: Pages): Promise<void> {
  let separator = '';
  for await (const { items, cursor: _, ...head } of pages) {
    if (separator === '') cli.io.out.write(`${JSON.stringify(head).slice(0, -1)},"items":[`);
    separator ||= '\n';
    for (const row of items) {
      cli.io.out.write(`${separator}${JSON.stringify(row)}`);
      separator = ',\n';
    }
  }
  cli.io.out.write(']}\n');
}
