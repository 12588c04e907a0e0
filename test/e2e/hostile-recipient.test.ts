/**
 * A recipient that lies, over real sockets: its seat is enrolled, its keys are real, and what it signs is not what it
 * should. Nothing but a true receipt or refusal of the seat it was offered to settles a delivery: it stays open, the
 * doubt is logged, and it is offered again.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { type Bytes, sha256, utf8 } from '../../node/core/bytes.ts';
import { idOf } from '../../node/signing/envelope.ts';
import { type SigningIdentity, sign } from '../../node/signing/sign.ts';
import * as wire from '../../proto/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { Federation } from '../helpers/federation.ts';
import { HostileNode, Keys } from '../helpers/hostile-node.ts';

const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const victim = federation.agency('G22');
const other = await Keys.of(federation.agency('H40'));
const enrolled = await federation.enrol('H51');
const own = await Keys.of(enrolled);
await federation.inStep([victim]);
const { listen } = JSON.parse(await readFile(path.join(enrolled.dir, 'config.json'), 'utf8'));
const { nodeKey, federationId } = own.folder.identity;
const hostile = await HostileNode.start(t, nodeKey, federationId, listen);

interface Offered {
  dispatch: Bytes;
  document: Bytes;
}
type Change = { fields?: object; by?: SigningIdentity; federation?: Bytes };

const idOfEnvelope = (envelope: Bytes): Bytes => {
  const { kind, payload } = wire.signed.parse(envelope);
  return idOf(kind, federationId, payload);
};
const named = ({ dispatch, document }: Offered) => ({
  dispatchId: idOfEnvelope(dispatch),
  documentId: idOfEnvelope(document),
  documentEnvelope: sha256(document),
  dispatchEnvelope: sha256(dispatch),
});
const claims = (of?: Bytes) => ({ ...own.claims(), ...(of && { federationId: of }) });

/** A receipt in order, but for what a case changes. */
async function receipt(offered: Offered, { fields, by = own.identity('service'), ...more }: Change = {}) {
  const payload = wire.receipt.encode({
    ...named(offered),
    unit: 'H51',
    storedAtMs: Date.now(),
    logHead: { epoch: 1, size: 1, root: sha256(utf8('log')) },
    ...fields,
  });
  return sign({ kind: 'receipt/1', payload }, by, claims(more.federation));
}

async function refusal(offered: Offered, { fields, by = own.identity('service'), ...more }: Change = {}) {
  const payload = wire.refusal.encode({
    ...named(offered),
    code: 'classified',
    retry: 1,
    text: 'độ mật',
    refusedAtMs: Date.now(),
    ...fields,
  });
  return sign({ kind: 'refusal/1', payload }, by, claims(more.federation));
}

/** The envelope with its one signature changed. */
function resigned(envelope: Bytes, change: (signature: { scope: Bytes; value: Bytes }) => object): Bytes {
  const parsed = wire.signed.parse(envelope);
  const signatures = parsed.signatures.map((one) => ({ ...one, ...change(one as never) }));
  return wire.signed.encode({ ...parsed, signatures } as never);
}

let lie: ((offered: Offered) => Promise<object>) | undefined;
let earlier: Offered | undefined;
await hostile.receive(async ({ dispatches, document }) => {
  const offered = { dispatch: dispatches[0]!, document };
  if (lie !== undefined) return lie(offered);
  earlier = offered;
  return { receipt: await receipt(offered) };
});

let number = 0;
const post = () => victim.send({ to: ['H51'], number: ++number });

// a true delivery first: its papers are what is replayed
const first = await post();
await victim.delivered(first.id);
const replayed = earlier!;

