/** The RFC 3161 time stamp over a signature's value, which a signer's program adds unsigned (RFC 3161, appendix A). */
import { createHash } from 'node:crypto';
import { type CmsSignedData, cmsOids, onlySigner, parseSignedData } from '../../certs/cms.ts';
import { checkTimeStamp, type TimeStampVerdict } from '../../certs/timestamp-token.ts';

/** `embedded`: certificates that came along, DER. */
export type ExaminedTimeStamp = TimeStampVerdict & { embedded: readonly Uint8Array[] };

/** Undefined where there is none. One that can't be read is a time stamp with the problem 'malformed'. */
export function signatureTimeStamp(cms: CmsSignedData): ExaminedTimeStamp | undefined {
  const signer = onlySigner(cms);
  const [der, ...others] = signer?.unsigned.get(cmsOids.timeStampToken) ?? [];
  if (signer === undefined || der === undefined) return undefined;
  const token = others.length > 0 ? undefined : parseSignedData(der);
  if (token === undefined) return MALFORMED;
  const stamp = checkTimeStamp(token, ({ hash }) => createHash(hash).update(signer.signature).digest());
  return { ...stamp, embedded: [...token.certificates, ...cms.certificates].slice(0, MOST_CERTIFICATES) };
}

const MOST_CERTIFICATES = 24;

const MALFORMED: ExaminedTimeStamp = {
  ok: false,
  problems: ['malformed'],
  certificate: undefined,
  digest: undefined,
  keyAlgorithm: undefined,
  weak: [],
  signingTimeMs: undefined,
  namesCertificate: false,
  timeMs: undefined,
  embedded: [],
};
