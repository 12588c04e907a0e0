/**
 * An enrolled agency's node gone bad offers what it must not: each is refused with a signed reason, logged, and leaves
 * nothing behind. A repeat of what was taken is answered with the stored receipt, byte for byte.
 */
import t, { type Test } from 'tap';
import { type Bytes, equalBytes, sha256, utf8 } from '../../node/core/bytes.ts';
import { KINDS } from '../../node/signing/envelope.ts';
import { addSignature, sign } from '../../node/signing/sign.ts';
import * as wire from '../../proto/messages.ts';
import { Federation } from '../helpers/federation.ts';
import {
  type Answer,
  dispatched,
  goodOffer,
  HostileNode,
  Keys,
  letterPayload,
  type Offer,
} from '../helpers/hostile-node.ts';

const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const victim = federation.agency('G22');
const bystander = federation.agency('H40');
const keys = await Keys.of(await federation.enrol('H51'));
const stolen = await Keys.of(bystander);
await federation.inStep([victim, bystander]);
const { nodeKey, federationId } = keys.folder.identity;
const hostile = await HostileNode.start(t, nodeKey, federationId);

const signDocument = (payload: Bytes, by = keys.identity('seal')): Promise<Bytes> =>
  sign({ kind: KINDS.document, payload }, by, keys.claims());

/** Offers it and checks that it is refused with this code, that the node says so, and that nothing was stored. */
async function refused(t: Test, offer: Offer, code: string, retry: 'never' | 'later'): Promise<void> {
  const before = (await victim.list('inbox')).length;
  await victim.attentive();
  const answer = await hostile.offer(victim, offer);
  t.match(answer, { refusal: code, retry: retry === 'never' ? 1 : 2 });
  t.equal((await victim.list('inbox')).length, before, 'nothing was stored');
  await victim.said(new RegExp(`Refused a document from seat H51: ${code}`));
}

t.test('what is in order is taken, and a repeat gets the same receipt, also after a crash', async (t) => {
  const offer = await goodOffer(keys, 'G22');
  const receiptOf = (answer: Answer): Bytes => {
    if ('receipt' in answer) return answer.receipt;
    throw new Error(`no receipt: ${JSON.stringify(answer)}`);
  };
  const first = receiptOf(await hostile.offer(victim, offer));
  const again = receiptOf(await hostile.offer(victim, offer));
  t.ok(equalBytes(first, again), 'byte-identical');
  await victim.restart();
  t.ok(equalBytes(first, receiptOf(await hostile.offer(victim, offer))), 'after SIGKILL too');
  t.equal((await victim.list('inbox')).length, 1, 'and it is stored once');
});

t.test('a document sealed by someone else', async (t) => {
  const file = utf8('sealed by another');
  const payload = letterPayload('H51', file);
  const dispatch = await dispatched(keys, payload, 'G22');
  const offer = (document: Bytes): Offer => ({ document, dispatch, file });
  await refused(t, offer(await signDocument(payload, stolen.identity('seal'))), 'seal-scope', 'later');
  await refused(
    t,
    offer(await signDocument(payload, keys.identity('service'))),
    'signature-invalid',
    'never',
  );
  const unlisted = keys.identity('seal', 'seal', sha256(utf8('some other certificate')));
  await refused(t, offer(await signDocument(payload, unlisted)), 'unknown-certificate', 'later');
});

t.test("another agency's certificate without its key", async (t) => {
  const file = utf8('under a stolen name');
  const payload = letterPayload('H51', file);
  const byName = keys.identity('seal', 'seal', stolen.certificate('seal'));
  const dispatch = await dispatched(keys, payload, 'G22');
  await refused(
    t,
    { document: await signDocument(payload, byName), dispatch, file },
    'signature-invalid',
    'never',
  );
  const service = keys.identity('service', 'service', stolen.certificate('service'));
  const lent = await dispatched(keys, payload, 'G22', service);
  await refused(
    t,
    { document: await signDocument(payload), dispatch: lent, file },
    'signature-invalid',
    'never',
  );
});