const LIES: [string, RegExp, (offered: Offered) => Promise<object>][] = [
  [
    "a receipt signed by another agency's key",
    /receipt: /,
    async (offered) => ({ receipt: await receipt(offered, { by: other.identity('service') }) }),
  ],
  [
    "a receipt signed by another agency's key under our certificate",
    /receipt: /,
    async (offered) => ({
      receipt: await receipt(offered, {
        by: other.identity('service', 'service', own.certificate('service')),
      }),
    }),
  ],
  [
    'a receipt under the seal',
    /receipt: /,
    async (offered) => ({ receipt: await receipt(offered, { by: own.identity('seal') }) }),
  ],
  [
    'the receipt of an earlier delivery',
    /another delivery/,
    async () => ({ receipt: await receipt(replayed) }),
  ],
  [
    'a receipt that names another document',
    /another delivery/,
    async (offered) => ({
      receipt: await receipt(offered, { fields: { documentId: sha256(utf8('x')) } }),
    }),
  ],
  [
    'a receipt for another unit',
    /another delivery/,
    async (offered) => ({ receipt: await receipt(offered, { fields: { unit: 'H40' } }) }),
  ],
  [
    'a receipt that names another dispatch',
    /another dispatch/,
    async (offered) => ({
      receipt: await receipt(offered, { fields: { dispatchId: idOfEnvelope(replayed.dispatch) } }),
    }),
  ],
  [
    'a receipt whose signature is stripped',
    /receipt/,
    async (offered) => {
      const parsed = wire.signed.parse(await receipt(offered));
      return { receipt: wire.signed.encode({ ...parsed, signatures: [] } as never) };
    },
  ],
  [
    'a receipt whose signature is re-dated',
    /receipt: /,
    async (offered) => ({
      receipt: resigned(await receipt(offered), ({ scope }) => {
        const parsed = wire.scope.parse(scope);
        return { scope: wire.scope.encode({ ...parsed, claimedAtMs: parsed.claimedAtMs - 86_400_000 }) };
      }),
    }),
  ],
  [
    'a receipt that says another time than was signed',
    /receipt: /,
    async (offered) => {
      const [good, late] = await Promise.all([
        receipt(offered),
        receipt(offered, { fields: { storedAtMs: 1 } }),
      ]);
      return {
        receipt: wire.signed.encode({
          ...wire.signed.parse(good),
          payload: wire.signed.parse(late).payload,
        } as never),
      };
    },
  ],
  [
    'a receipt of another federation',
    /receipt/,
    async (offered) => ({ receipt: await receipt(offered, { federation: sha256(utf8('sandbox')) }) }),
  ],
  [
    "a refusal signed by another agency's key",
    /refusal: /,
    async (offered) => ({ refusal: await refusal(offered, { by: other.identity('service') }) }),
  ],
  [
    'a refusal replayed from another offer',
    /another offer/,
    async () => ({ refusal: await refusal(replayed) }),
  ],
  [
    'a refusal of this document to someone else',
    /another offer/,
    async (offered) => ({
      refusal: await refusal(offered, { fields: { dispatchEnvelope: sha256(replayed.dispatch) } }),
    }),
  ],
  [
    'a refusal whose signature is re-dated',
    /refusal: /,
    async (offered) => ({
      refusal: resigned(await refusal(offered), ({ scope }) => ({
        scope: wire.scope.encode({ ...wire.scope.parse(scope), claimedAtMs: 1 }),
      })),
    }),
  ],
  [
    'a refusal where a receipt should be',
    /receipt/,
    async (offered) => ({ receipt: await refusal(offered) }),
  ],
  [
    'a receipt where a refusal should be',
    /refusal/,
    async (offered) => ({ refusal: await receipt(offered) }),
  ],
  ['nothing', /no outcome/, async () => ({})],
];

for (const [what, reason, make] of LIES)
  t.test(`not believed: ${what}`, async (t) => {
    await victim.attentive();
    const before = victim.child!.stderr.length;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    lie = async (offered) => {
      // whatever comes after the lie is the truth, once the lie was looked at
      lie = async (again) => {
        await held;
        return { receipt: await receipt(again) };
      };
      return make(offered);
    };
    const { id } = await post();
    const [delivery] = await eventually('it was judged', async () => {
      const { deliveries } = await victim.show(id);
      return deliveries[0]!.attempts > 0 ? deliveries : undefined;
    });
    t.match(delivery, { state: /queued|sending/, receipt: null, refusal: null });
    t.match(delivery!.lastError, reason);
    await eventually('it is logged', () =>
      /Doubtful outcome from seat H51/.test(victim.child!.stderr.slice(before)),
    );
    lie = undefined;
    release();
    const view = await victim.delivered(id);
    t.match(view.deliveries[0], { state: 'delivered', receipt: { by: 'H51' } }, 'the true one settles it');
    t.ok(view.deliveries[0]!.attempts >= 2);
  });

t.test('control: a true refusal for good settles a delivery', async (t) => {
  lie = async (offered) => ({ refusal: await refusal(offered) });
  const { id } = await post();
  const view = await eventually('it is refused', async () => {
    const found = await victim.show(id);
    return found.deliveries[0]!.state === 'refused' ? found : undefined;
  });
  t.match(view.deliveries[0], { refusal: { by: 'H51', code: 'classified', retry: 'never' }, receipt: null });
  t.match(await victim.verify(first.id), { valid: true });
});
