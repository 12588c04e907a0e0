/** The law's clocks as tables: who has not taken a document since when, who is late, and the limits of one document. */
import type { ClockView } from '../core/clock-views.ts';
import type { NodeStatus } from '../core/node-views.ts';
import type { DeliveryView, DocumentItem, ListQuery } from '../core/views.ts';
import { dueText, durationText, timeText } from './amounts.ts';
import type { Cli } from './cli.ts';
import { STATE_STYLE } from './deliveries.ts';
import { printHeading } from './sheet.ts';
import { type Column, printTable } from './table.ts';

/** A row for each recipient, or unit here, that is meant. */
export async function printClockRows(
  cli: Cli,
  { overdue }: Pick<ListQuery, 'overdue'>,
  items: readonly DocumentItem[],
  idLength: number,
): Promise<void> {
  const start = <T extends { item: DocumentItem; unit: string }>(): Column<T>[] => [
    { heading: cli.text('label.id'), cell: ({ item }) => item.id.slice(0, idLength) },
    {
      heading: cli.text('label.number'),
      cell: ({ item }) => [item.number, item.notation].filter(Boolean).join('/'),
    },
    { heading: cli.text('label.from'), cell: ({ item }) => item.from },
    { heading: cli.text('label.to'), cell: ({ unit }) => unit },
  ];
  const subject = <T extends { item: DocumentItem }>(): Column<T> => ({
    heading: cli.text('label.subject'),
    cell: ({ item }) => item.subject,
    flexible: true,
  });
  if (overdue) {
    const rows = items.flatMap((item) => (item.clocks?.overdue ?? []).map((one) => ({ ...one, item })));
    await printTable(
      cli,
      [
        ...start<(typeof rows)[number]>(),
        { heading: cli.text('label.due'), cell: ({ due }) => dueText(due) },
        {
          heading: cli.text('label.lateDays'),
          cell: ({ lateWorkingDays }) => String(lateWorkingDays),
          align: 'right',
          colour: (_, text) => cli.paint('red', text),
        },
        subject(),
      ],
      rows,
    );
    return;
  }
  const rows = items.flatMap((item) => (item.clocks?.waiting ?? []).map((one) => ({ ...one, item })));
  await printTable(
    cli,
    [
      ...start<(typeof rows)[number]>(),
      { heading: cli.text('label.since'), cell: ({ since }) => timeText(since) },
      {
        heading: cli.text('label.workingDays'),
        cell: ({ workingDays }) => String(workingDays),
        align: 'right',
      },
      {
        heading: cli.text('label.state'),
        cell: ({ state }) => cli.text(`state.${state}`),
        colour: ({ state }, text) => cli.paint(STATE_STYLE[state], text),
      },
      subject(),
    ],
    rows,
  );
}

/** Of `show`: the limits of each delivery, and whether they were kept. */
export async function printClocks(cli: Cli, deliveries: readonly DeliveryView[]): Promise<void> {
  const rows = deliveries.flatMap(({ to, clocks }) => (clocks === undefined ? [] : { to, clocks }));
  if (rows.length === 0) return;
  printHeading(cli, cli.text('label.clocks'));
  type Row = (typeof rows)[number];
  const column = (heading: string, of: (row: Row) => ClockView | null, until: (row: Row) => string) => ({
    heading,
    cell: (row: Row) => clockText(cli, of(row), until(row)),
    colour: (row: Row, text: string) => (of(row)?.state === 'breached' ? cli.paint('red', text) : text),
  });
  const text = cli.text.bind(cli);
  await printTable(
    cli,
    [
      { heading: text('label.to'), cell: ({ to }: Row) => to },
      ...(rows.some(({ clocks }) => clocks.sendBy !== null)
        ? [
            column(
              text('label.sendBy'),
              ({ clocks }) => clocks.sendBy,
              ({ clocks }) => timeText(clocks.sendBy?.until),
            ),
          ]
        : []),
      column(
        text('label.confirmBy'),
        ({ clocks }) => clocks.confirmBy,
        ({ clocks }) => timeText(clocks.confirmBy?.until),
      ),
      { heading: text('label.takenAt'), cell: ({ clocks }: Row) => timeText(clocks.takenAt) },
      column(
        text('label.due'),
        ({ clocks }) => clocks.due,
        ({ clocks }) => dueText(clocks.due?.due ?? ''),
      ),
    ],
    rows,
  );
}

function clockText(cli: Cli, clock: ClockView | null, until: string): string {
  if (clock === null) return '';
  if (clock.state !== 'breached') return cli.text(`clock.${clock.state}`, { until });
  return cli.text('clock.late', { until, late: durationText(clock.lateMs, cli.language) });
}

/** Of `node status`; undefined for a node that counts none. */
export function clockCountsText(cli: Cli, { clocks }: NodeStatus): string | undefined {
  if (clocks === undefined) return undefined;
  if (clocks === null) return cli.text('status.clocksUnknown');
  const { overdue, waiting, breaches } = clocks;
  return cli.text('status.clocks', {
    overdueIn: overdue.inbox,
    overdueOut: overdue.outbox,
    waitingIn: waiting.inbox,
    waitingOut: waiting.outbox,
    days: breaches.days,
    sent: breaches.sent,
    here: breaches.confirmedHere,
    others: breaches.confirmedByOthers,
  });
}
