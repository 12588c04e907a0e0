/**
 * The receiving end of the baseline, a process of its own: what an ordinary HTTPS service would do. Per document it
 * verifies the sender's signature with the key of the TLS certificate, puts document and signed receipt in LevelDB
 * with one synced batch, and answers the receipt. An annex is hashed while it is written, fsynced, compared with the
 * hash in the sender's trailer, and then acknowledged the same way. Started by baseline.ts with an IPC channel; ends
 * when that closes.
 */
import { createHash, createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { Level } from 'level';
import type { EndKeys } from './baseline-keys.ts';

/** First message from the parent. */
export interface ServerSetup {
  keys: EndKeys;
  dir: string;
}

const MAX_DOCUMENT_BYTES = 4 * 2 ** 20;
const WRITE_BUFFER_BYTES = 4 * 2 ** 20;
const senderKeys = new WeakMap<object, KeyObject>();

function senderKey(socket: TLSSocket): KeyObject {
  let key = senderKeys.get(socket);
  if (!key) {
    const certificate = socket.getPeerX509Certificate();
    if (!certificate) throw new Error('no client certificate');
    key = certificate.publicKey;
    senderKeys.set(socket, key);
  }
  return key;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_DOCUMENT_BYTES) throw new RangeError('document too large');
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}

/** Writes the body to `file`, fsynced; its SHA-256 in hex and size. */
async function receiveFile(
  request: IncomingMessage,
  file: string,
): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  const hashed = new Transform({
    transform(part: Buffer, _encoding, done) {
      hash.update(part);
      size += part.length;
      done(null, part);
    },
  });
  await pipeline(
    request,
    hashed,
    createWriteStream(file, { highWaterMark: WRITE_BUFFER_BYTES, flush: true }),
  );
  return { sha256: hash.digest('hex'), size };
}

process.once('message', async ({ keys, dir }: ServerSetup) => {
  const db = new Level<string, Buffer>(path.join(dir, 'server'), { valueEncoding: 'buffer' });
  await db.open();
  const privateKey = createPrivateKey(keys.key);

  const acknowledge = (answer: ServerResponse, receipt: Buffer, signature: Buffer) => {
    answer.setHeader('x-signature', signature.toString('base64'));
    answer.end(receipt);
  };
  const receipted = (fields: object): { receipt: Buffer; signature: Buffer } => {
    const receipt = Buffer.from(JSON.stringify({ ...fields, at: new Date().toISOString() }));
    return { receipt, signature: sign('sha256', receipt, privateKey) };
  };

  async function document(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const signature = Buffer.from(String(request.headers['x-signature']), 'base64');
    if (!verify('sha256', body, senderKey(request.socket as TLSSocket), signature)) {
      answer.writeHead(403).end();
      return;
    }
    const sha256 = createHash('sha256').update(body).digest('hex');
    const { receipt, signature: receiptSignature } = receipted({ sha256, size: body.length });
    const id = String(request.headers['x-id']);
    await db.batch(
      [
        { type: 'put', key: `document/${id}`, value: Buffer.concat([signature, body]) },
        { type: 'put', key: `receipt/${id}`, value: Buffer.concat([receiptSignature, receipt]) },
      ],
      { sync: true },
    );
    acknowledge(answer, receipt, receiptSignature);
  }

  async function annex(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const id = String(request.headers['x-id']);
    const { sha256, size } = await receiveFile(request, path.join(dir, `annex-${id.replaceAll('/', '')}`));
    if (request.trailers['x-sha256'] !== sha256) {
      answer.writeHead(422).end();
      return;
    }
    const { receipt, signature } = receipted({ sha256, size });
    await db.put(`receipt/${id}`, Buffer.concat([signature, receipt]), { sync: true });
    acknowledge(answer, receipt, signature);
  }

  const server = createServer(
    { ...keys, requestCert: true, rejectUnauthorized: true, noDelay: true },
    (request, answer) => {
      const handle = request.url === '/annex' ? annex : document;
      handle(request, answer).catch((error) => {
        if (error instanceof RangeError) {
          answer.writeHead(413).end();
          return;
        }
        console.error(error);
        answer.destroy();
      });
    },
  );
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.once('disconnect', () => {
    server.closeAllConnections();
    server.close(() => db.close());
  });
});
