/** What a signature binds: change one thing of a good envelope and the check names what no longer holds. */
import t from 'tap';
import { type Bytes, sha256, utf8 } from '../../node/core/bytes.ts';
import { coveredBytes, idOf } from '../../node/signing/envelope.ts';
import { roleOfWire, wireOfRole } from '../../node/signing/roles.ts';
import { addSignature, sign, signBatch } from '../../node/signing/sign.ts';
import { checkSignatures, type SignatureFault, VerifiedRoots } from '../../node/signing/verify.ts';
import { type Signed, scope as scopeCodec, signed as signedCodec } from '../../proto/messages.ts';
import { claims, federationId, finder, p256, p384, rsa } from './keys.ts';

const [service, seal, initials, other] = [p256(), p384(), rsa('initials'), p256()];
const find = finder(service, seal, initials, other);
const statement = { kind: 'document/1', payload: utf8('Quyết định 274/QĐ-TTg') };

const check = (envelope: Bytes | Signed, federation = federationId) =>
  checkSignatures(
    envelope instanceof Uint8Array ? signedCodec.parse(envelope) : envelope,
    federation,
    find,
    new VerifiedRoots(),
  ).map(({ fault }) => fault);

/** The envelope with something of it changed, encoded and parsed again: what a forger could send. */
function altered(envelope: Bytes, change: (signed: Signed) => void): Signed {
  const signed = signedCodec.parse(Uint8Array.from(envelope));
  change(signed);
  return signedCodec.parse(signedCodec.encode(signed));
}

const rescoped = (bytes: Bytes, change: Record<string, unknown>): Bytes =>
  scopeCodec.encode({ ...scopeCodec.parse(bytes), ...change } as never);

const single = await sign(statement, service.identity, claims);
const batch = await signBatch(
  Array.from({ length: 5 }, (_, i) => ({ kind: 'dispatch/1', payload: utf8(`dispatch ${i}`) })),
  service.identity,
  claims,
);
const initialled = await sign(statement, initials.identity, claims);
const sealed = await addSignature(initialled, seal.identity, {
  ...claims,
  claimedAtMs: claims.claimedAtMs + 1,
});

t.test('good ones: single, batch, several', async (t) => {
  t.strictSame(check(single), [undefined]);
  for (const envelope of batch) t.strictSame(check(envelope), [undefined]);
  t.strictSame(check(sealed), [undefined, undefined]);
  const [first, last] = checkSignatures(signedCodec.parse(sealed), federationId, find, new VerifiedRoots());
  t.match(first, { role: 'initials', claimedAtMs: claims.claimedAtMs, certificate: initials.certificate });
  t.match(last, {
    role: 'seal',
    claimedAtMs: claims.claimedAtMs + 1,
    certificateSha256: seal.certificate.sha256,
  });
  t.strictSame(
    checkSignatures(
      altered(single, (s) => (s.signatures = [])),
      federationId,
      find,
      new VerifiedRoots(),
    ),
    [],
  );
});

const SCOPES: [string, Record<string, unknown>, SignatureFault][] = [
  ['re-dated', { claimedAtMs: claims.claimedAtMs - 1 }, 'bad-signature'],
  ['re-roled', { role: wireOfRole('seal') }, 'bad-signature'],
  ['said under another head', { headHash: sha256(utf8('another')) }, 'bad-signature'],
  ['said under no head', { headHash: new Uint8Array(0) }, 'bad-signature'],
  ['for another federation', { federationId: sha256(utf8('sandbox')) }, 'other-federation'],
  ['of another kind', { kind: 'receipt/1' }, 'other-kind'],
  ['of another certificate', { certificateSha256: other.certificate.sha256 }, 'bad-signature'],
  ['of an unknown certificate', { certificateSha256: sha256(utf8('nobody')) }, 'unknown-certificate'],
  ['after a signature that is not there', { earlierScopes: [sha256(utf8('x'))] }, 'broken-order'],
];
for (const [what, change, fault] of SCOPES) {
  t.test(`a signature ${what}: ${fault}`, async (t) => {
    for (const [form, envelope] of [
      ['single', single],
      ['batch', batch[2]!],
    ] as const) {
      const forged = altered(envelope, ({ signatures }) => {
        signatures[0]!.scope = rescoped(signatures[0]!.scope, change);
      });
      t.strictSame(check(forged), [fault], form);
    }
  });
}

t.test('another payload or another kind is not what was signed', async (t) => {
  for (const envelope of [single, batch[0]!]) {
    t.strictSame(check(altered(envelope, (signed) => (signed.payload = utf8('other')))), ['bad-signature']);
    t.strictSame(check(altered(envelope, (signed) => (signed.kind = 'status/1'))), ['other-kind']);
  }
});

