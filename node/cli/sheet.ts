/** A readable sheet: a label in one column, its value beside it, wrapped to the terminal. Empty values are left out. */
import type { Cli } from './cli.ts';
import { printable, width, wrap } from './terminal.ts';

export type SheetRow = readonly [label: string, value: string | null | undefined];

const WIDEST_PLAIN = Number.POSITIVE_INFINITY;

export function printSheet(cli: Cli, rows: readonly SheetRow[]): void {
  const shown = rows.filter(
    (row): row is readonly [string, string] => row[1] !== null && row[1] !== undefined && row[1] !== '',
  );
  const labels = Math.max(0, ...shown.map(([label]) => width(label)));
  const room = cli.io.out.isTTY ? Math.max(20, cli.io.out.columns() - labels - 2) : WIDEST_PLAIN;
  for (const [label, value] of shown) {
    const padding = ' '.repeat(labels - width(label));
    wrap(printable(value), room).forEach((line, index) => {
      cli.print(
        index === 0 ? `${cli.paint('dim', label)}${padding}  ${line}` : `${' '.repeat(labels)}  ${line}`,
      );
    });
  }
}

export function printHeading(cli: Cli, text: string): void {
  cli.print(`\n${cli.paint('bold', text)}`);
}
