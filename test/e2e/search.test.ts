/**
 * Finding in real nodes: a search right after a document arrived, a node killed while it indexes, an index file that is
 * damaged or gone while the node was off; and what the command line says of all that.
 */
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';

t.setTimeout(120_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const [sender, recipient] = [federation.agency('G22'), federation.agency('H40')];
await federation.inStep();

/** Ids of all documents of a box that a query finds. */
async function found(agency: Agency, box: 'inbox' | 'outbox', query: object): Promise<string[]> {
  const client = await agency.client();
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await client.list({ box, limit: 20, ...query, ...(cursor && { cursor }) });
    ids.push(...page.items.map(({ id }) => id));
    if (page.cursor === null) return ids.sort();
    cursor = page.cursor;
  }
}

/** A node that starts indexes after its more urgent work: a search waits for it, or says that it is too early. */
const ready = (agency: Agency) =>
  eventually(`${agency.name} has its index`, async () => (await agency.status()).search?.state === 'ready');

t.test(
  'a document is found as soon as its receipt is there, at both ends, also by the command line',
  async (t) => {
    const { id } = await sender.send({ to: ['H40'], number: 1 });
    await sender.delivered(id);
    t.same(await found(sender, 'outbox', { text: 'cong van so 1', state: 'delivered' }), [id]);
    t.same(await found(recipient, 'inbox', { text: 'công văn', from: 'G22' }), [id]);
    const listed = await recipient.cli(
      'list',
      'inbox',
      '--text',
      '1/CV-G22',
      '--until',
      '2999-12-31',
      '--json',
    );
    t.match(listed.value, { items: [{ id }], cursor: null });
    const none = await recipient.cli('list', 'inbox', '--text', 'khong-co');
    t.same(none.value, { items: [], cursor: null });
    for (const wrong of [
      ['--text', '***'],
      ['--cursor', 'AAAA'],
      ['--until', '2026-02-31'],
    ])
      t.equal((await recipient.cli('list', 'inbox', ...wrong)).exit, 2, wrong.join(' '));
    t.match((await recipient.status()).search, { state: 'ready', documents: 1, total: null, reason: null });
  },
);

t.test(
  'killed while it indexes, again and again: afterwards all is found, and nothing differs from the store',
  async (t) => {
    let number = 1;
    for (let round = 0; round < 4; round++) {
      const sending = Array.from({ length: 40 }, () => sender.send({ to: ['H40'], number: ++number }));
      await Promise.all(sending);
      // a search makes it index what there is; the kill comes in the middle of that
      const searching = found(sender, 'outbox', { text: 'cong van' }).catch(() => []);
      await sender.kill();
      await searching;
      await sender.start();
    }
    const everything = (await sender.list('outbox')).map(({ id }) => id).sort();
    t.equal(everything.length, number);
    await ready(sender);
    t.same(await found(sender, 'outbox', { text: 'cong van' }), everything);
    t.match(await (await sender.client()).check(), { ok: true, problems: [] });
  },
);

t.test('an index that was damaged or removed while the node was off is built anew', async (t) => {
  const file = path.join(sender.dir, 'search', 'index.sqlite');
  const everything = (await sender.list('outbox')).map(({ id }) => id).sort();
  for (const hurt of ['damaged', 'removed']) {
    await sender.stop();
    if (hurt === 'removed') await rm(path.dirname(file), { recursive: true });
    else {
      const handle = await open(file, 'r+');
      await handle.write(Buffer.alloc(4096, 0x5a), 0, 4096, 0);
      await handle.close();
    }
    await sender.start();
    // where no document has changed a damaged one is looked at when somebody asks, as the status does
    await (await sender.client()).status();
    await sender.said(/Building the search index/);
    await ready(sender);
    t.same(await found(sender, 'outbox', { text: 'cong van' }), everything, hurt);
  }
});
