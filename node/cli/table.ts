/**
 * Tables without borders: headings, columns two blanks apart, numbers to the right. On a terminal one column gives way
 * (it is wrapped); in a pipe nothing is cut or coloured. cli-table3 is loaded only here.
 */
import type { Cli } from './cli.ts';
import { printable, width, wrap } from './terminal.ts';

export interface Column<T> {
  heading: string;
  /** A cell's text, and how to colour it. */
  cell: (row: T) => string;
  colour?: (row: T, text: string) => string;
  align?: 'left' | 'right';
  /** The column that is wrapped when the terminal is narrow. */
  flexible?: boolean;
}

const GAP = 2;
const MIN_FLEXIBLE = 12;
const MAX_LINES = 3;
const INDENT = '    ';
const NO_BORDER = Object.fromEntries(
  ['top', 'bottom', 'left', 'right'].flatMap((side) => [
    [side, ''],
    [`${side}-mid`, ''],
    [`${side}-left`, ''],
    [`${side}-right`, ''],
  ]),
);

/** With `below`, each row is followed by that text, indented and wrapped: for what no column has room for. */
export async function printTable<T>(
  cli: Cli,
  columns: readonly Column<T>[],
  rows: readonly T[],
  below?: (row: T) => string,
): Promise<void> {
  if (cli.json) return;
  const { default: Table } = await import('cli-table3');
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const flexible = columns.findIndex((column) => column.flexible);
  const room = roomFor(cli, columns, cells, flexible);
  const table = new Table({
    head: columns.map((column) => cli.paint('bold', column.heading)),
    chars: { ...NO_BORDER, mid: '', 'mid-mid': '', middle: ' '.repeat(GAP) },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  cells.forEach((texts, index) => {
    const row = rows[index]!;
    table.push(
      texts.map((text, at) => {
        const lines = at === flexible && room !== undefined ? wrap(text, room, MAX_LINES) : [text];
        const { colour } = columns[at]!;
        return lines.map((line) => (colour && cli.colours ? colour(row, line) : line)).join('\n');
      }),
    );
  });
  const lines = table.toString().split('\n');
  const shown =
    below === undefined
      ? lines
      : lines.flatMap((line, at) => [line, ...linesBelow(cli, rows[at - 1], below)]);
  cli.print(shown.map((line) => line.trimEnd()).join('\n'));
}

function linesBelow<T>(cli: Cli, row: T | undefined, below: (row: T) => string): string[] {
  if (row === undefined) return [];
  const lines = wrap(printable(below(row)), cli.io.out.columns() - INDENT.length, MAX_LINES);
  return lines.map((line) => INDENT + line);
}

/** Columns left for the flexible one on a terminal; undefined when all fits or nobody looks. */
function roomFor<T>(
  cli: Cli,
  columns: readonly Column<T>[],
  cells: readonly string[][],
  flexible: number,
): number | undefined {
  if (!cli.io.out.isTTY || flexible < 0) return undefined;
  const widest = columns.map((column, at) =>
    Math.max(width(column.heading), ...cells.map((texts) => width(texts[at]!))),
  );
  const others = widest.reduce((sum, columnWidth, at) => (at === flexible ? sum : sum + columnWidth), 0);
  const left = cli.io.out.columns() - others - GAP * (columns.length - 1);
  return Math.max(MIN_FLEXIBLE, left);
}
