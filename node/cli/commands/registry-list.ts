/** `registry list [--certificates]`: every agency, its seats, and the certificates it holds. */
import type { Command } from 'commander';
import { groupFingerprint } from '../../../certs/fingerprint.ts';
import type { AnchorItem } from '../../core/node-views.ts';
import type { RegistryAgency, SealRequestItem } from '../../gateway/http/services.ts';
import { timeText } from '../amounts.ts';
import type { Cli } from '../cli.ts';
import { wordText } from '../faults.ts';
import { subcommand } from '../help.ts';
import { printHeading } from '../sheet.ts';
import { printTable } from '../table.ts';

/** State of the item that stands for the registry itself. */
const REGISTRY = 'registry';
/** CAs make new lists daily or weekly: with so little left the next one should be here. */
const LIST_SOON_MS = 3 * 86_400_000;

export function addRegistryList(group: Command, cli: Cli): void {
  subcommand(group, cli, 'list', 'registry.list')
    .option('--certificates', cli.text('option.certificates'))
    .action(async ({ certificates = false }: { certificates?: boolean }) => {
      const { agencies, status, anchors } = await cli.registry(async (registry) => ({
        agencies: await registry.list({ certificates }),
        status: cli.json ? undefined : await registry.status(),
        anchors: cli.json ? [] : await registry.anchors(),
      }));
      cli.result(agencies);
      if (status === undefined) return;
      await printTable(
        cli,
        [
          { heading: cli.text('label.code'), cell: (one) => one.code },
          { heading: cli.text('label.name'), cell: (one) => one.name, flexible: true },
          { heading: cli.text('label.state'), cell: (one) => wordText(cli.language, 'agency', one.state) },
          { heading: cli.text('label.seats'), cell: (one) => String(one.seats), align: 'right' },
        ],
        agencies.filter(({ state }) => state !== REGISTRY),
      );
      if (certificates) await printCertificates(cli, agencies);
      printListsEnding(cli, anchors);
      if (status.sealRequests.length > 0) printHeading(cli, cli.text('registry.sealRequests'));
      for (const { agency, fingerprint, askedAt, certificate } of status.sealRequests) {
        cli.print(`${agency}  ${timeText(askedAt)}  ${groupFingerprint(fingerprint)}`);
        if (certificate !== undefined) printForeign(cli, certificate);
        cli.print(`  lienthong registry grant-seal ${agency} ${fingerprint}`);
      }
    });
}

/** Lists of foreign CAs that need a newer one: past its end everything below its issuer stops. */
function printListsEnding(cli: Cli, anchors: readonly AnchorItem[]): void {
  const nowMs = cli.io.clock.nowMs();
  for (const { name, fingerprint, lists } of anchors)
    for (const { until } of lists.filter((one) => Date.parse(one.until) - nowMs < LIST_SOON_MS))
      cli.print(
        `${cli.paint('yellow', '!')} ${cli.text('anchor.listEnds', { name, fingerprint, at: timeText(until) })}`,
      );
}

/** What another CA's certificate says, and what stands in the way of granting it. */
function printForeign(cli: Cli, { subject, issuer, notAfter, fault }: ForeignRequest): void {
  cli.print(`  ${cli.text('registry.foreignRequest', { subject, issuer, notAfter: timeText(notAfter) })}`);
  if (fault !== null) cli.print(`  ${cli.paint('yellow', '!')} ${wordText(cli.language, 'reason', fault)}`);
}

type ForeignRequest = NonNullable<SealRequestItem['certificate']>;
type Listed = NonNullable<RegistryAgency['certificates']>[number] & { code: string };

async function printCertificates(cli: Cli, agencies: readonly RegistryAgency[]): Promise<void> {
  const rows = agencies.flatMap(({ code, certificates = [] }): Listed[] =>
    certificates.map((one) => ({ code, ...one })),
  );
  printHeading(cli, cli.text('label.certificates'));
  await printTable(
    cli,
    [
      { heading: cli.text('label.code'), cell: (one) => one.code || cli.text('word.registry') },
      { heading: cli.text('label.role'), cell: (one) => wordText(cli.language, 'role', one.role) },
      { heading: cli.text('label.notAfter'), cell: (one) => timeText(one.notAfter) },
      {
        heading: cli.text('label.state'),
        cell: (one) => wordText(cli.language, 'certificate', one.state ?? ''),
      },
      { heading: cli.text('label.serial'), cell: (one) => one.serial, flexible: true },
    ],
    rows,
  );
  printEndingSoon(cli, rows);
}

/** What ends soon, each with what to do about it. */
function printEndingSoon(cli: Cli, rows: readonly Listed[]): void {
  const soon = rows.filter(
    ({ endsSoon, state }) => endsSoon === true || (state === 'expired' && endsSoon !== undefined),
  );
  if (soon.length === 0) return;
  printHeading(cli, cli.text('registry.endsSoon'));
  for (const { code, role, notAfter, fingerprint } of soon) {
    const name = wordText(cli.language, 'role', role);
    const values = { agency: code, name, at: timeText(notAfter), fingerprint };
    const ofOurs = code === '' ? 'registry.endsCa' : 'registry.endsSeat';
    // the federation's registry can't renew what its own CA didn't make
    const text = cli.text(fingerprint === undefined ? ofOurs : 'registry.endsForeign', values);
    cli.print(`${cli.paint('yellow', '!')} ${text}`);
  }
}
