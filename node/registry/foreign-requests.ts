/**
 * A seat's wish that a seal another CA certified may count: checked as far as it can be without the admin, kept as a row
 * until the admin grants it (seal-grants.ts). Possession of the key was proved by the request's CSR; who asks, by the
 * connection. The same wish again changes nothing. Called by Enrolment.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import { sealFault } from '../../certs/foreign-ca.ts';
import { checkRequest } from '../../certs/request.ts';
import type { EnrolmentRequest } from '../../proto/messages.ts';
import { equalBytes, parseHex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import { isOpen } from '../directory/listed-certificate.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import { fromBase64, toBase64 } from './json-row.ts';
import { type SealRequestRow, sealRequestDone, sealRequests, sealRequestWrite } from './seal-requests.ts';

/** Of one agency at once, the newest; an agency with a seal for each of its bureaux asks for a few at a time. */
const MAX_WAITING = 16;

export interface ForeignRequestComponents {
  store: KeyValueStore;
  directory: () => Directory | undefined;
  clock: Clock;
}

/**
 * Keeps the wish, in the place of those that can't be granted any more and of the oldest where too many wait.
 * 'request-invalid', 'certificate-expired', 'certificate-refused'.
 */
export async function askForSeal(
  { agency, sealCsr, sealChain }: EnrolmentRequest,
  seat: string,
  { store, directory, clock }: ForeignRequestComponents,
): Promise<void> {
  const nowMs = clock.nowMs();
  const chain = sealChain.map((der) => parseCertificate(der));
  const [leaf] = chain;
  if (leaf === undefined || chain.includes(undefined)) throw invalid('malformed');
  const proof = checkRequest(sealCsr, 'seal');
  if (!proof.ok || !equalBytes(proof.request.spki, leaf.spki)) throw invalid('other-key');
  requireSealable(leaf, nowMs);
  const listed = directory()?.certificate(parseHex(leaf.sha256)!);
  const isGranted =
    listed?.scope !== undefined && listed.agency === agency && isOpen(listed.scope, directory()!.version);
  if (isGranted) return;
  const waiting = (await sealRequests(store, agency)).filter((row) => row.chain !== undefined);
  if (waiting.some(({ fingerprint }) => fingerprint === leaf.sha256)) return;
  const dropped = surplusOf(waiting, nowMs);
  await store.commit({
    writes: [
      ...dropped.map(sealRequestDone),
      sealRequestWrite({
        agency,
        seat,
        fingerprint: leaf.sha256,
        request: toBase64(sealCsr),
        chain: sealChain.map(toBase64),
        askedAtMs: nowMs,
      }),
    ],
    audit: [
      {
        atMs: nowMs,
        event: 'seal.asked',
        fields: [
          { name: 'agency', value: agency },
          { name: 'seat', value: seat },
          { name: 'fingerprint', value: leaf.sha256 },
          ...dropped.map(({ fingerprint }) => ({ name: 'dropped', value: fingerprint })),
        ],
      },
    ],
  });
}

/** What makes room for one more: wishes whose certificate has ended, then the oldest. */
function surplusOf(waiting: readonly SealRequestRow[], nowMs: number): SealRequestRow[] {
  const [ended, open] = [true, false].map((wanted) =>
    waiting.filter((row) => hasEnded(row, nowMs) === wanted),
  );
  const oldestFirst = open!.sort((a, b) => a.askedAtMs - b.askedAtMs);
  return [...ended!, ...oldestFirst.slice(0, Math.max(0, oldestFirst.length + 1 - MAX_WAITING))];
}

function hasEnded({ chain }: SealRequestRow, nowMs: number): boolean {
  const leaf = chain?.[0];
  const certificate = leaf === undefined ? undefined : parseCertificate(fromBase64(leaf));
  return certificate === undefined || certificate.notAfterMs <= nowMs;
}

/** 'certificate-expired', or 'certificate-refused' with the rule, for what can't be a seal whoever issued it. */
function requireSealable(leaf: Certificate, nowMs: number): void {
  const fault = sealFault(leaf, nowMs);
  if (fault?.reason === 'expired') throw new LienthongError('certificate-expired', { serial: leaf.serial });
  if (fault !== undefined) throw new LienthongError('certificate-refused', { reason: fault.reason });
}

const invalid = (reason: string): LienthongError =>
  new LienthongError('request-invalid', { role: 'seal', reason });
