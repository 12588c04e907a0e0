/** One signature for what comes together, none shared between identities, and roots remembered within bounds. */
import t from 'tap';
import { type Bytes, hex, sha256, utf8 } from '../../node/core/bytes.ts';
import { BatchSigner } from '../../node/signing/batch-signer.ts';
import { signBatch } from '../../node/signing/sign.ts';
import { checkSignatures, VerifiedRoots } from '../../node/signing/verify.ts';
import { signed as signedCodec } from '../../proto/messages.ts';
import { claims, federationId, finder, type Party, p256, p384 } from './keys.ts';

const statement = (i: number) => ({ kind: 'receipt/1', payload: utf8(`receipt ${i}`) });
const many = (count: number) => Array.from({ length: count }, (_, i) => statement(i));
const signatureOf = (envelope: Bytes) => signedCodec.parse(envelope).signatures[0]!;
const faults = (envelope: Bytes, party: Party, roots = new VerifiedRoots()) =>
  checkSignatures(signedCodec.parse(envelope), federationId, finder(party), roots).map(({ fault }) => fault);

t.test('one alone is signed alone, in single form', async (t) => {
  const party = p256();
  const signer = new BatchSigner(() => claims);
  const envelope = await signer.sign(statement(1), party.identity);
  t.notOk(signatureOf(envelope).batch);
  t.strictSame(faults(envelope, party), [undefined]);
  await signer.sign(statement(2), party.identity);
  t.equal(party.counts.signed, 2);
});

t.test('many of one turn share a signature, each stays checkable alone', async (t) => {
  const party = p256();
  const signer = new BatchSigner(() => claims);
  const envelopes = await Promise.all(many(200).map((one) => signer.sign(one, party.identity)));
  t.equal(party.counts.signed, 1);
  t.equal(new Set(envelopes.map((envelope) => hex(signatureOf(envelope).value))).size, 1);
  for (const [i, envelope] of envelopes.entries()) {
    t.equal(
      Buffer.from(signedCodec.parse(envelope).payload).toString(),
      `receipt ${i}`,
      'each answer is its own',
    );
    t.strictSame(faults(envelope, party), [undefined]);
  }
  const roots = new VerifiedRoots();
  const before = party.counts.verified;
  for (const envelope of envelopes) t.strictSame(faults(envelope, party, roots), [undefined]);
  t.equal(party.counts.verified - before, 1, 'and costs one verification');
});

t.test('a batch is bounded, its paths too', async (t) => {
  const party = p256();
  const signer = new BatchSigner(() => claims);
  const envelopes = await Promise.all(many(1000).map((one) => signer.sign(one, party.identity)));
  t.equal(party.counts.signed, 4);
  for (const envelope of envelopes) {
    const { batch } = signatureOf(envelope);
    if (batch!.size! > 256 || batch!.siblings!.length > 8) t.fail(`${batch!.size} in one batch`);
  }
  t.strictSame(faults(envelopes[999]!, party), [undefined]);
});

t.test('identities never share a batch', async (t) => {
  const [service, seal] = [p256('service'), p384('seal')];
  const signer = new BatchSigner(() => claims);
  const both = await Promise.all(
    many(20).flatMap((one) => [signer.sign(one, service.identity), signer.sign(one, seal.identity)]),
  );
  t.equal(service.counts.signed, 1);
  t.equal(seal.counts.signed, 1);
  both.forEach((envelope, i) => {
    const mine = i % 2 === 0 ? service : seal;
    t.strictSame(faults(envelope, mine), [undefined]);
    t.equal(signatureOf(envelope).batch!.size, 20);
  });
});

t.test('the claims are those of the moment of signing', async (t) => {
  const party = p256();
  let claimedAtMs = 1;
  const signer = new BatchSigner(() => ({ ...claims, claimedAtMs }));
  const first = await signer.sign(statement(1), party.identity);
  claimedAtMs = 2;
  const second = await signer.sign(statement(2), party.identity);
  t.notSame(signatureOf(first).scope, signatureOf(second).scope);
});

t.test('a key that fails fails its own batch, and the next is signed', async (t) => {
  const party = p256();
  let isBroken = true;
  const identity = {
    ...party.identity,
    sign: async (data: Bytes) => {
      if (isBroken) throw new Error('token removed');
      return party.identity.sign(data);
    },
  };
  const signer = new BatchSigner(() => claims);
  const results = await Promise.allSettled(many(3).map((one) => signer.sign(one, identity)));
  t.same(
    results.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  isBroken = false;
  t.strictSame(faults(await signer.sign(statement(1), identity), party), [undefined]);
  const failing = new BatchSigner(() => {
    throw new Error('no directory');
  });
  await t.rejects(failing.sign(statement(1), party.identity), { message: 'no directory' });
});

t.test('a statement that can not be encoded is refused; those beside it are signed', async (t) => {
  const party = p256();
  const signer = new BatchSigner(() => claims);
  const tooLong = { kind: 'x'.repeat(41), payload: utf8('x') };
  const [good, bad] = await Promise.allSettled([
    signer.sign(statement(1), party.identity),
    signer.sign(tooLong, party.identity),
  ]);
  t.equal(bad!.status, 'rejected');
  t.equal(good!.status, 'fulfilled', 'one statement’s fault is not its neighbours’');
});

t.test('a remembered root is remembered for its certificate and its value only', async (t) => {
  const [party, other] = [p256(), p256()];
  const [envelope] = await signBatch(many(2), party.identity, claims);
  const roots = new VerifiedRoots();
  const { signatures } = signedCodec.parse(envelope!);
  const root = sha256(utf8('a root'));
  const value = await party.identity.sign(new Uint8Array([...utf8('lienthong/v1/batch\0'), ...root]));
  t.ok(roots.check(party.certificate, root, value));
  const forged = Uint8Array.from(value);
  forged[forged.length - 1]! ^= 1;
  t.notOk(roots.check(party.certificate, root, forged));
  t.notOk(roots.check(other.certificate, root, value));
  t.notOk(roots.check(party.certificate, sha256(root), value));
  t.ok(signatures[0]!.batch);
});

t.test('roots are remembered within bounds, oldest go first; failures are not remembered', async (t) => {
  let verified = 0;
  const certificate = {
    sha256: new Uint8Array(32),
    verifySignature: () => {
      verified++;
      return true;
    },
  };
  const roots = new VerifiedRoots(3);
  const root = (i: number) => sha256(utf8(`root ${i}`));
  for (let i = 0; i < 4; i++) roots.check(certificate, root(i), utf8('value'));
  t.equal(verified, 4);
  for (let i = 1; i < 4; i++) roots.check(certificate, root(i), utf8('value'));
  t.equal(verified, 4, 'the newest three are known');
  roots.check(certificate, root(0), utf8('value'));
  t.equal(verified, 5, 'the oldest was forgotten');
  const refusing = { sha256: new Uint8Array(32).fill(1), verifySignature: () => false };
  t.notOk(roots.check(refusing, root(1), utf8('value')));
  t.notOk(roots.check(refusing, root(1), utf8('value')));
});
