/** Other CAs and their seals as a version of the directory lists them, and what ends a seal. Pure. */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import type { Directory } from '../directory/directory.ts';
import { ANCHOR_USE, type SealFacts } from '../directory/entries.ts';
import { listedAnchors } from '../directory/listed-anchors.ts';
import { isOpen } from '../directory/listed-certificate.ts';
import type { Act } from './publisher.ts';

export interface ForeignSealEntry {
  agency: string;
  key: string;
  facts: SealFacts;
  certificate: Certificate;
  /** SHA-256 of the anchor it was granted with, hex. */
  anchor: string;
  /** Whether its scope still counts. */
  isOpen: boolean;
}

/** A foreign CA as it is listed. */
export interface ForeignAnchor {
  certificate: Certificate;
  intermediates: readonly Certificate[];
}

export const foreignAnchors = (current: Directory): ForeignAnchor[] =>
  listedAnchors(current.groups, ANCHOR_USE.seal).flatMap(({ certificate: der, intermediates }) => {
    const certificate = parseCertificate(der);
    return certificate === undefined ? [] : [{ certificate, intermediates: parsed(intermediates) }];
  });

/** Roots and issuing CAs of the federation itself. */
export const ownAuthorities = (current: Directory): Certificate[] =>
  listedAnchors(current.groups, ANCHOR_USE.federation).flatMap(({ certificate, intermediates }) =>
    parsed([certificate, ...intermediates]),
  );

/** CAs whose lists may come with this anchor: itself, those listed with it, those its seals were granted with. */
export function authoritiesOf(
  current: Directory,
  { certificate, intermediates }: ForeignAnchor,
): Certificate[] {
  const under = foreignSeals(current).filter(({ anchor }) => anchor === certificate.sha256);
  const all = [certificate, ...intermediates, ...under.flatMap(({ facts }) => parsed(facts.chain))];
  return [...new Map(all.map((one) => [one.sha256, one])).values()];
}

const parsed = (ders: readonly Uint8Array[]): Certificate[] =>
  ders.flatMap((der) => parseCertificate(der) ?? []);

/** Every seal that was granted with a chain: the federation's own have none. */
export function foreignSeals(current: Directory): ForeignSealEntry[] {
  return [...current.groups.values()].flatMap((group) =>
    [...group.seals].flatMap(([key, facts]): ForeignSealEntry[] => {
      const certificate = parseCertificate(facts.certificate);
      const last = facts.chain.at(-1);
      const anchor = last && parseCertificate(last)?.sha256;
      if (certificate === undefined || anchor === undefined) return [];
      return [
        { agency: group.name, key, facts, certificate, anchor, isOpen: isOpen(facts, current.version) },
      ];
    }),
  );
}

/** The entry that lets a seal count up to the present version and no further. */
export const endedEntries = (
  current: Directory,
  { agency, key, facts }: ForeignSealEntry,
): Act['entries'] => [{ group: agency, key, seal: { ...facts, toVersion: current.version } }];
