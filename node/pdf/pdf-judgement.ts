/**
 * Whom to believe of a PDF's signatures, and from when: the certificates of signers and time stamping authorities are
 * held against the directory. Pure; time and trust are arguments, so that the same examination is judged anew by each
 * directory.
 *
 * Which time counts: that of a time stamp which holds itself, else when this node stored the document (the bytes were
 * there then at the latest). A certificate that merely ran out since then still counts if it did when its signer says
 * it signed; one that is revoked as well doesn't, because anybody who has the key can claim an earlier time.
 */
import type { Certificate } from '../../certs/certificate.ts';
import { isoTime } from '../core/dates.ts';
import type { PdfChainView, PdfSignatureView, PdfTimeStampView } from '../core/pdf-views.ts';
import type { ExaminedSignature, PdfExamination } from './pdf-examination.ts';
import type { ExaminedTimeStamp } from './signature-time-stamp.ts';

/** What is asked of the directory (directory/signer-verdict.ts). */
export interface PdfTrust {
  signerVerdict(
    certificate: Certificate,
    embedded: readonly Uint8Array[],
    moment: { atMs: number; nowMs: number; revocation: 'at' | 'now' },
  ): { anchor: string | undefined; reason: string | undefined; hasList: boolean };
}

export interface PdfMoment {
  /** When the bytes are known to have been there, here: Unix ms. */
  storedMs: number;
  nowMs: number;
}

/** Dates without their zone are off by half a day at most; later than that is a false claim. */
const CLOCK_TOLERANCE_MS = 24 * 3_600_000;

interface Asked {
  certificate: Certificate;
  embedded: readonly Uint8Array[];
  knownMs: number;
  known: 'timestamp' | 'stored';
  claimedMs: number | undefined;
}

export function judgePdf(
  { signatures }: PdfExamination,
  trust: PdfTrust,
  moment: PdfMoment,
): PdfSignatureView[] {
  return signatures.map((found) => judge(found, trust, moment));
}

function judge(found: ExaminedSignature, trust: PdfTrust, moment: PdfMoment): PdfSignatureView {
  const { kind, cms, covered, claimedMs, embedded } = found;
  const stamp = found.timeStamp && judgeStamp(found.timeStamp, trust, moment);
  const isProven = kind === 'signature' && stamp?.valid === true;
  const knownMs = isProven ? (found.timeStamp?.timeMs ?? moment.storedMs) : moment.storedMs;
  const known = isProven ? ('timestamp' as const) : ('stored' as const);
  const certificate = cms?.certificate;
  const chain =
    certificate && chainOf({ certificate, embedded, knownMs, known, claimedMs }, trust, moment.nowMs);
  const isLate = claimedMs !== undefined && claimedMs > moment.storedMs + CLOCK_TOLERANCE_MS;
  const problems = [...found.problems, ...(isLate ? (['claimed-later'] as const) : [])];
  const weak = cms?.weak ?? [];
  return {
    kind,
    field: found.field ?? null,
    signer: certificate === undefined ? null : signerOf(certificate),
    claimedAt: claimedMs === undefined ? null : isoTime(claimedMs),
    timestamp: stamp ?? null,
    covers: covered === undefined ? null : covered.isWholeFile ? 'whole-file' : 'changed-after',
    revision: covered?.revision ?? null,
    revisions: covered?.revisions ?? null,
    bytesMatch: found.bytesMatch,
    digestAlgorithm: cms?.digest ?? null,
    keyAlgorithm: cms?.keyAlgorithm ?? null,
    weak,
    chain: chain ?? null,
    subFilter: found.subFilter ?? null,
    reason: found.reason ?? null,
    location: found.location ?? null,
    problems,
    valid: found.bytesMatch && problems.length === 0 && weak.length === 0 && chain?.anchored === true,
  };
}

function judgeStamp(stamp: ExaminedTimeStamp, trust: PdfTrust, moment: PdfMoment): PdfTimeStampView {
  const { certificate, embedded, timeMs } = stamp;
  const asked = { knownMs: moment.storedMs, known: 'stored' as const, claimedMs: timeMs };
  const chain = certificate && chainOf({ certificate, embedded, ...asked }, trust, moment.nowMs);
  const isLate = timeMs !== undefined && timeMs > moment.storedMs + CLOCK_TOLERANCE_MS;
  return {
    at: timeMs === undefined ? null : isoTime(timeMs),
    by: certificate?.subject ?? null,
    valid: stamp.ok && !isLate && stamp.weak.length === 0 && chain?.anchored === true,
    problems: [...stamp.problems, ...(isLate ? (['claimed-later'] as const) : [])],
    weak: stamp.weak,
    chain: chain ?? null,
  };
}

function chainOf(
  { certificate, embedded, knownMs, known, claimedMs }: Asked,
  trust: PdfTrust,
  nowMs: number,
): PdfChainView {
  const ask = (atMs: number, revocation: 'at' | 'now') =>
    trust.signerVerdict(certificate, embedded, { atMs, nowMs: Math.max(atMs, nowMs), revocation });
  let verdict = ask(knownMs, 'at');
  let [atMs, basis]: [number, PdfChainView['basis']] = [knownMs, known];
  if (verdict.reason === 'expired' && claimedMs !== undefined && claimedMs < knownMs) {
    const earlier = ask(claimedMs, 'now');
    if (earlier.anchor !== undefined || earlier.reason === 'revoked')
      [verdict, atMs, basis] = [earlier, claimedMs, 'claimed'];
  }
  return {
    anchored: verdict.anchor !== undefined,
    anchor: verdict.anchor ?? null,
    reason: verdict.reason ?? null,
    checkedAt: isoTime(atMs),
    basis,
    revocation: verdict.hasList ? 'checked' : 'no-list',
  };
}

function signerOf(certificate: Certificate): NonNullable<PdfSignatureView['signer']> {
  const last = (type: string) =>
    certificate.subjectAttributes.findLast((one) => one.type === type)?.value ?? null;
  const { subject, serial } = certificate;
  return { commonName: last('CN'), organization: last('O'), subject, serial };
}
