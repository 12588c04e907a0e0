/**
 * What every figure of the exchange is set beside: the same work done the way an integrator would without this
 * project. A node:https client and server, two processes, mutual TLS with keep-alive; each document signed (P-256)
 * and verified, each receipt signed and verified, everything hashed, one synced LevelDB write at each end per document
 * (the sender's holds document and receipt). `runBaseline` is called by scripts/bench/NAME.ts in the same run.
 */
import { type ChildProcess, fork } from 'node:child_process';
import {
  createHash,
  createPrivateKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Level } from 'level';
import { type EndKeys, makeEndKeys } from './baseline-keys.ts';
import type { ServerSetup } from './baseline-server.ts';
import { writeRandom } from './random-file.ts';
import { type Measured, median, percentile } from './report.ts';

export interface BaselineOptions {
  /**
   * documents: `n` documents, 64 in flight → documents/s. latency: `n` documents one at a time → ms (p50).
   * annex: `n` uploads of one file → MB/s (median; 1 MB = 10^6 bytes).
   */
  name: 'documents' | 'latency' | 'annex';
  n: number;
  /** Size of one document or of the file. */
  bytes: number;
  /** Requests in flight of `documents`; 64 without. */
  inFlight?: number;
  /** Where the temporary folder goes: give the disk the compared figure uses. The system's temporary folder without. */
  within?: string;
}

const IN_FLIGHT = 64;
/** Documents sent before the clock starts: connections open, code is compiled. */
const WARM_UP_SHARE = 0.1;
const START_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 600_000;
const FILE_CHUNK_BYTES = 2 ** 18;

class Client {
  readonly #keys: EndKeys;
  readonly #key: KeyObject;
  readonly #serverKey: KeyObject;
  readonly #port: number;
  readonly #agent: Agent;
  readonly #db: Level<string, Buffer>;

  constructor(keys: EndKeys, serverCertificate: string, port: number, dir: string, sockets: number) {
    this.#keys = keys;
    this.#key = createPrivateKey(keys.key);
    this.#serverKey = new X509Certificate(serverCertificate).publicKey;
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets });
    this.#db = new Level(path.join(dir, 'client'), { valueEncoding: 'buffer' });
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.#db.close();
  }

  #post(url: string, headers: Record<string, string>) {
    return request({
      ...this.#keys,
      host: '127.0.0.1',
      port: this.#port,
      path: url,
      method: 'POST',
      agent: this.#agent,
      headers,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  }

  /** Checks the answered receipt and gives what is stored of it. */
  async #receipt(call: ReturnType<typeof request>, sha256: () => string): Promise<Buffer> {
    const [answer] = await once(call, 'response');
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part);
    const receipt = Buffer.concat(parts);
    if (answer.statusCode !== 200) throw new Error(`baseline server answered ${answer.statusCode}`);
    const signature = Buffer.from(String(answer.headers['x-signature']), 'base64');
    if (!verify('sha256', receipt, this.#serverKey, signature)) throw new Error('receipt not signed');
    if (JSON.parse(receipt.toString()).sha256 !== sha256()) throw new Error('receipt for other bytes');
    return Buffer.concat([signature, receipt]);
  }

  /** From "send" to "receipt stored". */
  async sendDocument(id: string, body: Buffer): Promise<void> {
    const signature = sign('sha256', body, this.#key);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const headers = {
      'x-id': id,
      'x-signature': signature.toString('base64'),
      'content-length': `${body.length}`,
    };
    const call = this.#post('/documents', headers);
    call.end(body);
    const receipt = await this.#receipt(call, () => sha256);
    await this.#db.batch(
      [
        { type: 'put', key: `document/${id}`, value: Buffer.concat([signature, body]) },
        { type: 'put', key: `receipt/${id}`, value: receipt },
      ],
      { sync: true },
    );
  }

  /** The file is hashed as it leaves; the hash goes in the trailer, the receipt must name the same. */
  async sendFile(id: string, file: string): Promise<void> {
    const hash = createHash('sha256');
    let sha256 = '';
    const call = this.#post('/annex', { 'x-id': id, trailer: 'x-sha256', 'transfer-encoding': 'chunked' });
    const hashed = new Transform({
      highWaterMark: FILE_CHUNK_BYTES,
      transform(part: Buffer, _encoding, done) {
        hash.update(part);
        done(null, part);
      },
      flush(done) {
        sha256 = hash.digest('hex');
        call.addTrailers({ 'x-sha256': sha256 });
        done();
      },
    });
    const receipt = this.#receipt(call, () => sha256);
    await pipeline(createReadStream(file, { highWaterMark: FILE_CHUNK_BYTES }), hashed, call);
    await this.#db.put(`receipt/${id}`, await receipt, { sync: true });
  }
}

/** The server process, listening; its port. */
async function startServer(setup: ServerSetup): Promise<{ server: ChildProcess; port: number }> {
  const server = fork(path.join(import.meta.dirname, 'baseline-server.ts'));
  server.send(setup);
  try {
    const [message] = await once(server, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
    return { server, port: (message as { port: number }).port };
  } catch (cause) {
    server.kill();
    throw new Error('the baseline server did not start', { cause });
  }
}

/** Sends `n` documents with at most `inFlight` out at a time; ms of each, and of all together. */
async function sendMany(client: Client, prefix: string, n: number, bytes: number, inFlight: number) {
  const each: number[] = [];
  const content = randomBytes(bytes);
  let next = 0;
  const worker = async () => {
    while (next < n) {
      const id = `${prefix}-${next++}`;
      const body = Buffer.from(content);
      body.write(id);
      const startedAt = performance.now();
      await client.sendDocument(id, body);
      each.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { each, allMs: performance.now() - startedAt };
}

async function measure(client: Client, dir: string, options: BaselineOptions): Promise<Measured> {
  const { name, n, bytes } = options;
  if (name === 'annex') {
    const file = path.join(dir, 'source');
    await writeRandom(file, bytes);
    const ms: number[] = [];
    for (let at = 0; at < n; at++) {
      const startedAt = performance.now();
      await client.sendFile(`annex-${at}`, file);
      ms.push(performance.now() - startedAt);
    }
    return { value: bytes / 1000 / median(ms), unit: 'MB/s', p95: null, n };
  }
  const inFlight = name === 'documents' ? (options.inFlight ?? IN_FLIGHT) : 1;
  await sendMany(client, 'warm-up', Math.ceil(n * WARM_UP_SHARE), bytes, inFlight);
  const { each, allMs } = await sendMany(client, 'measured', n, bytes, inFlight);
  const p95 = percentile(each, 0.95);
  if (name === 'latency') return { value: median(each), unit: 'ms', p95, n };
  return { value: (n * 1000) / allMs, unit: 'documents/s', p95, n };
}

/** Runs one baseline in a temporary folder that is removed afterwards; both processes end with it. */
export async function runBaseline(options: BaselineOptions): Promise<Measured> {
  const dir = await mkdtemp(path.join(options.within ?? os.tmpdir(), 'lienthong-baseline-'));
  try {
    const keys = await makeEndKeys();
    const { server, port } = await startServer({ keys: keys.server, dir });
    const exited = once(server, 'exit');
    const client = new Client(keys.client, keys.server.cert, port, dir, options.inFlight ?? IN_FLIGHT);
    try {
      return await measure(client, dir, options);
    } finally {
      await client.close();
      if (server.connected) server.disconnect();
      await exited;
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
