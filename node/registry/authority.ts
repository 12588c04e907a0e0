/**
 * The registry's issuing CA at work: leaf certificates for enrolled seats, and revocation lists. It decides nothing
 * and stores nothing: enrolment and the service decide, the publisher makes it durable. The root isn't needed here.
 */
import { issueLeaf } from '../../certs/authority.ts';
import type { Certificate } from '../../certs/certificate.ts';
import { CertsError } from '../../certs/errors.ts';
import type { LeafRole } from '../../certs/profiles.ts';
import { createCrl, type RevokedCertificate } from '../../certs/revocation-list.ts';
import type { Bytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { RegistryKeys } from './registry-folder.ts';

export interface Holder {
  agency: string;
  /** The agency's name for people. */
  name: string;
  seat: string;
}

export class Authority {
  readonly #keys: RegistryKeys;

  constructor(keys: RegistryKeys) {
    this.#keys = keys;
  }

  /** Throws 'request-invalid' with the reason when the request doesn't prove a key fit for the role. */
  async issue(role: LeafRole, request: Bytes, holder: Holder, nowMs: number): Promise<Certificate> {
    try {
      return await issueLeaf({
        issuer: this.#keys.issuing,
        request,
        role,
        subject: { name: holder.name, agency: holder.agency, seat: seatName(holder.seat) },
        nowMs,
      });
    } catch (cause) {
      if (!(cause instanceof CertsError)) throw cause;
      throw new LienthongError('request-invalid', { role, reason: cause.reason ?? cause.code }, { cause });
    }
  }

  /** The issuing CA's complete list. */
  async crl(
    revoked: readonly RevokedCertificate[],
    number: number,
    nowMs: number,
    nextUpdateMs: number,
  ): Promise<Bytes> {
    const crl = await createCrl({ issuer: this.#keys.issuing, revoked, number, nowMs, nextUpdateMs });
    return crl.bytes;
  }
}

/** A seat as certificates write it: "H40/2" → "H40-2". WARNING: persisted; agency codes hold no hyphen. */
export const seatName = (seat: string): string => seat.replaceAll('/', '-');
