/** What a submission would be answered, asked before its files are there; and files given back when it is refused. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { hex, sha256 } from '../../node/core/bytes.ts';
import type { Proposal, Submission } from '../../node/core/views.ts';
import { TestFederation } from './federation.ts';

const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
const sender = federation.node('G22');
const { exchange } = sender;
for (const seat of ['H40', 'H51']) federation.unreachable.add(seat);

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
const annex = (mark: number) => new Uint8Array(100_000).fill(mark);
const files = async () => {
  const found = await readdir(join(sender.dir, 'blobs'), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).length;
};

/** The submission as its files would describe it, and a way to hand the same in. */
function both(bytes: Uint8Array, change: Partial<Submission> = {}) {
  const { attachments: _, ...fields } = federation.submission(change);
  const proposal = (more: Partial<Proposal> = {}): Proposal => ({
    ...fields,
    attachments: [{ name: 'phu-luc.bin', sha256: hex(sha256(bytes)), size: bytes.byteLength }],
    ...more,
  });
  const submit = async (more: Partial<Omit<Submission, 'attachments'>> = {}) => {
    const { lease, sha256: sum } = await exchange.storeBlob(one(bytes));
    const attachments = [{ name: 'phu-luc.bin', lease, sha256: sum }];
    try {
      return await exchange.submit({ ...fields, attachments, ...more });
    } catch (error) {
      await exchange.releaseBlob(lease);
      throw error;
    }
  };
  return { proposal, submit };
}

/** Both ways end the same: with the same code and details, or the same answer. */
async function same(t: Test, ask: Promise<unknown>, submit: () => Promise<unknown>): Promise<unknown> {
  const [asked, handedIn] = await Promise.allSettled([ask, submit()]);
  t.equal(asked.status, handedIn.status);
  const said = (end: PromiseSettledResult<unknown>) =>
    end.status === 'fulfilled' ? end.value : { code: end.reason.code, details: end.reason.details };
  t.strictSame(said(asked), said(handedIn));
  return said(asked);
}

t.test('a used number is found before anything is uploaded, as it would be after', async (t) => {
  const { proposal, submit } = both(annex(1));
  t.equal(await exchange.validate(proposal()), undefined, 'free');
  const { id } = await submit();
  const other = both(annex(2), { number: proposal().number });
  t.match(await same(t, exchange.validate(other.proposal()), () => other.submit()), {
    code: 'number-used',
    details: { id, reason: 'other-content' },
  });
  t.match(
    await same(t, exchange.validate(proposal({ subject: 'Khác' })), () => submit({ subject: 'Khác' })),
    {
      code: 'number-used',
      details: { id, reason: 'other-content' },
    },
  );
  const key = 'another key';
  t.match(await same(t, exchange.validate(proposal({ key })), () => submit({ key })), {
    code: 'number-used',
    details: { id, recipients: ['H40'] },
  });
  t.equal(await exchange.validate(proposal({ to: ['H51'] })), undefined, 'new recipients only: taken');
  t.match(await submit({ to: ['H51'] }), { id, deliveries: [{ to: 'H51' }] });
});

t.test(
  'the same submission is answered without its files; the same key with others is refused',
  async (t) => {
    const { proposal, submit } = both(annex(3), { key: 'k-3' });
    const first = await submit();
    const again = await same(t, exchange.validate(proposal()), () => submit());
    t.match(again, { id: first.id, repeated: true });
    const other = both(annex(4), { key: 'k-3' });
    t.match(await same(t, exchange.validate(other.proposal()), () => other.submit()), { code: 'key-reused' });
  },
);

t.test('fields alone are judged without files', async (t) => {
  const { proposal, submit } = both(annex(5));
  await submit();
  t.equal(await exchange.validate(proposal({ attachments: [] })), undefined);
  await t.rejects(exchange.validate(proposal({ attachments: [], to: ['H98'] })), {
    code: 'unknown-recipient',
  });
});

t.test('a file given back is gone at once, unless a document or another upload has it', async (t) => {
  const before = await files();
  const bytes = annex(6);
  const lone = await exchange.storeBlob(one(bytes));
  t.ok((await files()) > before);
  const twin = await exchange.storeBlob(one(bytes));
  await exchange.releaseBlob(lone.lease);
  t.ok((await files()) > before, 'the other upload keeps it');
  await exchange.releaseBlob(twin.lease);
  t.equal(await files(), before);
  await exchange.releaseBlob(twin.lease);

  const { submit } = both(annex(7));
  await submit();
  const kept = await files();
  const extra = await exchange.storeBlob(one(annex(7)));
  await exchange.releaseBlob(extra.lease);
  t.equal(await files(), kept, 'a document has it');
});

t.test('a file given back while its document is being written: the document is refused', async (t) => {
  const { lease, sha256: sum } = await exchange.storeBlob(one(annex(8)));
  const attachments = [{ name: 'phu-luc.bin', lease, sha256: sum }];
  const before = (await exchange.list({ box: 'outbox' })).items.length;
  const commit = sender.store.commit.bind(sender.store);
  let isGivenBack = false;
  sender.store.commit = async (batch) => {
    if (batch.audit !== undefined && !isGivenBack) {
      isGivenBack = true;
      await exchange.releaseBlob(lease);
    }
    return commit(batch);
  };
  t.teardown(() => {
    sender.store.commit = commit;
  });
  await t.rejects(exchange.submit(federation.submission({ attachments })), { code: 'not-found' });
  t.ok(isGivenBack);
  t.notOk(await sender.blobs.has(new Uint8Array(Buffer.from(sum, 'hex'))));
  t.equal((await exchange.list({ box: 'outbox' })).items.length, before);
});
