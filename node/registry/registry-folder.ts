/**
 * The registry's folder: `registry.json` (name and addresses), `root/` (the root's key and certificate, to be taken
 * offline), `keys/` (issuing CA, directory, libp2p), `certificates/`, `store/`, `audit/`. Initialising makes what isn't
 * there yet and writes `registry.json` last: after a crash it is done again with the same keys.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createIssuingCa, createRoot, issueLeaf } from '../../certs/authority.ts';
import { type Certificate, readCertificate } from '../../certs/certificate.ts';
import { readCrl } from '../../certs/crl.ts';
import { FileCustody } from '../../certs/file-key.ts';
import { groupFingerprint } from '../../certs/fingerprint.ts';
import type { KeyAlgorithm, KeySigner } from '../../certs/keys.ts';
import { toPem } from '../../certs/pem.ts';
import { createRequest } from '../../certs/request.ts';
import { createCrl } from '../../certs/revocation-list.ts';
import type { Bytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { isMissing, makeFolder, readSmallFile, writeFileDurably } from '../store/folder.ts';

export interface RegistryConfig {
  name: string;
  /** Multiaddrs to listen on, ports chosen. */
  listen: string[];
  /** Multiaddrs others dial; the listening ones when empty. */
  announce: string[];
  /** Grant seals at enrolment: sandboxes only. */
  autoSeal: boolean;
}

/** Keys that work every day; the root's isn't among them. */
export interface RegistryKeys {
  root: Certificate;
  issuing: { certificate: Certificate; signer: KeySigner };
  directory: { certificate: Certificate; signer: KeySigner };
  node: KeySigner;
  /** The root's own revocation list, DER: says the issuing CA stands. */
  rootCrl: Bytes;
}

const CONFIG = 'registry.json';
const MAX_CONFIG_BYTES = 64 * 1024;
const MAX_FILE_BYTES = 1024 * 1024;

const TAKE_OFFLINE = `KHÓA GỐC / ROOT KEY

Thư mục này giữ khóa gốc của liên thông. Chép sang thiết bị lưu ngoại tuyến, cất giữ an toàn, rồi xóa root.key khỏi máy này.
Việc hằng ngày không cần đến khóa gốc; chỉ cần khi cấp lại khóa CA phát hành hoặc mở kỷ nguyên (epoch) mới.

This folder holds the federation's root key. Copy it to offline storage, keep it safe, then delete root.key here.
Daily work never needs it; only a new issuing CA or a new epoch does.
`;

/** Whether the folder holds a registry. */
export const isRegistryFolder = async (dir: string): Promise<boolean> =>
  (await readSmallFile(join(dir, CONFIG), MAX_CONFIG_BYTES)) !== undefined;

/** Throws 'not-initialised', or 'folder-damaged' when the file isn't what init wrote. */
export async function readRegistryConfig(dir: string): Promise<RegistryConfig> {
  const bytes = await readSmallFile(join(dir, CONFIG), MAX_CONFIG_BYTES);
  if (bytes === undefined) throw new LienthongError('not-initialised', { where: dir });
  try {
    const { name, listen, announce, autoSeal } = JSON.parse(new TextDecoder().decode(bytes));
    const isTexts = (list: unknown): list is string[] =>
      Array.isArray(list) && list.every((one) => typeof one === 'string');
    if (typeof name !== 'string' || !isTexts(listen) || !isTexts(announce)) throw new TypeError('fields');
    return { name, listen, announce, autoSeal: autoSeal === true };
  } catch (cause) {
    throw new LienthongError('folder-damaged', { where: join(dir, CONFIG) }, { cause });
  }
}

export const writeRegistryConfig = (dir: string, config: RegistryConfig): Promise<void> =>
  writeFileDurably(join(dir, CONFIG), `${JSON.stringify(config, null, 2)}\n`);

