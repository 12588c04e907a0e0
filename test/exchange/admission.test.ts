/** What a receiver refuses: each rule broken alone, with its code, whether it may be tried again, and nothing kept. */
import t from 'tap';
import { equalBytes, sha256 } from '../../node/core/bytes.ts';
import { MAX_ATTACHMENT_BYTES } from '../../node/core/field-limits.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { signed as signedCodec } from '../../proto/messages.ts';
import { DAY_MS, unitEntry } from './authority.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer, hash } from './hand-made-peer.ts';

const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
await federation.authority.publish({ entries: [unitEntry('H40.02'), unitEntry('H51.09')] });
const peer = new HandMadePeer(federation, federation.node('G22'));
const other = new HandMadePeer(federation, federation.node('H51'));
const to = federation.node('H40');

async function kept(): Promise<number> {
  let count = 0;
  for (const prefix of [PREFIX.document, PREFIX.arrival, PREFIX.blobReference])
    for await (const _ of to.store.range(prefixRange(prefix))) count++;
  return count;
}

type Offer = () => Promise<
  [document: Uint8Array, dispatch: Uint8Array, change?: Record<string, unknown>, as?: string]
>;
const of = async (document: Uint8Array, change = {}): Promise<[Uint8Array, Uint8Array]> => [
  document,
  await peer.dispatch(document, change),
];
const seal = () => peer.node.own.seal()!;

const RULES: [string, string, 'never' | 'later', Offer][] = [
  [
    'a document that is none',
    'malformed',
    'never',
    async () => [hash('x'), await peer.dispatch(await peer.document())],
  ],
  ['a dispatch that is none', 'malformed', 'never', async () => [await peer.document(), hash('x')]],
  [
    'nothing at all as document',
    'malformed',
    'never',
    async () => [new Uint8Array(0), await peer.dispatch(await peer.document())],
  ],
  [
    'a receipt where a document should be',
    'malformed',
    'never',
    async () => {
      const document = await peer.document();
      return [await peer.receipt(await peer.dispatch(document), document), await peer.dispatch(document)];
    },
  ],
  [
    'a dispatch for another document',
    'malformed',
    'never',
    async () => of(await peer.document(), { documentId: hash('other') }),
  ],
  [
    'a newer kind of document',
    'version-unsupported',
    'later',
    async () => of(await peer.document({}, seal(), 'document/2')),
  ],
  [
    'a newer kind of dispatch',
    'version-unsupported',
    'later',
    async () => {
      const document = await peer.document();
      return [document, await peer.dispatch(document, {}, peer.node.own.service(), 'dispatch/7')];
    },
  ],
  ['a secret', 'classified', 'never', async () => of(await peer.document({ classification: 2 }))],
  ['a top secret', 'classified', 'never', async () => of(await peer.document({ classification: 4 }))],
  [
    'an attachment too large',
    'oversize',
    'never',
    async () =>
      of(await peer.document({ attachments: [peer.attachment({ size: MAX_ATTACHMENT_BYTES + 1 })] })),
  ],
  [
    'chunks of another size',
    'malformed',
    'never',
    async () => of(await peer.document({ attachments: [peer.attachment({ chunkSize: 4096 })] })),
  ],
  [
    'an exchange id that is no UUIDv7',
    'malformed',
    'never',
    async () => of(await peer.document({ exchangeId: new Uint8Array(16).fill(0xff) })),
  ],
  ['a day that never was', 'malformed', 'never', async () => of(await peer.document({ date: '2014-02-30' }))],
  [
    'two files under one hash',
    'malformed',
    'never',
    async () => of(await peer.document({ attachments: [peer.attachment({ size: 9 }), peer.attachment()] })),
  ],
  [
    'a unit with a zero byte',
    'unknown-recipient',
    'later',
    async () => of(await peer.document(), { unit: 'H40\u0000H40' }),
  ],
  [
    'an attachment that is not what was signed',
    'blob-mismatch',
    'never',
    async () => of(await peer.document({ attachments: [peer.attachment({ size: 99 })] })),
  ],
  [
    'an attachment with another chunk root',
    'blob-mismatch',
    'never',
    async () => of(await peer.document({ attachments: [peer.attachment({ chunkRoot: hash('root') })] })),
  ],
  [
    'a small attachment that did not come along',
    'blob-unavailable',
    'later',
    async () => [...(await of(await peer.document())), { inlineBlobs: [] }],
  ],
  [
    'no seal',
    'signature-invalid',
    'never',
    async () => {
      const { kind, payload } = signedCodec.parse(await peer.document());
      return of(signedCodec.encode({ kind, payload, signatures: [] }));
    },
  ],
  [
    'a service key where the seal should be',
    'signature-invalid',
    'never',
    async () => of(await peer.document({}, peer.node.own.service())),
  ],
  [
    'a service key that calls itself a seal',
    'unknown-certificate',
    'later',
    async () => of(await peer.document({}, { ...peer.node.own.service(), role: 'seal' })),
  ],
  [
    'the seal of somebody else',
    'seal-scope',
    'later',
    async () => of(await peer.document({}, other.node.own.seal()!)),
  ],
  [
    'a seal nobody lists',
    'unknown-certificate',
    'later',
    async () => {
      const { key, certificate } = await federation.authority.unlisted('seal', 'G22');
      return of(
        await peer.document(
          {},
          { certificateSha256: sha256(certificate.bytes), role: 'seal', sign: (data) => key.sign(data) },
        ),
      );
    },
  ],
  [
    'a changed content under an old seal',
    'signature-invalid',
    'never',
    async () => {
      const { kind, signatures } = signedCodec.parse(await peer.document());
      const { payload } = signedCodec.parse(await peer.document({ subject: 'Khác' }));
      return of(signedCodec.encode({ kind, payload, signatures }));
    },
  ],
  [
    'a seal before the last signature',
    'signature-invalid',
    'never',
    async () => of(await peer.addSignature(await peer.document(), peer.node.own.service())),
  ],
  [
    'a dispatch sealed instead of signed by the service',
    'signature-invalid',
    'never',
    async () => {
      const document = await peer.document();
      return [document, await peer.dispatch(document, {}, seal())];
    },
  ],
  [
    'a dispatch signed by another agency',
    'unknown-certificate',
    'later',
    async () => {
      const document = await peer.document();
      return [document, await peer.dispatch(document, {}, other.node.own.service())];
    },
  ],
  [
    'a dispatch with two signatures',
    'signature-invalid',
    'never',
    async () => {
      const document = await peer.document();
      return [document, await peer.addSignature(await peer.dispatch(document), peer.node.own.service())];
    },
  ],
  [
    'a document of an agency that is not the peer',
    'sender-mismatch',
    'later',
    async () => [...(await of(await peer.document())), {}, 'H51'],
  ],
  [
    'a sender that names another agency',
    'sender-mismatch',
    'later',
    async () => of(await peer.document({ senderAgency: 'H51' })),
  ],
  [
    'an issuer served by another agency',
    'sender-mismatch',
    'later',
    async () => of(await peer.document({ issuer: { code: 'H51.09' } })),
  ],
  ['a unit served elsewhere', 'moved', 'later', async () => of(await peer.document(), { unit: 'H51.09' })],
  [
    'a unit nobody knows',
    'unknown-recipient',
    'later',
    async () => of(await peer.document(), { unit: 'H40.77' }),
  ],
];

