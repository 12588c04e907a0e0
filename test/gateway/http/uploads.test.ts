/** The one way files come in: limits hold for what is declared and for what comes, on every route that takes files. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LienthongError } from '../../../node/core/errors.ts';
import { MAX_ATTACHMENT_BYTES } from '../../../node/core/field-limits.ts';
import { EDXML_LIMITS } from '../../../node/edxml/limits.ts';
import { buildApp } from '../../../node/gateway/http/app.ts';
import { openNodeDoor } from '../../../node/gateway/http/door.ts';
import { onlyStreams, takeStream } from '../../../node/gateway/http/uploads.ts';
import { temporaryFolder } from '../../helpers/command-line.ts';
import { MemoryNode } from '../../helpers/memory-node.ts';

const OCTETS = { 'content-type': 'application/octet-stream' };
const MAX_BYTES = 100_000;

/** Begins an upload; nothing but these headers is sent by itself. */
const upload = (socketPath: string, path: string, headers: object) =>
  request({ socketPath, path, method: 'POST', agent: false, headers: { ...OCTETS, ...headers } });

async function answerOf(outgoing: ReturnType<typeof upload>) {
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) text += piece;
  return { status: answer.statusCode, body: JSON.parse(text) };
}

for (const [path, maxBytes] of [
  ['/v1/blobs', MAX_ATTACHMENT_BYTES],
  ['/v1/edxml', EDXML_LIMITS.fileBytes],
] as const)
  t.test(`${path}: a declared size above the limit is refused before a byte has come`, async (t) => {
    const node = new MemoryNode();
    let asked = 0;
    const take = async () => {
      asked++;
      throw new LienthongError('disk-full', { where: 'x' });
    };
    Object.assign(node, { storeBlob: take, importEdxml: take });
    const door = await openNodeDoor(node, { folder: await temporaryFolder(t) });
    t.teardown(() => door.close());
    const declare = async (size: number) => {
      const outgoing = upload(door.path, path, { 'content-length': String(size) });
      outgoing.on('error', () => undefined).flushHeaders();
      const answer = await answerOf(outgoing);
      outgoing.destroy();
      return answer;
    };
    const error = { code: 'file-too-large', details: { bytes: maxBytes + 1, maxBytes } };
    t.match(await declare(maxBytes + 1), { status: 413, body: { error } });
    t.equal(asked, 0);
    t.match(
      await declare(maxBytes),
      { status: 507, body: { error: { code: 'disk-full' } } },
      'the limit itself may come',
    );
    t.equal(asked, 1);
  });

async function small(t: Test) {
  const app = buildApp({ report: () => undefined });
  const taken: number[] = [];
  app.register(async (scope) => {
    onlyStreams(scope, ['application/octet-stream']);
    scope.post('/', (call) =>
      takeStream(call, MAX_BYTES, async (source) => {
        let bytes = 0;
        for await (const piece of source) {
          bytes += piece.byteLength;
          taken.push(bytes);
        }
        return { bytes };
      }),
    );
  });
  const path = join(await temporaryFolder(t), 'app.sock');
  await app.listen({ path });
  t.teardown(() => app.close());
  return { path, taken };
}

t.test(
  'an undeclared size is counted: up to the limit it comes, beyond it is refused, none is empty',
  async (t) => {
    const { path, taken } = await small(t);
    const chunked = (size: number) => {
      const outgoing = upload(path, '/', { 'transfer-encoding': 'chunked', connection: 'keep-alive' });
      const step = 30_000;
      for (let at = 0; at < size; at += step) outgoing.write(Buffer.alloc(Math.min(step, size - at)));
      outgoing.end();
      return answerOf(outgoing);
    };
    t.same(await chunked(MAX_BYTES), { status: 200, body: { bytes: MAX_BYTES } });
    t.match(await chunked(MAX_BYTES + 1), { status: 413, body: { error: { code: 'file-too-large' } } });
    t.match(await chunked(4_000_000), { status: 413, body: { error: { code: 'file-too-large' } } });
    t.ok(
      taken.every((bytes) => bytes <= MAX_BYTES),
      'nothing beyond the limit is handed on',
    );
    t.match(await chunked(0), { status: 422, body: { error: { code: 'file-empty' } } });
  },
);
