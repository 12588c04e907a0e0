/** What of a node's status someone should act on, each with what to do. Pure but for the clock handed in. */
import { bytesText } from '../core/byte-text.ts';
import { isErrorCode } from '../core/errors.ts';
import { errorText } from '../core/messages.ts';
import type { CertificateSummary, NodeStatus } from '../core/node-views.ts';
import { DATABASE_RESERVE_BYTES, DOCUMENT_RESERVE_BYTES, FILE_RESERVE_BYTES } from '../store/room-guard.ts';
import { durationText, timeText } from './amounts.ts';
import type { Cli } from './cli.ts';
import { wordText } from './faults.ts';

/** A node renews by itself eight months before the end: when so little is left it has been failing for half a year. */
const EXPIRY_WARNING_MS = 60 * 86_400_000;
/** Room for one large annex and the database's own needs. */
const LOW_DISK_BYTES = 2 * 1024 ** 3;
/** What lacks room first is told; the first that fits counts. */
const DISK_WARNINGS = [
  [DATABASE_RESERVE_BYTES, 'warning.diskFull'],
  [DOCUMENT_RESERVE_BYTES, 'warning.diskNoDocuments'],
  [FILE_RESERVE_BYTES, 'warning.diskNoFiles'],
  [LOW_DISK_BYTES, 'warning.diskLow'],
] as const;
/** Sent in the morning, still here after lunch: someone should look. */
const LONG_WAIT_MS = 4 * 3_600_000;

/** Seats named in one line. */
const MOST_NAMED = 10;

export function warningsOf(cli: Cli, status: NodeStatus): string[] {
  return [
    ...trust(cli, status),
    ...certificates(cli, status),
    ...token(cli, status),
    ...health(cli, status),
    ...limits(cli, status),
    ...losses(cli, status),
    ...search(cli, status),
    ...calendarGaps(cli, status),
  ];
}

function* search(cli: Cli, { search: index }: NodeStatus): Generator<string> {
  if (index?.state === 'unavailable') yield cli.text('warning.search', { reason: index.reason ?? '' });
}

function* calendarGaps(cli: Cli, { calendar }: NodeStatus): Generator<string> {
  for (const year of calendar?.unknownYears ?? []) yield cli.text('warning.calendarUnknown', { year });
  for (const year of calendar?.provisionalYears ?? [])
    yield cli.text('warning.calendarProvisional', { year });
}

function* trust(cli: Cli, { directory, peers }: NodeStatus): Generator<string> {
  const until = timeText(directory.validUntil);
  if (directory.state === 'stale') yield cli.text('warning.directoryStale', { until });
  if (directory.state === 'expired') yield cli.text('warning.directoryExpired', { until });
  if (directory.state === 'fork') yield cli.text('warning.directoryFork');
  if (directory.state === 'revoked') yield cli.text('warning.revoked');
  if (!peers.registry) yield cli.text('warning.noRegistry');
}

function* certificates(cli: Cli, status: NodeStatus): Generator<string> {
  const nowMs = cli.io.clock.nowMs();
  const { agency } = status;
  const inForce = new Set(
    status.certificates
      .filter(({ state, foreign }) => state === 'valid' && foreign === undefined)
      .map(({ role }) => role),
  );
  for (const certificate of status.certificates) {
    const { role, state, notAfter, foreign } = certificate;
    if (foreign !== undefined) {
      yield* foreignSeal(cli, certificate, foreign);
      continue;
    }
    const name = wordText(cli.language, 'role', role);
    // one that was replaced is nobody's concern, whatever became of it
    if (state === 'replaced' || (state !== 'valid' && inForce.has(role))) continue;
    if (state === 'not-granted') {
      const fingerprint = status.sealFingerprint;
      yield cli.text('warning.sealNotGranted', { agency, fingerprint });
    } else if (state === 'revoked') yield cli.text('warning.certificateRevoked', { name });
    else {
      const leftMs = Date.parse(notAfter) - nowMs;
      if (leftMs <= 0) yield cli.text('warning.certificateExpired', { name, agency, at: timeText(notAfter) });
      else if (leftMs < EXPIRY_WARNING_MS)
        yield cli.text('warning.certificateExpires', {
          name,
          agency,
          left: durationText(leftMs, cli.language),
        });
    }
  }
  if (!status.certificates.some(({ role }) => role === 'seal'))
    yield cli.text('warning.sealNotGranted', {
      agency: status.agency,
      fingerprint: status.sealFingerprint,
    });
}

