/** What became of a recall at each recipient, as a table. */
import type { RecallAnswer } from '../core/status-views.ts';
import type { Cli } from './cli.ts';
import { wordText } from './faults.ts';
import { printTable } from './table.ts';
import type { Style } from './terminal.ts';

const STYLE: Readonly<Record<RecallAnswer['outcome'], Style>> = {
  cancelled: 'green',
  settled: 'green',
  requested: 'yellow',
  waiting: 'yellow',
  repeated: 'yellow',
  declined: 'red',
  finished: 'red',
};

export const printRecall = (cli: Cli, answers: readonly RecallAnswer[]): Promise<void> =>
  printTable(
    cli,
    [
      { heading: cli.text('label.to'), cell: ({ to }) => to },
      {
        heading: cli.text('label.outcome'),
        cell: ({ outcome }) => wordText(cli.language, 'recallOutcome', outcome),
        colour: ({ outcome }, text) => cli.paint(STYLE[outcome], text),
        flexible: true,
      },
    ],
    answers,
  );
