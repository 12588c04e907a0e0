/** Reading what a node holds: lists by page, one document in full, its progress as it happens, its evidence. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { DeliveryUpdate } from '../../node/core/views.ts';
import { TestFederation } from './federation.ts';

const run = promisify(execFile);

t.test('pages follow each other without a gap or a repeat, newest first, while more arrives', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H40');
  const ids: string[] = [];
  for (let i = 0; i < 23; i++) {
    ids.unshift((await exchange.submit(federation.submission())).id);
    // several within one millisecond
    if (i % 4 === 0) federation.clock.advance(1);
  }
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await exchange.list({ box: 'outbox', limit: 5, ...(cursor && { cursor }) });
    seen.push(...page.items.map(({ id }) => id));
    t.ok(page.items.length <= 5);
    if (seen.length === 5) {
      federation.clock.advance(1);
      await exchange.submit(federation.submission());
    }
    cursor = page.cursor;
  } while (cursor !== null);
  t.same([...seen].sort(), [...ids].sort());
  t.equal(new Set(seen).size, 23);
  const exactly = await exchange.list({ box: 'outbox', limit: 24 });
  t.match(exactly, { cursor: null }, 'a full last page is the last');
  t.equal((await exchange.list({ box: 'outbox', limit: 0 })).items.length, 1);
  for (const wrong of [
    '',
    'x',
    'ф',
    Buffer.alloc(40, 0xff).toString('base64url'),
    Buffer.alloc(41).toString('base64url'),
  ])
    await t.rejects(
      exchange.list({ box: 'outbox', cursor: wrong }),
      { code: 'usage' },
      JSON.stringify(wrong),
    );
});

t.test('lists are narrowed by text without marks, sender, recipient, state and day', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51'], { G22: { search: true } });
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H51');
  await exchange.submit(federation.submission({ subject: 'Chuyển đổi số quốc gia', to: ['H40'] }));
  await exchange.submit(
    federation.submission({ subject: 'Phòng chống bão lụt', to: ['H51'], urgency: 'khan' }),
  );
  federation.clock.advance(86_400_000);
  const { id } = await exchange.submit(federation.submission({ subject: 'Đề án 06', to: ['H40', 'H51'] }));
  await federation.until(
    'the first arrived',
    async () => (await exchange.list({ box: 'outbox', state: 'delivered' })).items.length === 1,
  );
  const subjects = async (query: object) =>
    (await exchange.list({ box: 'outbox', ...query })).items.map(({ subject }) => subject);
  t.same(await subjects({ text: 'chuyen DOI' }), ['Chuyển đổi số quốc gia']);
  t.same(await subjects({ text: 'so chuyen' }), ['Chuyển đổi số quốc gia'], 'words in any order');
  t.same(await subjects({ text: 'de an' }), ['Đề án 06']);
  t.same(await subjects({ to: 'H51' }), ['Đề án 06', 'Phòng chống bão lụt']);
  t.same(await subjects({ from: 'H40' }), []);
  t.same(await subjects({ state: 'queued' }), ['Đề án 06', 'Phòng chống bão lụt']);
  t.same(await subjects({ since: '2026-01-16' }), ['Đề án 06']);
  t.same(await subjects({ since: '2026-01-17' }), []);
  t.same((await federation.node('H40').exchange.list({ box: 'outbox' })).items, [], 'received is not sent');
  t.match(await exchange.show(id.slice(0, 18)), { id }, 'a unique beginning is enough');
  await t.rejects(exchange.show(id.slice(0, 4)), { code: 'ambiguous' });
  await t.rejects(exchange.show('ffff'), { code: 'not-found' });
  await t.rejects(exchange.show('abc'), { code: 'not-found' }, 'any beginning will do');
  for (const wrong of ['', '../..', 'g'.repeat(10)]) await t.rejects(exchange.show(wrong), { code: 'usage' });
  await t.rejects(exchange.attachment(id, 7), { code: 'not-found' });
  await t.rejects(exchange.attachment(id, -1), { code: 'not-found' });
});

t.test('one document in full, at both ends', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { id } = await federation.node('G22').exchange.submit(
    federation.submission({
      urgency: 'hoa-toc',
      due: '2026-01-20',
      circular: true,
      signer: { name: 'Nguyễn Văn A', position: 'Chủ tịch', competence: 'TM.' },
      printedRecipients: ['Như trên', 'Lưu: VT'],
      place: 'Hà Nội',
      content: 'Trích yếu',
    }),
  );
  const sent = await federation.settled('G22', id);
  const received = await federation.node('H40').exchange.show(id);
  const same = {
    id,
    urgency: 'hoa-toc',
    due: '2026-01-20',
    circular: true,
    place: 'Hà Nội',
    content: 'Trích yếu',
    legalId: '000.00.00.G22,2026/01/15,1/QĐ-TTg',
  };
  const signer = { name: 'Nguyễn Văn A', position: 'Chủ tịch', competence: 'TM.' };
  for (const view of [sent, received]) {
    t.match(view, { ...same, signer, printedRecipients: ['Như trên', 'Lưu: VT'] });
    t.match(view.signatures, [{ role: 'seal', agency: 'G22', valid: true, reason: null }]);
  }
  t.match(sent, {
    box: 'outbox',
    deliveries: [{ to: 'H40', seat: 'H40', state: 'delivered', attempts: 1, lastError: null }],
  });
  t.match(received, { box: 'inbox', deliveries: [{ to: 'H40', receipt: { by: 'H40' } }] });
  t.type(sent.deliveries[0]!.elapsedMs, 'number');
});

t.test('progress is told as it happens, and ends when all is settled', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H40').add('H51');
  const { id } = await exchange.submit(federation.submission({ to: ['H40', 'H51'] }));
  const updates: DeliveryUpdate[] = [];
  const watching = (async () => {
    for await (const update of exchange.watch(id, new AbortController().signal)) updates.push(update);
  })();
  await federation.until('the states so far are told', () => updates.length === 2, 0);
  federation.unreachable.clear();
  await federation.settled('G22', id);
  await watching;
  for (const to of ['H40', 'H51']) {
    const states = updates.filter((update) => update.to === to).map(({ state }) => state);
    t.equal(states[0], 'queued');
    t.equal(states.at(-1), 'delivered');
  }
  t.type(updates.at(-1)!.elapsedMs, 'number');
  const settled: DeliveryUpdate[] = [];
  for await (const update of exchange.watch(id, new AbortController().signal)) settled.push(update);
  t.equal(settled.length, 2, 'a settled document is told at once');
});

t.test('who stops watching is left in peace', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H40');
  const { id } = await exchange.submit(federation.submission());
  const stop = new AbortController();
  const updates = exchange.watch(id, stop.signal);
  t.match(await updates.next(), { done: false });
  const next = updates.next();
  stop.abort();
  await federation.until('the watch ends', async () => (await next) !== undefined, 0);
  let last = await next;
  while (!last.done) last = await updates.next();
  t.ok(last.done);
});

t.test('evidence is verified by its own script with OpenSSL, and a changed byte is found', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const { exchange } = federation.node('G22');
  // several at once: dispatches and receipts in batch form
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map(() => exchange.submit(federation.submission({ to: ['H40', 'H51'] }))),
  );
  const { id } = answers[2]!;
  await federation.settled('G22', id);
  for (const seat of ['G22', 'H40']) {
    const folder = await mkdtemp(join(tmpdir(), 'lienthong-evidence-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const files = await federation.node(seat).exchange.evidence(id);
    const names = files.map(({ name }) => name);
    for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
    for (const name of ['document.signed', 'dispatch-H40.signed', 'receipt-H40.signed', 'verify.sh'])
      t.ok(names.includes(name), name);
    t.equal(
      names.some((name) => name.includes('H51')),
      seat === 'G22',
      'a recipient learns nothing of the others',
    );
    const verify = () =>
      run('sh', [join(folder, 'verify.sh')]).then(
        ({ stdout }) => ({ code: 0, text: stdout }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          code: error.code,
          text: error.stdout + error.stderr,
        }),
      );
    const good = await verify();
    t.equal(good.code, 0, good.text);
    const signatures = names.filter((name) => name.endsWith('.sig')).length;
    t.equal(good.text.match(/Verified OK/g)?.length, signatures, `${signatures} signatures`);
    if (seat === 'G22')
      t.ok(
        names.some((name) => name.endsWith('.path.txt')),
        'some are in batch form',
      );
    // one file of each sort is enough: every run of the script checks every signature
    const sorts = ['.covered', '.sig', '.item', 'path.txt'].map((end) =>
      names.findLast((name) => name.endsWith(end)),
    );
    for (const name of sorts.filter((name) => name !== undefined)) {
      const bytes = Uint8Array.from(files.find((file) => file.name === name)!.bytes);
      const at = name.endsWith('path.txt') ? bytes.length - 2 : bytes.length - 1;
      bytes[at] = name.endsWith('path.txt') ? (bytes[at] === 48 ? 49 : 48) : bytes[at]! ^ 1;
      const before = files.find((file) => file.name === name)!.bytes;
      await writeFile(join(folder, name), bytes);
      t.not((await verify()).code, 0, `${name} changed`);
      await writeFile(join(folder, name), before);
    }
    t.equal((await verify()).code, 0);
  }
});

t.test('evidence binds the payload it shows: what is read is what was signed', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { id } = await federation.node('G22').exchange.submit(federation.submission());
  await federation.settled('G22', id);
  const files = await federation.node('H40').exchange.evidence(id);
  const bytes = (name: string) => Buffer.from(files.find((file) => file.name === name)!.bytes);
  for (const stem of ['document', 'dispatch-H40', 'receipt-H40']) {
    const covered = bytes(
      `${stem}.${files.some(({ name }) => name === `${stem}.item`) ? 'item' : 'covered'}`,
    );
    const payload = bytes(`${stem}.payload`);
    t.ok(covered.subarray(-payload.length).equals(payload), stem);
    t.ok(bytes(`${stem}.signed`).includes(payload), `${stem} as it travelled`);
  }
});
