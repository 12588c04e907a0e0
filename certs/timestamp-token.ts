/**
 * RFC 3161 time stamp tokens: a time stamping authority's word that some bytes were there at a time. Says what the
 * token states and whether it was made for these bytes and by the certificate it shows; whether that certificate is to
 * be believed is path.ts's. Nothing here throws.
 */
import { createHash } from 'node:crypto';
import { type CmsSignedData, cmsOids } from './cms.ts';
import { algorithmOid, type Digest, digestOf } from './cms-algorithms.ts';
import { type CmsProblem, type CmsVerdict, checkCmsSignature } from './cms-signature.ts';
import { DerError, DerReader, type DerValue, readOid, readSmall, readTimeMs, tags } from './der.ts';

/** RFC 3161 §2.3: the certificate of an authority is for this and nothing else. */
const timeStamping = '1.3.6.1.5.5.7.3.8';

export type TimeStampProblem =
  | CmsProblem
  /** Not a time stamp token. */
  | 'malformed'
  /** Made for other bytes. */
  | 'other-bytes'
  /** The certificate isn't for time stamping. */
  | 'not-an-authority';

export interface TimeStampVerdict extends Omit<CmsVerdict, 'problems'> {
  problems: TimeStampProblem[];
  /** When the authority says the bytes were there (Unix ms). */
  timeMs: number | undefined;
}

/** Under which digest a token holds its bytes; undefined when it is no token or the digest is unknown. */
export function imprintDigest(token: CmsSignedData): Digest | undefined {
  try {
    return digestOf(readInfo(token).imprintOid);
  } catch {
    return undefined;
  }
}

/** Checks a token against the digest of the bytes it should be for, asked for under the token's own algorithm. */
export function checkTimeStamp(
  token: CmsSignedData,
  digestOfBytes: (digest: Digest) => Uint8Array | undefined,
): TimeStampVerdict {
  const content = token.content ?? new Uint8Array(0);
  const cms = checkCmsSignature(token, ({ hash }) => createHash(hash).update(content).digest());
  const verdict: TimeStampVerdict = { ...cms, problems: [...cms.problems], timeMs: undefined };
  try {
    const { imprintOid, imprint, timeMs } = readInfo(token);
    verdict.timeMs = timeMs;
    const digest = digestOf(imprintOid);
    const expected = digest && digestOfBytes(digest);
    if (digest?.weak && !verdict.weak.includes(digest.name)) verdict.weak.push(digest.name);
    if (expected === undefined || Buffer.compare(expected, imprint) !== 0)
      verdict.problems.push('other-bytes');
  } catch {
    verdict.problems.push('malformed');
  }
  const usage = verdict.certificate?.extensions.extendedKeyUsage;
  if (verdict.certificate !== undefined && !(usage?.length === 1 && usage[0] === timeStamping))
    verdict.problems.push('not-an-authority');
  verdict.ok = verdict.problems.length === 0;
  return verdict;
}

/** TSTInfo (RFC 3161 §2.4.2). Throws DerError. */
function readInfo({ contentType, content }: CmsSignedData): {
  imprintOid: string;
  imprint: Uint8Array;
  timeMs: number;
} {
  if (contentType !== cmsOids.timeStampInfo || content === undefined) throw new DerError('no TSTInfo');
  const info = new DerReader(content).enter(tags.sequence);
  if (readSmall(info.read(tags.integer)) !== 1) throw new DerError('version');
  readOid(info.read(tags.oid));
  const imprint = info.enter(tags.sequence);
  const imprintOid = algorithmOid(imprint.read(tags.sequence).raw);
  const hash = imprint.read(tags.octetString).content;
  info.read(tags.integer);
  return { imprintOid, imprint: hash, timeMs: readTimeMs(withoutFraction(info.read(tags.generalizedTime))) };
}

/** Fractions of a second, which certificates don't have, are cut off. */
function withoutFraction(time: DerValue): DerValue {
  const text = Buffer.from(time.content).toString('latin1');
  return { ...time, content: Buffer.from(text.replace(/\.\d{1,9}Z$/, 'Z'), 'latin1') };
}
