/** Broken at any frame, killed at any commit, on either side: every document arrives once, with one receipt. */
import t, { type Test } from 'tap';
import { equalBytes, utf8 } from '../../node/core/bytes.ts';
import type { Submission } from '../../node/core/views.ts';
import { arrivalsOf } from '../../node/store/arrivals.ts';
import { deliveriesOf } from '../../node/store/deliveries.ts';
import { TestFederation } from './federation.ts';

const MIB = 1024 * 1024;
const SIZE = 2 * MIB + 17;

/** An annex no other document has, so that each is really pulled. */
function annex(mark: number): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  new DataView(bytes.buffer).setUint32(MIB, mark + 1);
  return bytes;
}

async function withAnnex(federation: TestFederation, mark: number): Promise<Submission> {
  const submission = federation.submission({ key: `key ${mark}` });
  const upload = async () => {
    const { lease, sha256 } = await federation.node('G22').exchange.storeBlob(whole(annex(mark)));
    return { name: 'phu-luc.bin', lease, sha256 };
  };
  const letter = { name: 'van-ban.txt', bytes: utf8(`Điều ${mark}`) };
  return { ...submission, attachments: [letter, await upload()] };
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Once at the recipient, with the receipt the sender holds, and everything verifies at both ends. */
async function arrivedOnce(t: Test, federation: TestFederation, id: string, what: string): Promise<void> {
  const { documentHash } = await federation.settled('G22', id);
  const documentId = new Uint8Array(Buffer.from(documentHash, 'hex'));
  const [sender, recipient] = [federation.node('G22'), federation.node('H40')];
  const [delivery] = await deliveriesOf(sender.store, documentId);
  const arrivals = await arrivalsOf(recipient.store, documentId);
  t.equal(arrivals.length, 1, what);
  t.ok(equalBytes(arrivals[0]!.receipt, delivery!.outcome), `${what}: one receipt`);
  for (const { exchange } of [sender, recipient]) t.match(await exchange.verify(id), { valid: true }, what);
}

t.test('a cut at every frame, in either direction', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  for (let at = 0, wasCut = true; wasCut; at++) {
    let frames = 0;
    wasCut = false;
    const submission = await withAnnex(federation, at);
    federation.fault = () => {
      if (frames++ !== at) return undefined;
      wasCut = true;
      return 'cut';
    };
    const { id } = await federation.node('G22').exchange.submit(submission);
    await arrivedOnce(t, federation, id, `cut at frame ${at}`);
    t.ok(at < 40);
    if (!wasCut) t.ok(at >= 8, `${at} frames were cut, one after the other`);
  }
  const { items } = await federation.node('H40').exchange.list({ box: 'inbox', limit: 100 });
  const sent = await federation.node('G22').exchange.list({ box: 'outbox', limit: 100 });
  t.equal(items.length, sent.items.length);
});

for (const victim of ['G22', 'H40']) {
  for (const when of ['before', 'after'] as const) {
    t.test(`${victim} killed ${when} each of its commits`, async (t) => {
      const federation = await TestFederation.create(t, ['G22', 'H40']);
      for (let at = 1, wasKilled = true; wasKilled; at++) {
        wasKilled = false;
        const node = federation.node(victim);
        node.store.commits = 0;
        node.store.killAt = (commit) => {
          if (commit !== at || wasKilled) return undefined;
          wasKilled = true;
          return when;
        };
        // what the caller didn't hear an answer to, it asks again: with the same key
        const attempt = async () => {
          const submission = await withAnnex(federation, at);
          return federation
            .node('G22')
            .exchange.submit({ ...submission, number: `${at}K`, subject: `Lần ${at}` });
        };
        let id: string | undefined;
        void attempt().then((answer) => {
          id = answer.id;
        });
        await federation.until('killed or delivered', async () => {
          if (wasKilled) return true;
          if (id === undefined) return false;
          return (await federation.node('G22').exchange.show(id)).state === 'delivered';
        });
        const heard = id;
        // what is committed from here on is no part of this delivery
        if (!wasKilled) node.store.killAt = undefined;
        if (wasKilled) {
          await node.reopen();
          id ??= (await attempt()).id;
        }
        if (heard !== undefined) t.equal(id, heard);
        await arrivedOnce(t, federation, id!, `${when} commit ${at}`);
        if (!wasKilled) t.ok(at > 2, `${at - 1} kills`);
        t.ok(at < 30);
      }
      const { items } = await federation.node('H40').exchange.list({ box: 'inbox', limit: 100 });
      const sent = await federation.node('G22').exchange.list({ box: 'outbox', limit: 100 });
      t.equal(items.length, sent.items.length, 'nothing twice, nothing lost');
      t.equal(new Set(items.map(({ number }) => number)).size, items.length);
    });
  }
}
