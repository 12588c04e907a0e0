/**
 * A CA that nobody here wrote: root, a CA below it and leaves, all made by `openssl ca` in a temporary folder, with the
 * dates, keys and usages a test asks for, and lists of what it revoked.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Certificate, readCertificate } from '../../certs/certificate.ts';
import { OpenSsl } from '../certs/openssl.ts';

export const DAY_MS = 86_400_000;

export type ForeignKey = 'ec-256' | 'ec-384' | 'rsa-2048' | 'ec-521' | 'rsa-1024' | 'ed25519';

export interface ForeignInit {
  /** The CAs' present; they live a year from a day before it. */
  nowMs?: number;
  name?: string;
  key?: ForeignKey;
}

export interface LeafInit {
  key?: ForeignKey;
  subject?: string;
  fromMs?: number;
  untilMs?: number;
  keyUsage?: string;
  /** More lines of the extension section. */
  extensions?: readonly string[];
}

export interface ForeignLeaf {
  certificate: Certificate;
  /** PEM files. */
  certificateFile: string;
  keyFile: string;
}

/** One CA with its folder, database and serial numbers. */
export class ForeignCa {
  readonly folder: string;
  readonly certificateFile: string;
  readonly openssl: OpenSsl;
  readonly nowMs: number;
  #leaves = 0;

  private constructor(openssl: OpenSsl, folder: string, nowMs: number) {
    this.openssl = openssl;
    this.folder = folder;
    this.nowMs = nowMs;
    this.certificateFile = path.join(folder, 'ca.pem');
  }

  /** A root with its own folder, removed with the test. */
  static async root(
    t: { teardown(act: () => unknown): void },
    { nowMs = Date.now(), name = 'CA Gốc ngoài', key = 'rsa-2048' }: ForeignInit = {},
  ): Promise<ForeignCa> {
    const openssl = await OpenSsl.open();
    t.teardown(() => openssl.close());
    const ca = await ForeignCa.#folder(openssl, 'root', nowMs, key);
    await ca.#run('req', '-new', '-key', ca.#file('ca.key'), ...subject(name), '-out', ca.#file('ca.csr'));
    await ca.#sign(['-selfsign', '-keyfile', ca.#file('ca.key')], 'ca.csr', 'ca.pem', CA_LINES, {});
    return ca;
  }

