/**
 * The `openssl` command as the second opinion of the tests: it was written by nobody here.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PemLabel, toPem } from '../../certs/pem.ts';

export interface Answer {
  ok: boolean;
  /** Standard output and error together. */
  text: string;
}

export class OpenSsl {
  readonly folder: string;
  #files = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<OpenSsl> {
    return new OpenSsl(await mkdtemp(join(tmpdir(), 'lienthong-certs-')));
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  run(...args: string[]): Promise<Answer> {
    return new Promise((resolve) => {
      const options = { timeout: 20_000, maxBuffer: 16 * 1024 * 1024, cwd: this.folder };
      execFile('openssl', args, options, (error, stdout, stderr) => {
        resolve({ ok: error === null, text: `${stdout}${stderr}` });
      });
    });
  }

  /** Writes bytes (or DER as PEM, where a label is given) to a new file and answers its path. */
  async file(bytes: Uint8Array, label?: PemLabel): Promise<string> {
    const path = join(this.folder, `${this.#files++}`);
    await writeFile(path, label === undefined ? bytes : toPem(bytes, label));
    return path;
  }

  async files(list: readonly Uint8Array[], label: PemLabel): Promise<string> {
    return this.file(Buffer.from(list.map((bytes) => toPem(bytes, label)).join('')));
  }

  /**
   * `openssl verify` as strict as it gets: RFC 5280's rules for every CA, 112-bit strength, every certificate's
   * revocation list, trust in the given anchors alone.
   */
  async verify(input: {
    leaf: Uint8Array;
    intermediates: readonly Uint8Array[];
    anchors: readonly Uint8Array[];
    crls: readonly Uint8Array[];
    atMs: number;
    options?: readonly string[];
  }): Promise<Answer> {
    const args = [
      'verify',
      '-x509_strict',
      '-auth_level',
      '2',
      '-crl_check_all',
      '-no-CApath',
      '-no-CAstore',
    ];
    args.push('-attime', String(Math.floor(input.atMs / 1000)));
    args.push('-CAfile', await this.files(input.anchors, 'CERTIFICATE'));
    for (const crl of input.crls) args.push('-CRLfile', await this.file(crl, 'X509 CRL'));
    if (input.intermediates.length > 0) {
      args.push('-untrusted', await this.files(input.intermediates, 'CERTIFICATE'));
    }
    return this.run(...args, ...(input.options ?? []), await this.file(input.leaf, 'CERTIFICATE'));
  }
}
