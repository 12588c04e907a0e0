/**
 * What can be said of another CA's certificates before the whole chain is there to be validated (path.ts decides in the
 * end): whether a CA may stand above seals, whether a certificate could be a seal at all.
 */
import type { Certificate } from './certificate.ts';
import { findChains } from './chains.ts';
import {
  checkAuthorities,
  checkDates,
  checkExtensions,
  checkRole,
  checkSignatures,
  checkStrength,
} from './rules.ts';
import { failure, type PathFailure } from './verdict.ts';

/**
 * Why this CA can't be believed at that time (Unix ms); undefined when it can. The anchor is believed because somebody
 * lists it, but must be a CA of sound strength in its time; another CA must lead to it, over `intermediates`.
 */
export function authorityFault(
  authority: Certificate,
  anchor: Certificate,
  intermediates: readonly Certificate[],
  atMs: number,
): PathFailure | undefined {
  const chains =
    authority.sha256 === anchor.sha256 ? [[anchor]] : findChains(authority, intermediates, [anchor]);
  if (!Array.isArray(chains)) return chains;
  let first: PathFailure | undefined;
  for (const chain of chains) {
    const fault =
      checkStrength(chain) ??
      checkSignatures(chain) ??
      checkExtensions(chain) ??
      // its first certificate is the leaf's place, which it doesn't judge: here that one is a CA, too
      checkAuthorities([authority, ...chain]) ??
      checkDates(chain, atMs);
    if (fault === undefined) return undefined;
    first ??= fault;
  }
  return first;
}

/** Why a certificate of another CA can't be a seal at that time, whoever issued it; undefined when it may. */
export function sealFault(leaf: Certificate, atMs: number): PathFailure | undefined {
  const { weakness } = leaf.key;
  if (weakness !== undefined) return failure('weak-key', weakness, leaf);
  return checkExtensions([leaf]) ?? checkDates([leaf], atMs) ?? checkRole([leaf], 'foreign-seal');
}
