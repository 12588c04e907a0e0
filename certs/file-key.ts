/**
 * Private keys in files: PKCS#8 PEM, mode 0600 from the first byte (the temporary file is created with it, whatever
 * the umask), written, fsynced, then moved to its name, then the folder fsynced. A crash between any two steps
 * leaves either no key or the whole key, beside at most a temporary file nobody reads. A key is never replaced,
 * and a file that others may read is refused, as ssh does.
 */
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { link, lstat, open, rename, type stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CertsError } from './errors.ts';
import { generateKey, type KeyAlgorithm, KeySigner } from './keys.ts';
import type { KeyCustody } from './signer.ts';

/** An RSA-4096 key in PEM is 3.2 KB. */
const maxKeyFileBytes = 16 * 1024;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Moves without replacing; where the file system has no hard links, a look before the rename must do. */
async function moveNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await unlink(from);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error) ?? '')) throw error;
    const taken = await lstat(to).catch(() => undefined);
    if (taken !== undefined) {
      throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    }
    await rename(from, to);
  }
}

/** Writes a private key to a new file. Throws CertsError `key-file-exists`, else the file system's error. */
export async function writeKeyFile(path: string, privateKey: KeyObject): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(pem);
      await file.sync();
    } finally {
      await file.close();
    }
    await moveNew(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new CertsError('key-file-exists', `A key file already exists: ${path}`, { cause: error });
  }
}

/**
 * Reads a private key. Throws CertsError `key-file-missing`, `key-file-permissions` (group or others may use it)
 * or `key-file-damaged` (not one unencrypted PKCS#8 key of a supported kind).
 */
export async function readKeyFile(path: string): Promise<KeySigner> {
  let facts: Awaited<ReturnType<typeof stat>>;
  let pem: Buffer;
  try {
    const file = await open(path, 'r');
    try {
      facts = await file.stat();
      if (!facts.isFile() || facts.size > maxKeyFileBytes) {
        throw new CertsError('key-file-damaged', `Not a key file: ${path}`);
      }
      pem = await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new CertsError('key-file-missing', `No key file: ${path}`, { cause: error });
  }
  if (facts.mode & 0o077) {
    throw new CertsError('key-file-permissions', `Others may read this private key (chmod 600): ${path}`);
  }
  try {
    return new KeySigner(createPrivateKey({ key: pem, format: 'pem' }));
  } catch (error) {
    throw new CertsError('key-file-damaged', `Not a usable private key: ${path}`, { cause: error });
  }
}

/** Keys as `<folder>/<name>.key`; the folder must exist. */
export class FileCustody implements KeyCustody {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  path(name: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw new CertsError('key-unsupported', `Not a key name: ${name}`);
    }
    return join(this.#folder, `${name}.key`);
  }

  async create(name: string, algorithm: KeyAlgorithm): Promise<KeySigner> {
    const key = await generateKey(algorithm);
    await writeKeyFile(this.path(name), key);
    return new KeySigner(key);
  }

  async get(name: string): Promise<KeySigner | undefined> {
    try {
      return await readKeyFile(this.path(name));
    } catch (error) {
      if (error instanceof CertsError && error.code === 'key-file-missing') return undefined;
      throw error;
    }
  }
}
