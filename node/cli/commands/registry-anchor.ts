/**
 * `registry anchor …`: CAs of others whose seals may count. Listing one is a decision about trust: the admin compares the
 * certificate's fingerprint with what its CA published, and says it (`--fingerprint`) or agrees at the terminal.
 */
import type { Command } from 'commander';
import { type Certificate, readCertificates } from '../../../certs/certificate.ts';
import { CertsError } from '../../../certs/errors.ts';
import { groupFingerprint, parseFingerprint } from '../../../certs/fingerprint.ts';
import type { Bytes } from '../../core/bytes.ts';
import { isoTime } from '../../core/dates.ts';
import { LienthongError } from '../../core/errors.ts';
import type { AnchorItem } from '../../core/node-views.ts';
import { MAX_CERTIFICATE_FILE_BYTES, MAX_LIST_FILE_BYTES } from '../../gateway/http/limits.ts';
import { timeText } from '../amounts.ts';
import type { Cli } from '../cli.ts';
import { wordText } from '../faults.ts';
import { subcommand } from '../help.ts';
import { printSheet } from '../sheet.ts';
import { readNamedFile } from '../small-file.ts';

interface AddOptions {
  name?: string;
  fingerprint?: string;
  intermediate?: string[];
  crl?: string[];
}

export function addRegistryAnchor(group: Command, cli: Cli): void {
  const anchor = subcommand(group, cli, 'anchor', 'registry.anchor');
  subcommand(anchor, cli, 'add <certificate>', 'registry.anchor.add')
    .option('--fingerprint <fingerprint>', cli.text('option.anchorFingerprint'))
    .option('--name <text>', cli.text('option.anchorName'))
    .option('--intermediate <file...>', cli.text('option.intermediate'))
    .option('--crl <file...>', cli.text('option.crl'))
    .action((path: string, options: AddOptions) => add(cli, path, options));
  subcommand(anchor, cli, 'list', 'registry.anchor.list').action(async () => {
    const items = await cli.registry((registry) => registry.anchors());
    cli.result(items);
    if (items.length === 0) cli.say('anchor.none');
    for (const item of items) describe(cli, item);
  });
  // as read aloud a fingerprint is 16 groups: typed so, they arrive as 16 arguments
  subcommand(anchor, cli, 'remove <fingerprint...>', 'registry.anchor.remove').action(
    async (groups: string[]) => {
      const fingerprint = fingerprintOf(cli, groups.join(' '));
      const answer = await cli.registry((registry) => registry.removeAnchor(fingerprint));
      cli.result(answer);
      cli.say('anchor.removed', { seals: answer.seals });
    },
  );
  subcommand(anchor, cli, 'crl <fingerprint> <file>', 'registry.anchor.crl').action(
    async (text: string, path: string) => {
      const fingerprint = fingerprintOf(cli, text);
      const list = await readNamedFile(path, MAX_LIST_FILE_BYTES);
      const item = await cli.registry((registry) => registry.refreshAnchor(fingerprint, list));
      cli.result(item);
      describe(cli, item);
    },
  );
}

async function add(cli: Cli, path: string, options: AddOptions): Promise<void> {
  const files = (paths: readonly string[] | undefined, maxBytes: number) =>
    Promise.all((paths ?? []).map((one) => readNamedFile(one, maxBytes)));
  const certificates = await readNamedFile(path, MAX_CERTIFICATE_FILE_BYTES);
  const intermediates = await files(options.intermediate, MAX_CERTIFICATE_FILE_BYTES);
  const crls = await files(options.crl, MAX_LIST_FILE_BYTES);
  const { sha256, subject, notAfterMs } = firstOf(certificates);
  printSheet(cli, [
    [cli.text('label.certificateOf'), subject],
    [cli.text('label.notAfter'), timeText(isoTime(notAfterMs))],
    [cli.text('label.certificateFingerprint'), groupFingerprint(sha256)],
  ]);
  const given = options.fingerprint === undefined ? undefined : fingerprintOf(cli, options.fingerprint);
  if (given === undefined && !(await isAgreed(cli))) {
    cli.say('recover.declined');
    return;
  }
  const { name } = options;
  const anchor = { certificates, intermediates, crls, name, fingerprint: given ?? sha256 };
  const item = await cli.registry((registry) => registry.addAnchor(anchor));
  cli.result(item);
  cli.say('anchor.added', { name: item.name });
  if (item.lists.length === 0) cli.note(cli.text('anchor.noList', { fingerprint: item.fingerprint }));
}

function describe(cli: Cli, item: AnchorItem): void {
  const word = (state: string) => wordText(cli.language, 'certificate', state);
  printSheet(cli, [
    [cli.text('label.name'), item.name],
    [cli.text('label.certificateOf'), item.subject],
    [cli.text('label.notAfter'), `${timeText(item.notAfter)} (${word(item.state)})`],
    [cli.text('label.certificateFingerprint'), groupFingerprint(item.fingerprint)],
    ...item.intermediates.map(({ subject, notAfter }): [string, string] => [
      cli.text('label.certificateBelow'),
      `${subject}, ${timeText(notAfter)}`,
    ]),
    ...item.lists.map(({ issuer, until, state, revoked }): [string, string] => [
      cli.text('label.crl'),
      cli.text('anchor.crl', {
        until: timeText(until),
        state: word(state),
        revoked,
        issuer: issuer.slice(0, 16),
      }),
    ]),
    ...item.seals.map(({ agency, unit, subtree, subject }): [string, string] => [
      cli.text('label.seal'),
      `${agency}: ${unit}${subtree ? '…' : ''}  ${subject}`,
    ]),
  ]);
}

function firstOf(file: Bytes): Certificate {
  try {
    return readCertificates(file)[0]!;
  } catch (cause) {
    if (!(cause instanceof CertsError)) throw cause;
    throw new LienthongError('certificate-refused', { reason: 'malformed' }, { cause });
  }
}

function fingerprintOf(cli: Cli, text: string): string {
  const found = parseFingerprint(text);
  if (found === undefined)
    throw new LienthongError('usage', { reason: cli.text('usage.fingerprint'), field: '<fingerprint>' });
  return found;
}

/** Throws 'usage' where nobody can be asked. */
async function isAgreed(cli: Cli): Promise<boolean> {
  if (cli.json || cli.io.ask === undefined)
    throw new LienthongError('usage', { reason: cli.text('anchor.unasked'), field: '--fingerprint' });
  const answer = await cli.io.ask(cli.text('anchor.ask'));
  return [cli.text('recover.yes'), 'yes', 'có'].includes(answer.normalize('NFC').trim().toLowerCase());
}