/** Makes root, issuing CA, directory and node keys and their certificates; what is there already stays. */
export async function makeRegistryKeys(dir: string, name: string, nowMs: number): Promise<RegistryKeys> {
  for (const folder of ['', 'root', 'keys', 'certificates']) await makeFolder(join(dir, folder));
  const rootKeys = new FileCustody(join(dir, 'root'));
  const keys = new FileCustody(join(dir, 'keys'));
  const rootSigner = await keyOf(rootKeys, 'root', 'ecdsa-p384');
  const issuingSigner = await keyOf(keys, 'issuing', 'ecdsa-p256');
  const directorySigner = await keyOf(keys, 'directory', 'ecdsa-p256');
  await keyOf(keys, 'node', 'ed25519');
  const at = (file: string) => join(dir, 'certificates', file);
  const root = await certificateOf(at('root.crt'), () => createRoot({ signer: rootSigner, name, nowMs }));
  const rootIssuer = { certificate: root, signer: rootSigner };
  const issuing = await certificateOf(at('issuing.crt'), () =>
    createIssuingCa({ root: rootIssuer, signer: issuingSigner, name, nowMs }),
  );
  await certificateOf(at('directory.crt'), async () =>
    issueLeaf({
      issuer: { certificate: issuing, signer: issuingSigner },
      request: await createRequest(directorySigner, 'directory'),
      role: 'directory',
      subject: { name },
      nowMs,
    }),
  );
  const crl = await createCrl({
    issuer: rootIssuer,
    revoked: [],
    number: 1,
    nowMs,
    // The root is offline: its list must live as long as what it vouches for.
    nextUpdateMs: issuing.notAfterMs,
  });
  await writeFileDurably(at('root.crl'), toPem(crl.bytes, 'X509 CRL'));
  await writeFileDurably(join(dir, 'root', 'root.crt'), toPem(root.bytes, 'CERTIFICATE'));
  await writeFileDurably(
    join(dir, 'root', 'README.txt'),
    `${TAKE_OFFLINE}\nSHA-256: ${groupFingerprint(root.sha256)}\n`,
  );
  return readRegistryKeys(dir);
}

/** Throws 'folder-damaged' naming the file that is missing or unreadable. */
export async function readRegistryKeys(dir: string): Promise<RegistryKeys> {
  const keys = new FileCustody(join(dir, 'keys'));
  const key = async (name: string): Promise<KeySigner> => {
    const signer = await keys.get(name).catch((cause) => {
      throw new LienthongError('folder-damaged', { where: keys.path(name) }, { cause });
    });
    if (signer === undefined) throw new LienthongError('folder-damaged', { where: keys.path(name) });
    return signer;
  };
  const text = (file: string) => requireText(join(dir, 'certificates', file));
  const certificate = async (file: string) =>
    readOr(join(dir, 'certificates', file), readCertificate, await text(file));
  return {
    root: await certificate('root.crt'),
    issuing: { certificate: await certificate('issuing.crt'), signer: await key('issuing') },
    directory: { certificate: await certificate('directory.crt'), signer: await key('directory') },
    node: await key('node'),
    rootCrl: readOr(join(dir, 'certificates', 'root.crl'), readCrl, await text('root.crl')).bytes,
  };
}

async function keyOf(custody: FileCustody, name: string, algorithm: KeyAlgorithm): Promise<KeySigner> {
  return (await custody.get(name)) ?? custody.create(name, algorithm);
}

async function certificateOf(path: string, make: () => Promise<Certificate>): Promise<Certificate> {
  const there = await readSmallFile(path, MAX_FILE_BYTES);
  if (there !== undefined) return readOr(path, readCertificate, new TextDecoder().decode(there));
  const made = await make();
  await writeFileDurably(path, toPem(made.bytes, 'CERTIFICATE'));
  return made;
}

async function requireText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new LienthongError(isMissing(cause) ? 'folder-damaged' : 'internal', { where: path }, { cause });
  }
}

function readOr<T>(path: string, read: (text: string) => T, text: string): T {
  try {
    return read(text);
  } catch (cause) {
    throw new LienthongError('folder-damaged', { where: path }, { cause });
  }
}