t.test('the same bytes say nothing in another federation', async (t) => {
  t.strictSame(check(single, sha256(utf8('sandbox'))), ['other-federation']);
});

t.test('none of several can be stripped, swapped, repeated or added before the last', async (t) => {
  const strip = (at: number) => altered(sealed, ({ signatures }) => signatures.splice(at, 1));
  t.strictSame(check(strip(0)), ['broken-order'], 'the initials stripped');
  t.strictSame(check(strip(1)), [undefined], 'without its seal it is only initialled');
  const swapped = altered(sealed, ({ signatures }) => signatures.reverse());
  t.strictSame(check(swapped), ['broken-order', 'broken-order']);
  const doubled = altered(sealed, ({ signatures }) => signatures.splice(1, 0, signatures[0]!));
  t.strictSame(check(doubled), [undefined, 'broken-order', 'broken-order']);
  const resigned = await sign(statement, initials.identity, {
    ...claims,
    claimedAtMs: claims.claimedAtMs + 9,
  });
  const redated = altered(sealed, ({ signatures }) =>
    signatures.splice(0, 1, signedCodec.parse(resigned).signatures[0]!),
  );
  t.strictSame(
    check(redated),
    [undefined, 'broken-order'],
    'initials made again later: the seal named the first',
  );
});

t.test('a malleable signature value changes no scope and no id', async (t) => {
  const again = await sign(statement, service.identity, claims);
  t.notSame(again, single, 'ECDSA is random');
  const id = idOf(statement.kind, federationId, statement.payload);
  t.same(idOf(statement.kind, federationId, signedCodec.parse(again).payload), id);
  t.notSame(idOf('receipt/1', federationId, statement.payload), id);
  t.notSame(idOf(statement.kind, sha256(utf8('sandbox')), statement.payload), id);
});

t.test('a batch path says one place in one tree', async (t) => {
  const path = (change: Record<string, unknown>) =>
    check(
      altered(batch[1]!, ({ signatures }) => {
        const kept = signatures[0]!.batch!;
        signatures[0]!.batch = { ...kept, ...change } as never;
      }),
    );
  const { siblings } = signedCodec.parse(batch[1]!).signatures[0]!.batch!;
  t.strictSame(path({ index: 2 }), ['bad-signature']);
  t.strictSame(path({ index: 5 }), ['bad-batch-path'], 'an index beyond the tree');
  t.strictSame(path({ size: 3 }), ['bad-batch-path'], 'a tree too small for the path');
  t.strictSame(path({ size: 2 ** 50 }), ['bad-batch-path'], 'a tree too large for it');
  t.strictSame(path({ siblings: siblings!.slice(1) }), ['bad-batch-path']);
  t.strictSame(path({ siblings: [...siblings!].reverse() }), ['bad-signature']);
  const foreign = signedCodec.parse(batch[3]!).signatures[0]!.batch!;
  t.strictSame(path(foreign as never), ['bad-signature'], 'the path of another item');
});

t.test('single and batch form are not taken for each other', async (t) => {
  const withPath = altered(single, ({ signatures }) => {
    signatures[0]!.batch = { index: 0, size: 1, siblings: [] } as never;
  });
  t.strictSame(check(withPath), ['bad-signature']);
  const without = altered(batch[0]!, ({ signatures }) => {
    signatures[0]!.batch = null as never;
  });
  t.strictSame(check(without), ['bad-signature']);
});

t.test('a scope that is not exactly one scope is named, and stops nothing else', async (t) => {
  const broken = altered(sealed, ({ signatures }) => {
    signatures[0]!.scope = new Uint8Array([...signatures[0]!.scope, 0x3a, 0]);
  });
  t.strictSame(check(broken), ['malformed-scope', 'broken-order']);
});

t.test('a role this version does not know is no role', async (t) => {
  t.equal(roleOfWire(0), undefined);
  t.equal(roleOfWire(8), undefined);
  for (const role of ['node', 'service', 'seal', 'directory', 'root', 'initials', 'leader'] as const)
    t.equal(roleOfWire(wireOfRole(role)), role);
});

t.test('covered bytes part scope and payload where they part', async (t) => {
  t.notSame(coveredBytes(utf8('ab'), utf8('c')), coveredBytes(utf8('a'), utf8('bc')));
});

t.test('a signature with the wrong kind of bytes is false, not an error', async (t) => {
  for (const value of [utf8('x'), new Uint8Array(1024), new Uint8Array(64)]) {
    const forged = altered(sealed, ({ signatures }) => {
      for (const signature of signatures) signature.value = value;
    });
    t.strictSame(check(forged), ['bad-signature', 'bad-signature']);
  }
});
