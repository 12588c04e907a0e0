/**
 * Issues CRLs. Pure: the caller keeps the revocations and raises the number. Every list is complete and keeps
 * its entries for ever, also when the certificates have expired, because papers are checked years later.
 */

import { type Issuer, requireIssuer } from './authority.ts';
import { type Crl, type Revocation, type RevocationReason, readCrl, revocationReasons } from './crl.ts';
import { keyUsageBits } from './extensions.ts';
import { extensionOids } from './oids.ts';
import { backdateMs } from './profiles.ts';
import { signingWith } from './signer-crypto.ts';
import {
  AuthorityKeyIdentifierExtension,
  Extension,
  Name,
  type X509CrlEntryParams,
  X509CrlGenerator,
} from './x509-library.ts';

export interface RevokedCertificate extends Omit<Revocation, 'invalidityMs'> {
  /** Lower-case hex, as Certificate.serial. */
  serial: string;
  /** The admin's `since`; undefined if there is none. */
  invalidityMs?: number;
}

/** DER of a non-negative INTEGER below 2^53. */
function integer(value: number): Uint8Array<ArrayBuffer> {
  let hex = value.toString(16);
  if (hex.length % 2) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) > 0x7f) hex = `00${hex}`;
  return Uint8Array.from([0x02, hex.length / 2, ...Buffer.from(hex, 'hex')]);
}

/** The reasons an admin can give (`remove-from-crl` exists only in delta lists, which we never make). */
export const issuableReasons = revocationReasons.filter(
  (reason): reason is RevocationReason => reason !== '' && reason !== 'remove-from-crl',
);

/**
 * Makes the CA's next list: valid from just before `nowMs` to `nextUpdateMs`. `number` only ever grows.
 * Throws CertsError `issuer-refused` if the issuer may not sign CRLs.
 */
export async function createCrl(input: {
  issuer: Issuer;
  revoked: readonly RevokedCertificate[];
  number: number;
  nowMs: number;
  nextUpdateMs: number;
}): Promise<Crl> {
  const { issuer, nowMs } = input;
  requireIssuer(issuer, keyUsageBits.cRLSign);
  const { key, algorithm, crypto } = signingWith(issuer.signer);
  const { subjectDer, extensions } = issuer.certificate;
  const thisUpdateMs = Math.max(nowMs - backdateMs, issuer.certificate.notBeforeMs);
  const list = await X509CrlGenerator.create(
    {
      issuer: new Name(Uint8Array.from(subjectDer)),
      thisUpdate: wholeSeconds(thisUpdateMs),
      nextUpdate: wholeSeconds(input.nextUpdateMs),
      signingKey: key,
      signingAlgorithm: algorithm,
      entries: input.revoked.map(entry),
      extensions: [
        new AuthorityKeyIdentifierExtension(extensions.subjectKeyId ?? '', false),
        new Extension(extensionOids.crlNumber, false, integer(input.number)),
      ],
    },
    crypto,
  );
  return readCrl(new Uint8Array(list.rawData));
}

function entry(revoked: RevokedCertificate): X509CrlEntryParams {
  return {
    serialNumber: revoked.serial,
    revocationDate: wholeSeconds(revoked.revokedAtMs),
    reason: revocationReasons.indexOf(revoked.reason),
    ...(revoked.invalidityMs === undefined ? {} : { invalidity: wholeSeconds(revoked.invalidityMs) }),
  };
}

function wholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
