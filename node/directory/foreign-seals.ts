/**
 * Seals of this node that another CA certified, in its folder: `keys/seal-<16 digits>.key` beside `seal.key`, and
 * `certificates/seal-<16 digits>.pem` (the certificate, then the CAs above it), named by the certificate's SHA-256. The
 * key is written first, so a certificate in the folder has its key. Whether one counts, the directory says.
 */
import { createPrivateKey } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, readCertificates } from '../../certs/certificate.ts';
import { CertsError } from '../../certs/errors.ts';
import { FileCustody, writeKeyFile } from '../../certs/file-key.ts';
import { sealFault } from '../../certs/foreign-ca.ts';
import { KeySigner } from '../../certs/keys.ts';
import { toPem } from '../../certs/pem.ts';
import { allowsKey, profiles } from '../../certs/profiles.ts';
import type { Signer } from '../../certs/signer.ts';
import { type Bytes, equalBytes, parseHex } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import { readSmallFile, writeFileDurably } from '../store/folder.ts';
import { IdentityFiles } from './identity-files.ts';
import type { ForeignSeal } from './own-keys.ts';

/** A chain of four certificates of 8 KiB in PEM. */
const MAX_CHAIN_FILE_BYTES = 64 * 1024;
/** As the request carries (enrolment.proto). */
const MAX_CHAIN = 4;
/** One for each bureau that has its own; the directory is asked for each at every new head. */
const MAX_SEALS = 64;
const CHAIN_FILE = /^seal-([0-9a-f]{16})\.pem$/;

export interface HeldForeignSeal extends ForeignSeal {
  certificate: Certificate;
  /** The certificate, then those above it, DER. */
  chain: readonly Bytes[];
}

/** Every one in the folder. 'folder-damaged' naming the file that can't be used. */
export async function foreignSealsOf(dir: string): Promise<HeldForeignSeal[]> {
  const names = await readdir(join(dir, 'certificates')).catch(() => []);
  const found: HeldForeignSeal[] = [];
  for (const name of names.filter((one) => CHAIN_FILE.test(one)).sort()) {
    const where = join(dir, 'certificates', name);
    try {
      const [certificate, ...above] = readCertificates((await readSmallFile(where, MAX_CHAIN_FILE_BYTES))!);
      const signer = await new FileCustody(join(dir, 'keys')).get(`seal-${CHAIN_FILE.exec(name)![1]}`);
      if (signer === undefined || !equalBytes(signer.publicKeySpki, certificate!.spki))
        throw new TypeError('key');
      found.push(heldSeal(certificate!, above, signer));
    } catch (cause) {
      throw new LienthongError('folder-damaged', { where }, { cause });
    }
  }
  return found;
}

/**
 * Checks a certificate file (PEM, leaf first, or one in DER) against its private key (PEM, unencrypted) and copies both
 * into an enrolled node's folder, the key for its owner alone. The same again changes nothing. 'not-initialised';
 * 'certificate-refused' with the rule, 'certificate-expired', 'invalid-file' (the key).
 */
export async function keepForeignSeal(
  dir: string,
  { chain: chainFile, key: keyFile }: { chain: Bytes; key: Bytes },
  nowMs: number,
): Promise<HeldForeignSeal> {
  await new IdentityFiles(dir).requireIdentity();
  const chain = read(chainFile);
  const [certificate, ...above] = chain as [Certificate, ...Certificate[]];
  if (chain.length > MAX_CHAIN) throw refused('too-many', { most: MAX_CHAIN });
  const signer = signerOf(keyFile);
  requireFit(certificate, signer, nowMs);
  const held = await foreignSealsOf(dir);
  const known = held.find((one) => one.certificate.sha256 === certificate.sha256);
  if (known === undefined && held.length >= MAX_SEALS) throw refused('too-many', { most: MAX_SEALS });
  const name = `seal-${certificate.sha256.slice(0, 16)}`;
  try {
    await writeKeyFile(new FileCustody(join(dir, 'keys')).path(name), signer.privateKey);
  } catch (error) {
    // kept before: the very same, for the certificate names its key
    if (!(error instanceof CertsError && error.code === 'key-file-exists')) throw error;
  }
  const pem = chain.map(({ bytes }) => toPem(bytes, 'CERTIFICATE')).join('');
  await writeFileDurably(join(dir, 'certificates', `${name}.pem`), pem);
  return heldSeal(certificate, above, signer);
}

/** The rules of a seal, its chain apart: that is the registry's to judge. */
function requireFit(certificate: Certificate, signer: Signer, nowMs: number): void {
  if (!equalBytes(signer.publicKeySpki, certificate.spki)) throw refused('other-key');
  const fault = sealFault(certificate, nowMs);
  if (fault?.reason === 'expired')
    throw new LienthongError('certificate-expired', {
      serial: certificate.serial,
      notAfter: isoTime(certificate.notAfterMs),
    });
  if (fault !== undefined) throw refused(fault.reason);
  if (!allowsKey(profiles.seal, certificate.key)) throw refused('key-type');
}

const heldSeal = (
  certificate: Certificate,
  above: readonly Certificate[],
  signer: Signer,
): HeldForeignSeal => ({
  certificate,
  certificateSha256: parseHex(certificate.sha256)!,
  chain: [certificate, ...above].map(({ bytes }) => bytes),
  signer,
});

function read(file: Bytes): Certificate[] {
  try {
    return readCertificates(file);
  } catch (cause) {
    throw new LienthongError('certificate-refused', { reason: 'malformed' }, { cause });
  }
}

function signerOf(pem: Bytes): KeySigner {
  try {
    return new KeySigner(createPrivateKey({ key: Buffer.from(pem), format: 'pem' }));
  } catch (cause) {
    throw new LienthongError('invalid-file', { what: 'key', reason: 'not-a-key' }, { cause });
  }
}

const refused = (reason: string, details: Record<string, string | number> = {}): LienthongError =>
  new LienthongError('certificate-refused', { reason, ...details });