for (const [what, code, retry, make] of RULES) {
  t.test(`${code} (${retry}): ${what}`, async (t) => {
    const before = await kept();
    const [document, dispatch, change, as] = await make();
    const first = await peer.offer(to, document, dispatch, change, as);
    t.match(first, { kind: 'refusal', code, retry });
    t.equal(await kept(), before, 'nothing is kept of it');
    t.ok(equalBytes((first.content as { documentEnvelope: Uint8Array }).documentEnvelope, sha256(document)));
    federation.clock.advance(1000);
    const again = await peer.offer(to, document, dispatch, change, as);
    t.match(again, { code, retry });
    t.equal(
      equalBytes(again.bytes, first.bytes),
      retry === 'never',
      'only what can never change is replayed',
    );
  });
}

t.test('moved names the seat that serves the unit now', async (t) => {
  const [document, dispatch] = await of(await peer.document(), { unit: 'H51.09' });
  t.match((await peer.offer(to, document, dispatch)).content, { movedTo: 'H51' });
});

t.test('a refusal is an audit entry and a line for the operator', async (t) => {
  t.match(to.reported('offer.refused').at(0), { seat: 'G22', code: 'malformed', retry: 'never' });
});

t.test('after its certificate was revoked nothing of a sender is taken', async (t) => {
  const document = await other.document();
  const good = await other.dispatch(document);
  await federation.authority.revoke(other.node.who.service, 'service', other.node.who);
  t.match(await other.offer(to, document, good), { code: 'certificate-revoked', retry: 'later' });
});

t.test('past the directory’s hard limit everything is refused, and may come again', async (t) => {
  federation.clock.advance(61 * DAY_MS);
  t.match(await peer.offer(to, ...(await of(await peer.document()))), {
    code: 'directory-expired',
    retry: 'later',
  });
});
