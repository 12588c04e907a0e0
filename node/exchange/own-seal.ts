/** This node's seal for a unit's documents, if others accept it now. Used by outbox. */
import { LienthongError } from '../core/errors.ts';
import type { SigningIdentity } from '../signing/sign.ts';
import type { ExchangeComponents } from './ports.ts';

/** Throws what speaks against it: a document nobody will accept is refused before it is stored. */
export function requireSeal(
  issuer: string,
  nowMs: number,
  { self, directory }: Pick<ExchangeComponents, 'self' | 'directory'>,
): SigningIdentity {
  const seal = self.seal(issuer);
  const fault = seal && directory().sealFault(seal.certificateSha256, issuer, nowMs);
  if (seal === undefined || fault === 'unknown-certificate')
    throw new LienthongError('seal-not-granted', {
      agency: self.agency,
      fingerprint: self.sealFingerprint,
    });
  if (fault !== undefined) throw new LienthongError(fault, { agency: self.agency });
  return seal;
}