t.test("a sender that isn't the peer's agency, even with all its keys", async (t) => {
  await refused(t, await goodOffer(stolen, 'G22'), 'sender-mismatch', 'later');
  const file = utf8('issued for another');
  const payload = letterPayload('H51', file, { issuer: { code: 'H40', name: 'H40' } });
  const document = await signDocument(payload, stolen.identity('seal'));
  await refused(
    t,
    { document, dispatch: await dispatched(keys, payload, 'G22'), file },
    'sender-mismatch',
    'later',
  );
});

t.test('a genuine delivery of another agency, replayed', async (t) => {
  const genuine = await bystander.send({ to: ['G22'], number: 7 });
  await bystander.delivered(genuine.id);
  const evidence = await (await victim.client()).evidence(genuine.id);
  const part = (name: RegExp) => evidence.find((file) => name.test(file.name))!.bytes;
  const offer: Offer = {
    document: part(/^document.*\.signed$/),
    dispatch: part(/^dispatch.*\.signed$/),
    file: utf8('Nội dung số 7'),
  };
  await refused(t, offer, 'sender-mismatch', 'later');
});

t.test('a signature stripped, re-dated or moved', async (t) => {
  const file = utf8('two signatures');
  const payload = letterPayload('H51', file);
  const dispatch = await dispatched(keys, payload, 'G22');
  const byLeader = await signDocument(payload, keys.identity('service', 'leader'));
  const whole = wire.signed.parse(await addSignature(byLeader, keys.identity('seal'), keys.claims()));
  const [leader, seal] = whole.signatures as [wire.Signature, wire.Signature];
  const having = (...signatures: wire.Signature[]): Offer => ({
    document: wire.signed.encode({ ...whole, signatures }),
    dispatch,
    file,
  });
  const redated = (one: wire.Signature): wire.Signature => {
    const scope = wire.scope.parse(one.scope);
    return {
      ...one,
      scope: wire.scope.encode({ ...scope, claimedAtMs: scope.claimedAtMs - 86_400_000 }),
    } as wire.Signature;
  };
  await refused(t, having(seal), 'signature-invalid', 'never');
  await refused(t, having(leader), 'signature-invalid', 'never');
  await refused(t, having(seal, leader), 'signature-invalid', 'never');
  await refused(t, having(leader, redated(seal)), 'signature-invalid', 'never');
  await refused(t, having(redated(leader), seal), 'signature-invalid', 'never');
});

t.test('content that was changed, classified, or belongs to another federation', async (t) => {
  const good = await goodOffer(keys, 'G22');
  const signed = wire.signed.parse(good.document);
  const changed = new Uint8Array(signed.payload);
  changed[changed.lastIndexOf('H51'.charCodeAt(0))]! ^= 1;
  const document = wire.signed.encode({ ...signed, payload: changed });
  t.match(
    await hostile.offer(victim, { ...good, document }),
    { refusal: 'malformed' },
    'the dispatch names another',
  );
  await refused(t, await goodOffer(keys, 'G22', { classification: 2 }), 'classified', 'never');
  const file = utf8('elsewhere');
  const payload = letterPayload('H51', file);
  const elsewhere = { ...keys.claims(), federationId: sha256(utf8('another federation')) };
  const foreign = await sign({ kind: KINDS.document, payload }, keys.identity('seal'), elsewhere);
  await refused(
    t,
    { document: foreign, dispatch: await dispatched(keys, payload, 'G22'), file },
    'signature-invalid',
    'never',
  );
});

t.test('addressed to someone else, or with a file that is not the one signed', async (t) => {
  await refused(t, await goodOffer(keys, 'H40'), 'moved', 'later');
  const good = await goodOffer(keys, 'G22');
  const before = (await victim.list('inbox')).length;
  const answer = await hostile.offer(victim, { ...good, file: utf8('another file') });
  t.notOk('receipt' in answer, 'no receipt for bytes that are not there');
  t.equal((await victim.list('inbox')).length, before);
});