  static async #folder(openssl: OpenSsl, name: string, nowMs: number, key: ForeignKey): Promise<ForeignCa> {
    const folder = path.join(openssl.folder, name);
    await mkdir(folder, { recursive: true });
    const ca = new ForeignCa(openssl, folder, nowMs);
    await writeFile(ca.#file('index.txt'), '');
    await writeFile(ca.#file('serial'), `${Buffer.from(name).toString('hex').slice(0, 8)}01\n`);
    await writeFile(ca.#file('crlnumber'), '01\n');
    await writeFile(ca.#file('ca.cnf'), configOf(folder));
    await ca.#key(key, 'ca.key');
    return ca;
  }

  /** A CA below this one. */
  async below(name = 'CA cấp dưới ngoài', init: LeafInit & { pathLength?: number } = {}): Promise<ForeignCa> {
    const folder = `below-${this.#leaves++}`;
    const ca = await ForeignCa.#folder(this.openssl, folder, this.nowMs, init.key ?? 'ec-384');
    const csr = path.join(ca.folder, 'ca.csr');
    await this.#run('req', '-new', '-key', path.join(ca.folder, 'ca.key'), ...subject(name), '-out', csr);
    await this.#sign(
      [],
      csr,
      path.join(ca.folder, 'ca.pem'),
      [...CA_LINES, ...(init.extensions ?? [])],
      init,
    );
    return ca;
  }

  async leaf(init: LeafInit = {}): Promise<ForeignLeaf> {
    const name = `leaf-${this.#leaves++}`;
    const [keyFile, csr, certificateFile] = ['key', 'csr', 'pem'].map((end) =>
      this.#file(`${name}.${end}`),
    ) as [string, string, string];
    await this.#key(init.key ?? 'ec-256', `${name}.key`);
    await this.#run('req', '-new', '-key', keyFile, ...subject(init.subject ?? 'Con dấu ngoài'), '-out', csr);
    const lines = [
      'basicConstraints=critical,CA:FALSE',
      ...(init.keyUsage === ''
        ? []
        : [`keyUsage=critical,${init.keyUsage ?? 'digitalSignature,nonRepudiation'}`]),
      'subjectKeyIdentifier=hash',
      'authorityKeyIdentifier=keyid',
      ...(init.extensions ?? []),
    ];
    await this.#sign([], csr, certificateFile, lines, init);
    return { certificate: await read(certificateFile), certificateFile, keyFile };
  }

  /** The CA's own certificate. */
  certificate(): Promise<Certificate> {
    return read(this.certificateFile);
  }

  async revoke(
    { certificateFile }: Pick<ForeignLeaf, 'certificateFile'>,
    reason = 'superseded',
  ): Promise<void> {
    await this.#run('ca', ...this.#config, '-revoke', certificateFile, '-crl_reason', reason);
  }

  /** A complete list of what is revoked, PEM; in force from a minute before `fromMs` for `days`. */
  async list({ fromMs = this.nowMs, days = 30 }: { fromMs?: number; days?: number } = {}): Promise<Buffer> {
    const out = this.#file('list.pem');
    await this.#run(
      ...['ca', ...this.#config, '-gencrl', '-out', out],
      ...['-crl_lastupdate', timeOf(fromMs - 60_000), '-crl_nextupdate', timeOf(fromMs + days * DAY_MS)],
    );
    return readFile(out);
  }

  get #config(): string[] {
    return ['-batch', '-config', this.#file('ca.cnf')];
  }

  async #sign(
    more: string[],
    csr: string,
    out: string,
    lines: readonly string[],
    init: LeafInit,
  ): Promise<void> {
    const extensions = this.#file('extensions.cnf');
    await writeFile(extensions, `${lines.join('\n')}\n`);
    const { fromMs = this.nowMs - DAY_MS, untilMs = this.nowMs + 365 * DAY_MS } = init;
    await this.#run(
      ...['ca', '-batch', '-notext', '-config', this.#file('ca.cnf'), ...more],
      ...['-in', path.resolve(this.folder, csr), '-out', path.resolve(this.folder, out)],
      ...['-startdate', timeOf(fromMs), '-enddate', timeOf(untilMs), '-extfile', extensions],
    );
  }

  async #key(kind: ForeignKey, name: string): Promise<void> {
    const [family, size] = kind.split('-') as [string, string];
    const words: Record<string, string[]> = {
      rsa: ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${size}`],
      ec: ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:P-${size}`],
      ed25519: ['-algorithm', 'ED25519'],
    };
    await this.#run('genpkey', ...words[family]!, '-out', this.#file(name));
  }

  #file(name: string): string {
    return path.join(this.folder, name);
  }

  async #run(...args: string[]): Promise<void> {
    const { ok, text } = await this.openssl.run(...args);
    if (!ok) throw new Error(`openssl ${args.join(' ')}\n${text}`);
  }
}

const CA_LINES = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
  'authorityKeyIdentifier=keyid',
];

const configOf = (folder: string): string => `[ca]
default_ca = own
[own]
database = ${folder}/index.txt
serial = ${folder}/serial
crlnumber = ${folder}/crlnumber
new_certs_dir = ${folder}
certificate = ${folder}/ca.pem
private_key = ${folder}/ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
crl_extensions = list
[any]
commonName = supplied
organizationName = optional
[list]
authorityKeyIdentifier = keyid
[req]
distinguished_name = names
[names]
`;

const subject = (name: string): string[] => ['-utf8', '-subj', `/CN=${name}`];

const read = async (file: string): Promise<Certificate> => readCertificate(await readFile(file, 'latin1'));

/** As `openssl ca` takes it: 20260312020000Z. */
const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
