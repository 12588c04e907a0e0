/** Signatures checked by OpenSSL and sha256sum alone, from the bytes of the envelope. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { type Bytes, concat, hex, uint32be, utf8 } from '../../node/core/bytes.ts';
import { addSignature, sign, signBatch } from '../../node/signing/sign.ts';
import { signed as signedCodec } from '../../proto/messages.ts';
import { claims, type Party, p256, p384, rsa } from './keys.ts';

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'lienthong-signing-'));
t.teardown(() => rm(folder, { recursive: true }));

async function opensslSays(party: Party, covered: Bytes, value: Bytes): Promise<boolean> {
  const file = (name: string) => join(folder, name);
  await writeFile(file('key.pem'), party.publicPem);
  await writeFile(file('covered'), covered);
  await writeFile(file('value'), value);
  const args = ['dgst', '-sha256', '-verify', file('key.pem'), '-signature', file('value'), file('covered')];
  return run('openssl', args).then(
    ({ stdout }) => stdout.includes('Verified OK'),
    () => false,
  );
}

/** SHA-256 as sha256sum prints it. */
async function sha256sum(bytes: Bytes): Promise<Bytes> {
  const path = join(folder, 'hashed');
  await writeFile(path, bytes);
  const { stdout } = await run('sha256sum', [path]);
  return new Uint8Array(Buffer.from(stdout.slice(0, 64), 'hex'));
}

const statement = { kind: 'document/1', payload: utf8('Quyết định 274/QĐ-TTg') };
const single = (scope: Bytes, payload: Bytes) =>
  concat(utf8('lienthong/v1\0'), uint32be(scope.byteLength), scope, payload);

for (const [name, party] of [
  ['P-256', p256()],
  ['P-384', p384()],
  ['RSA-2048', rsa()],
] as const) {
  t.test(`${name}, single form`, async (t) => {
    const envelope = signedCodec.parse(await sign(statement, party.identity, claims));
    const { scope, value } = envelope.signatures[0]!;
    t.ok(await opensslSays(party, single(scope!, envelope.payload), value!));
    t.notOk(await opensslSays(party, single(scope!, utf8('other')), value!));
  });

  t.test(`${name}, batch form`, async (t) => {
    const statements = Array.from({ length: 5 }, (_, i) => ({
      kind: 'receipt/1',
      payload: utf8(`receipt ${i}`),
    }));
    for (const [index, bytes] of (await signBatch(statements, party.identity, claims)).entries()) {
      const { payload, signatures } = signedCodec.parse(bytes);
      const { scope, value, batch } = signatures[0]!;
      // by hand for five leaves: 0–3 a perfect tree, 4 alone on the right
      let root = await sha256sum(concat(Uint8Array.of(0), await sha256sum(single(scope!, payload))));
      for (const [level, sibling] of batch!.siblings!.entries()) {
        const isRight = index === 4 || (index >> level) % 2 === 1;
        root = await sha256sum(concat(Uint8Array.of(1), ...(isRight ? [sibling, root] : [root, sibling])));
      }
      t.ok(
        await opensslSays(party, concat(utf8('lienthong/v1/batch\0'), root), value!),
        `${index}: ${hex(root)}`,
      );
    }
  });
}

t.test('each of several signatures by its own', async (t) => {
  const [initials, seal] = [p256('initials'), rsa('seal')];
  const envelope = await addSignature(
    await sign(statement, initials.identity, claims),
    seal.identity,
    claims,
  );
  const { payload, signatures } = signedCodec.parse(envelope);
  for (const [i, party] of [initials, seal].entries()) {
    const { scope, value } = signatures[i]!;
    t.ok(await opensslSays(party, single(scope!, payload), value!));
  }
});