/** Each stands for itself, whatever else counts: nobody but its own CA makes the next one. */
function* foreignSeal(
  cli: Cli,
  { state, notAfter }: CertificateSummary,
  { fingerprint, subject, issuer }: NonNullable<CertificateSummary['foreign']>,
): Generator<string> {
  if (state === 'replaced' || state === 'withdrawn') return;
  const leftMs = Date.parse(notAfter) - cli.io.clock.nowMs();
  const left = durationText(leftMs, cli.language);
  const values = { subject, issuer, fingerprint, at: timeText(notAfter), left };
  if (state === 'revoked') yield cli.text('warning.foreignSealRevoked', values);
  else if (state === 'list-ended') yield cli.text('warning.foreignListEnded', values);
  else if (state === 'expired' || leftMs <= 0) yield cli.text('warning.foreignSealExpired', values);
  else if (leftMs < EXPIRY_WARNING_MS) yield cli.text('warning.foreignSealExpires', values);
}

function* token(cli: Cli, { seal }: NodeStatus): Generator<string> {
  if (seal.custody !== 'token' || seal.fault === null) return;
  const { code, reason } = seal.fault;
  if (isErrorCode(code)) yield errorText(cli.language, { code, details: reason === '' ? {} : { reason } });
}

function* health(cli: Cli, { store, disk, queues }: NodeStatus): Generator<string> {
  if (store.state === 'read-only')
    yield cli.text('warning.readOnly', { problems: store.problems.join('; ') });
  const lack = DISK_WARNINGS.find(([below]) => disk.freeBytes < below);
  if (lack !== undefined) yield cli.text(lack[1], { free: bytesText(disk.freeBytes, cli.language) });
  const nowMs = cli.io.clock.nowMs();
  for (const queue of queues) {
    const { waiting, oldestAt } = queue;
    const agency = queueText(cli, queue);
    const waitedMs = oldestAt === null ? 0 : nowMs - Date.parse(oldestAt);
    if (waiting > 0 && waitedMs > LONG_WAIT_MS)
      yield cli.text('warning.longWait', { agency, waiting, since: durationText(waitedMs, cli.language) });
  }
}

/** Whose queue it is. */
export const queueText = (cli: Cli, { agency, own }: NodeStatus['queues'][number]): string =>
  own ? cli.text('status.ownQueue', { agency }) : agency;

/** Who is held back. */
function* limits(cli: Cli, { limited = [] }: NodeStatus): Generator<string> {
  for (const { agency, limit, most, refused, since, until } of limited)
    yield cli.text('warning.limited', {
      agency,
      what: wordText(cli.language, 'what', limit),
      most,
      refused,
      since: timeText(since),
      until: until === null ? undefined : timeText(until),
    });
}

/** What this node lost and takes back, and what it witnessed of others' logs. */
function* losses(cli: Cli, { recovery, witness }: NodeStatus): Generator<string> {
  if (recovery !== null && recovery.waiting.length > 0)
    yield cli.text('warning.recovering', {
      recovered: recovery.recovered,
      waiting: recovery.waiting.slice(0, MOST_NAMED),
    });
  if (recovery?.holding) yield cli.text('warning.recoveryHolds');
  if (recovery !== null && recovery.failed > 0)
    yield cli.text('warning.recoveryFailed', { failed: recovery.failed });
  for (const { seat, agency, at, reason } of witness.rewritten)
    yield cli.text('warning.logRewritten', {
      seat,
      agency,
      at: timeText(at),
      reason: wordText(cli.language, 'contradiction', reason),
    });
  for (const { seat, agency, epoch, before, after, at } of witness.gaps)
    yield cli.text('warning.logGap', {
      seat,
      agency,
      epoch,
      seen: before.size,
      kept: after?.size,
      at: timeText(at),
    });
}
