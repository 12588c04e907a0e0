/** `directory list` and `directory show CODE`: who is who, as this node's verified directory says. */
import type { Command } from 'commander';
import { parseUnitCode } from '../../core/codes.ts';
import type { DirectoryDetail, DirectoryItem } from '../../core/node-views.ts';
import { timeText } from '../amounts.ts';
import type { Cli } from '../cli.ts';
import { wordText } from '../faults.ts';
import { subcommand } from '../help.ts';
import { printHeading, printSheet } from '../sheet.ts';
import { printTable } from '../table.ts';

export function addDirectoryCommands(program: Command, cli: Cli): void {
  const group = subcommand(program, cli, 'directory', 'directory');
  subcommand(group, cli, 'list', 'directory.list').action(async () => {
    const items = await (await cli.node()).directory();
    cli.result(items);
    await printTable(
      cli,
      [
        { heading: cli.text('label.code'), cell: (item) => item.code },
        { heading: cli.text('label.legacyCode'), cell: (item) => item.legacyCode ?? '' },
        { heading: cli.text('label.name'), cell: (item) => item.name, flexible: true },
        { heading: cli.text('label.state'), cell: (item) => stateText(cli, item) },
        { heading: cli.text('label.seats'), cell: (item) => String(item.seats), align: 'right' },
      ],
      items,
    );
    cli.print('');
    cli.say('directory.count', {
      count: items.length,
      withNode: items.filter((item) => item.seats > 0).length,
    });
  });
  subcommand(group, cli, 'show <code>', 'directory.show').action(async (code: string) => {
    const entry = await (await cli.node()).directoryEntry(parseUnitCode(code));
    cli.result(entry);
    if (!cli.json) await printEntry(cli, entry);
  });
}

const stateText = (cli: Cli, item: DirectoryItem): string =>
  wordText(cli.language, 'agency', item.state) + (item.mergedInto ? ` → ${item.mergedInto}` : '');

async function printEntry(cli: Cli, entry: DirectoryDetail): Promise<void> {
  printSheet(cli, [
    [cli.text('label.code'), entry.code],
    [cli.text('label.legacyCode'), entry.legacyCode],
    [cli.text('label.name'), entry.name],
    [cli.text('label.state'), stateText(cli, entry)],
    [cli.text('label.note'), entry.provisional ? cli.text('directory.provisional') : null],
  ]);
  if (entry.seatList.length === 0) cli.say('directory.noNode', { code: entry.code });
  for (const seat of entry.seatList) {
    printHeading(cli, cli.text('directory.seat', { seat: seat.seat }));
    printSheet(cli, [
      ['PeerId', seat.peerIds.join(', ')],
      [cli.text('label.addresses'), seat.addresses.join(', ')],
    ]);
  }
  if (entry.certificates.length > 0) {
    printHeading(cli, cli.text('label.certificates'));
    await printTable(
      cli,
      [
        { heading: cli.text('label.role'), cell: (one) => wordText(cli.language, 'role', one.role) },
        { heading: cli.text('label.serial'), cell: (one) => one.serial },
        { heading: cli.text('label.notAfter'), cell: (one) => timeText(one.notAfter) },
        {
          heading: cli.text('label.state'),
          cell: (one) => wordText(cli.language, 'certificate', one.state ?? ''),
        },
      ],
      entry.certificates,
    );
  }
  if (entry.units.length > 0) {
    printHeading(cli, cli.text('label.units'));
    await printTable(
      cli,
      [
        { heading: cli.text('label.code'), cell: (unit) => unit.code },
        { heading: cli.text('label.name'), cell: (unit) => unit.name, flexible: true },
        { heading: cli.text('label.seat'), cell: (unit) => unit.seat },
      ],
      entry.units,
    );
  }
}
