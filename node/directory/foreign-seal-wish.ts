/**
 * `node seal use`: certificate and key are checked and kept in the folder first (foreign-seals.ts), then the registry is
 * asked; by the running node, or on a folder at rest. After a crash or an unreachable registry the same command goes on.
 */
import type { Bytes } from '../core/bytes.ts';
import { systemClock, systemRandom } from '../core/clock.ts';
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import { openNodeStore } from '../store/node-store.ts';
import { Announcer } from './announcer.ts';
import { DirectoryStore } from './directory-store.ts';
import { foreignSealsOf, keepForeignSeal } from './foreign-seals.ts';
import { isOpen } from './listed-certificate.ts';
import { openNodeFolder } from './node-folder.ts';
import type { OwnKeys } from './own-keys.ts';

export interface KeptSeal {
  /** SHA-256 of the certificate, hex: what the registry's admin compares. */
  fingerprint: string;
  subject: string;
  issuer: string;
  notAfter: string;
}

export interface SealAsked {
  fingerprint: string;
  /** It counts already. */
  granted: boolean;
}

/** Keeps both in the folder of a node, running or not. Errors of keepForeignSeal. */
export async function keepSeal(options: { dir: string; chain: Bytes; key: Bytes }): Promise<KeptSeal> {
  const { certificate } = await keepForeignSeal(options.dir, options, systemClock.nowMs());
  const { sha256: fingerprint, subject, issuer, notAfterMs } = certificate;
  return { fingerprint, subject, issuer, notAfter: isoTime(notAfterMs) };
}

/** Asks the registry for what lies in the folder; `own` takes it into use. 'not-found', and errors of Announcer.askForSeal. */
export async function askForSeal(
  fingerprint: string,
  {
    dir,
    agency,
    directory,
    announcer,
    own,
  }: { dir: string; agency: string; directory: DirectoryStore; announcer: Announcer; own?: OwnKeys },
): Promise<SealAsked> {
  const seals = await foreignSealsOf(dir);
  const seal = seals.find(({ certificate }) => certificate.sha256 === fingerprint);
  if (seal === undefined) throw new LienthongError('not-found', { what: 'certificate', fingerprint });
  own?.useForeign(seals);
  await announcer.askForSeal(seal);
  const current = directory.require();
  const listed = current.certificate(seal.certificateSha256);
  const granted =
    listed?.scope !== undefined && listed.agency === agency && isOpen(listed.scope, current.version);
  return { fingerprint, granted };
}

/** The same for a folder at rest. 'locked' while a node runs there. */
export async function askForSealAtRest({
  dir,
  fingerprint,
}: {
  dir: string;
  fingerprint: string;
}): Promise<SealAsked> {
  const { identity } = await openNodeFolder(dir);
  const parts = { clock: systemClock, random: systemRandom };
  const storage = await openNodeStore(dir, parts);
  try {
    const { federationId, root, agency } = identity;
    const directory = new DirectoryStore({ store: storage.store, clock: systemClock, federationId, root });
    await directory.load();
    const quiet = { inStep: async () => {}, report: () => {} };
    const announcer = new Announcer({ dir, identity, configured: [], directory, ...parts, ...quiet });
    return await askForSeal(fingerprint, { dir, agency, directory, announcer });
  } finally {
    await storage.close();
  }
}
