/**
 * A signer's world made by the `openssl` command alone: CAs, signers, a time stamping authority, revocation lists and
 * CMS signatures, so that what is checked here was made by a tool nobody here wrote.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Certificate, readCertificate } from '../../certs/certificate.ts';
import { fromPem } from '../../certs/pem.ts';

const run = promisify(execFile);

export interface Holder {
  name: string;
  certificate: Certificate;
  /** Paths of PEM files. */
  certificateFile: string;
  keyFile: string;
}

export interface LeafOptions {
  key?: 'rsa:2048' | 'rsa:1024' | 'ec';
  fromMs?: number;
  toMs?: number;
  extensions?: string;
  subject?: string;
  /** An earlier holder's key instead of a new one. */
  keyFile?: string;
}

const DAY_MS = 86_400_000;
const SIGNER = 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation';
export const AUTHORITY_OF_TIME =
  'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping';
const CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign';
const KEY_IDS = 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid';

export class OpenSslPki {
  readonly folder: string;
  #files = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(t: { teardown(call: () => unknown): void }): Promise<OpenSslPki> {
    const folder = await mkdtemp(join(tmpdir(), 'lienthong-pdf-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    return new OpenSslPki(folder);
  }

  async run(...args: string[]): Promise<void> {
    await run('openssl', args, { cwd: this.folder, timeout: 30_000 });
  }

  async file(bytes: Uint8Array | string): Promise<string> {
    const path = join(this.folder, `file-${this.#files++}`);
    await writeFile(path, bytes);
    return path;
  }

  newPath = (): string => join(this.folder, `file-${this.#files++}`);

  /** A self-signed CA, older than what it issues, with a folder of its own. */
  async authority(name: string): Promise<Holder> {
    await this.#makeFolder(name);
    const keyFile = join(this.folder, name, 'key.pem');
    await this.#newKey('rsa:2048', keyFile);
    return this.#issue({ name, certificateFile: '', keyFile }, name, keyFile, {
      fromMs: Date.now() - 1000 * DAY_MS,
      toMs: Date.now() + 3650 * DAY_MS,
      extensions: CA,
      subject: `/C=VN/O=Ban Cơ yếu/CN=${name}`,
    });
  }

  async leaf(authority: Holder, name: string, options: LeafOptions = {}): Promise<Holder> {
    const keyFile = options.keyFile ?? this.newPath();
    if (options.keyFile === undefined) await this.#newKey(options.key ?? 'rsa:2048', keyFile);
    return this.#issue(authority, name, keyFile, options);
  }

  /** Below another CA. */
  async subordinate(authority: Holder, name: string): Promise<Holder> {
    const made = await this.leaf(authority, name, {
      extensions: CA,
      subject: `/C=VN/O=Ban Cơ yếu/CN=${name}`,
    });
    await this.#makeFolder(name);
    return made;
  }

  /** The authority's list of now, DER; revocations of now, or all of them dated otherwise. */
  async revocationList(
    authority: Holder,
    revoked: readonly Holder[] = [],
    revokedAtMs?: number,
  ): Promise<Uint8Array> {
    const config = await this.#configOf(authority, SIGNER);
    for (const { certificateFile } of revoked)
      await this.run('ca', '-config', config, '-revoke', certificateFile, '-crl_reason', 'keyCompromise');
    if (revokedAtMs !== undefined) {
      const index = join(this.folder, authority.name, 'index.txt');
      const rows = (await readFile(index, 'utf8')).replace(/\t\d{12}Z,/g, `\t${time(revokedAtMs).slice(2)},`);
      await writeFile(index, rows);
    }
    const path = this.newPath();
    await this.run('ca', '-config', config, '-gencrl', '-crldays', '30', '-out', path);
    return fromPem(await readFile(path, 'latin1'), 'X509 CRL');
  }

  /** A detached CMS signature, DER. */
  async sign(data: Uint8Array, signer: Holder, options: readonly string[] = ['-cades', '-md', 'sha256']) {
    const [input, output] = [await this.file(data), this.newPath()];
    await this.run(
      ...[
        'cms',
        '-sign',
        '-binary',
        '-in',
        input,
        '-signer',
        signer.certificateFile,
        '-inkey',
        signer.keyFile,
      ],
      ...['-outform', 'DER', '-out', output, ...options],
    );
    return new Uint8Array(await readFile(output));
  }

  /** An RFC 3161 token over the data, DER. */
  async timeStamp(data: Uint8Array, authority: Holder, digest = 'sha256'): Promise<Uint8Array> {
    const serial = await this.file('01\n');
    const config = await this.file(
      `[tsa]\ndefault_tsa=t\n[t]\nserial=${serial}\ndefault_policy=1.2.3.4\ndigests=sha1,sha256,sha512\nsigner_digest=sha256\naccuracy=secs:1\n`,
    );
    const [query, reply, token] = [this.newPath(), this.newPath(), this.newPath()];
    const input = await this.file(data);
    await this.run('ts', '-query', '-data', input, `-${digest}`, '-cert', '-out', query);
    await this.run(
      ...['ts', '-reply', '-config', config, '-queryfile', query, '-signer', authority.certificateFile],
      ...['-inkey', authority.keyFile, '-out', reply],
    );
    await this.run('ts', '-reply', '-config', config, '-in', reply, '-token_out', '-out', token);
    return new Uint8Array(await readFile(token));
  }

  async #makeFolder(name: string): Promise<void> {
    const folder = join(this.folder, name);
    await mkdir(folder);
    await writeFile(join(folder, 'index.txt'), '');
    await writeFile(join(folder, 'serial'), '1001\n');
    await writeFile(join(folder, 'crlnumber'), '01\n');
  }

  /** By the authority; by the key itself where the authority has no certificate yet. */
  async #issue(
    authority: Pick<Holder, 'name' | 'certificateFile' | 'keyFile'>,
    name: string,
    keyFile: string,
    options: LeafOptions,
  ): Promise<Holder> {
    const { fromMs = Date.now() - DAY_MS, toMs = Date.now() + 365 * DAY_MS, extensions = SIGNER } = options;
    const [certificateFile, request] = [this.newPath(), this.newPath()];
    const config = await this.file('[req]\ndistinguished_name=dn\n[dn]\n');
    const subject = options.subject ?? `/C=VN/O=Văn phòng Chính phủ/CN=${name}`;
    await this.run(
      ...['req', '-new', '-utf8', '-key', keyFile, '-out', request, '-subj', subject, '-config', config],
    );
    await this.run(
      ...['ca', '-batch', '-utf8', '-config', await this.#configOf(authority, extensions)],
      ...['-in', request, '-out', certificateFile, '-startdate', time(fromMs), '-enddate', time(toMs)],
      ...['-extensions', 'leaf', '-notext', ...(authority.certificateFile === '' ? ['-selfsign'] : [])],
    );
    const certificate = readCertificate(await readFile(certificateFile, 'latin1'));
    return { name, certificate, certificateFile, keyFile };
  }

  async #newKey(key: NonNullable<LeafOptions['key']>, path: string): Promise<void> {
    const [type, bits] = key.split(':');
    if (type === 'rsa') await this.run('genrsa', '-out', path, bits as string);
    else await this.run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path);
  }

  #configOf(
    { name, certificateFile, keyFile }: Pick<Holder, 'name' | 'certificateFile' | 'keyFile'>,
    extensions: string,
  ): Promise<string> {
    const at = (file: string) => join(this.folder, name, file);
    return this.file(
      [
        '[ca]\ndefault_ca=c\n[c]',
        `database=${at('index.txt')}\nserial=${at('serial')}\ncrlnumber=${at('crlnumber')}`,
        `new_certs_dir=${this.folder}\ncertificate=${certificateFile}\nprivate_key=${keyFile}`,
        'default_md=sha256\npolicy=p\nunique_subject=no\ncrl_extensions=crl\nemail_in_dn=no',
        '[p]\ncountryName=optional\norganizationName=optional\ncommonName=supplied',
        `[leaf]\n${extensions}\n${KEY_IDS}\n[crl]\nauthorityKeyIdentifier=keyid\n`,
      ].join('\n'),
    );
  }
}

/** As `openssl ca` wants it. */
const time = (ms: number): string => `${new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')}`;
