/**
 * Certificates the directory lists, by SHA-256, each with what the directory says it is for. Being listed says whose
 * it is; whether it counts at a moment is the directory's verdict. A foreign subject name is never read for that.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import type { RequiredRole } from '../../certs/rules.ts';
import type { PathVerdict } from '../../certs/verdict.ts';
import type { Bytes } from '../core/bytes.ts';
import type { SignerCertificate } from '../signing/verify.ts';
import type { GroupView } from './group-view.ts';

export interface SealScope {
  readonly unit: string;
  /** Also for everything below. */
  readonly subtree: boolean;
  /** Directory versions it counts from and to; 0 = no end. */
  readonly fromVersion: number;
  readonly toVersion: number;
}

/** Whether a scope counts in a version of the directory. */
export const isOpen = ({ fromVersion, toVersion }: SealScope, version: number): boolean =>
  fromVersion <= version && (toVersion === 0 || version <= toVersion);

export interface ListedCertificate extends SignerCertificate {
  readonly certificate: Certificate;
  readonly der: Bytes;
  readonly serial: string;
  readonly role: 'node' | 'service' | 'seal';
  /** What path validation is asked: a seal of another CA has none of our usages. */
  readonly pathRole: RequiredRole;
  readonly agency: string;
  /** Node and service certificates. */
  readonly seat: string | undefined;
  /** Seals. */
  readonly scope: SealScope | undefined;
  /** Of a foreign seal: CAs above it, the anchor it was granted with last, DER. */
  readonly chain: readonly Bytes[];
}

/** Every certificate of the groups; `asOwnSeal` tells a seal of the federation's CA from a foreign one. */
export function listCertificates(
  groups: Iterable<GroupView>,
  asOwnSeal: (certificate: Certificate) => PathVerdict,
): Map<string, ListedCertificate> {
  const found = new Map<string, ListedCertificate>();
  const add = (
    der: Bytes,
    facts: Pick<ListedCertificate, 'role' | 'agency'> & Partial<ListedCertificate>,
  ) => {
    const certificate = parseCertificate(der);
    if (certificate === undefined) return;
    const isForeign = facts.role === 'seal' && isElsewhere(asOwnSeal(certificate));
    found.set(certificate.sha256, {
      seat: undefined,
      scope: undefined,
      chain: [],
      ...facts,
      certificate,
      der: certificate.bytes,
      serial: certificate.serial,
      sha256: new Uint8Array(Buffer.from(certificate.sha256, 'hex')),
      pathRole: isForeign ? 'foreign-seal' : facts.role,
      verifySignature: (data, signature) => certificate.verifySignature(data, signature),
    });
  };
  for (const group of groups) {
    for (const { seat, agency, nodeCertificates, serviceCertificates } of group.seats.values()) {
      for (const der of nodeCertificates) add(der, { role: 'node', agency, seat });
      for (const der of serviceCertificates) add(der, { role: 'service', agency, seat });
    }
    for (const { certificate, chain, unit, subtree, fromVersion, toVersion } of group.seals.values()) {
      add(certificate, {
        role: 'seal',
        agency: group.name,
        scope: { unit, subtree, fromVersion, toVersion },
        chain,
      });
    }
  }
  return found;
}

const isElsewhere = (verdict: PathVerdict): boolean => !verdict.ok && verdict.reason === 'unknown-anchor';
