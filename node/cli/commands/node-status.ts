/** `node status`: what is up, what waits, and what someone should do something about. */
import type { Command } from 'commander';
import { bytesText } from '../../core/byte-text.ts';
import type { NodeStatus, SearchView } from '../../core/node-views.ts';
import { durationText, timeText } from '../amounts.ts';
import type { Cli } from '../cli.ts';
import { clockCountsText } from '../clock-tables.ts';
import { faultText, wordText } from '../faults.ts';
import { subcommand } from '../help.ts';
import { printHeading, printSheet } from '../sheet.ts';
import { printTable } from '../table.ts';
import { queueText, warningsOf } from '../warnings.ts';

export function addNodeStatus(group: Command, cli: Cli): void {
  subcommand(group, cli, 'status', 'node.status').action(async () => {
    const status = await (await cli.node()).status();
    cli.result({ ...status, warnings: warningsOf(cli, status) });
    if (!cli.json) await printStatus(cli, status);
  });
}

async function printStatus(cli: Cli, status: NodeStatus): Promise<void> {
  const { language } = cli;
  const { directory, peers, counts } = status;
  printSheet(cli, [
    [cli.text('label.agency'), `${status.agencyName} (${status.agency})`],
    [
      cli.text('label.state'),
      cli.text('status.up', { since: durationText(status.uptimeSeconds * 1000, language) }),
    ],
    ['PeerId', status.peerId],
    [cli.text('label.listening'), status.listening.join(', ')],
    [cli.text('label.version'), status.version],
    [
      cli.text('label.directory'),
      `${cli.text('directory.version', { version: directory.version })}, ${wordText(language, 'directoryState', directory.state)}`,
    ],
    [
      cli.text('label.peers'),
      cli.text('status.peers', {
        count: peers.connected,
        registry: cli.text(peers.registry ? 'word.yes' : 'word.no'),
      }),
    ],
    [cli.text('label.seal'), sealText(cli, status)],
    [cli.text('label.documents'), cli.text('status.counts', counts)],
    [cli.text('label.clocks'), clockCountsText(cli, status)],
    ...(status.search ? [searchRow(cli, status.search)] : []),
    [cli.text('label.disk'), cli.text('status.free', { free: bytesText(status.disk.freeBytes, language) })],
  ]);
  await printCertificates(cli, status);
  if (status.queues.length > 0) await printQueues(cli, status);
  const warnings = warningsOf(cli, status);
  if (warnings.length > 0) printHeading(cli, cli.text('label.warnings'));
  for (const warning of warnings) cli.print(`${cli.paint('yellow', '!')} ${warning}`);
}

/** Undefined leaves the line out: a seal in a file is where everything else is. */
function sealText(cli: Cli, { seal }: NodeStatus): string | undefined {
  if (seal.custody === 'file') return undefined;
  const { module, label, fault } = seal;
  return cli.text(fault === null ? 'seal.inToken' : 'seal.inTokenNotReady', { module, label });
}

function searchRow(cli: Cli, { state, documents, total }: SearchView): [string, string] {
  const text = state === 'building' && total !== null ? 'status.searchBuilding' : 'status.search';
  const word = wordText(cli.language, 'search', state);
  return [cli.text('label.search'), cli.text(text, { word, documents, total: total ?? 0 })];
}

async function printCertificates(cli: Cli, { certificates }: NodeStatus): Promise<void> {
  printHeading(cli, cli.text('label.certificates'));
  await printTable(
    cli,
    [
      { heading: cli.text('label.role'), cell: (one) => wordText(cli.language, 'role', one.role) },
      { heading: cli.text('label.notAfter'), cell: (one) => timeText(one.notAfter) },
      {
        heading: cli.text('label.state'),
        cell: (one) => wordText(cli.language, 'certificate', one.state ?? ''),
      },
      { heading: cli.text('label.serial'), cell: (one) => one.serial, flexible: true },
    ],
    certificates.filter(({ state }) => state !== 'replaced'),
  );
}

async function printQueues(cli: Cli, { queues }: NodeStatus): Promise<void> {
  printHeading(cli, cli.text('label.queues'));
  await printTable(
    cli,
    [
      { heading: cli.text('label.agency'), cell: (one) => queueText(cli, one) },
      { heading: cli.text('label.waiting'), cell: (one) => String(one.waiting), align: 'right' },
      { heading: cli.text('label.oldest'), cell: (one) => timeText(one.oldestAt) },
      { heading: cli.text('label.nextAttempt'), cell: (one) => timeText(one.nextAttemptAt) },
      {
        heading: cli.text('label.lastError'),
        cell: (one) => (one.lastError ? faultText(cli.language, one.lastError) : ''),
        flexible: true,
      },
    ],
    queues,
  );
}
