import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { LienthongError } from '../../../node/core/errors.ts';
import { run, runningNode, temporaryFolder } from '../../helpers/command-line.ts';

const FIELDS = [
  '--to',
  'H40,H51',
  '--type',
  'Quyết định',
  '--number',
  '274',
  '--notation',
  'QĐ-TTg',
  '--subject',
  'Phê duyệt',
];

t.test(
  'a document with small and large files is queued; the answer has the shape of the contract',
  async (t) => {
    const { cli, node } = await runningNode(t);
    const files = await temporaryFolder(t);
    const [small, large] = [join(files, 'Quyết định.pdf'.normalize('NFD')), join(files, 'phụ lục.bin')];
    await writeFile(small, 'nhỏ');
    await writeFile(large, Buffer.alloc(300_000, 7));
    node.deliverAtOnce = false;
    const all = [
      '--urgency',
      'hoa-toc',
      '--signer',
      'Nguyễn Văn A',
      '--position',
      'Thủ tướng',
      '--due',
      '01/04/2019',
      '--date',
      '2019-03-12',
      '--place',
      'Hà Nội',
      '--circular',
      '--classification',
      'thuong',
      '--key',
      'k1',
      '--from',
      'G22',
    ];
    const { status, out, err } = await cli(['send', small, large, ...FIELDS, ...all, '--json']);
    t.equal(status, 0, err);
    const answer = JSON.parse(out);
    t.match(answer, {
      id: /^[0-9a-f-]{36}$/,
      documentHash: /^[0-9a-f]{64}$/,
      deliveries: [
        { to: 'H40', state: 'queued' },
        { to: 'H51', state: 'queued' },
      ],
    });
    t.match(node.submissions[0], {
      system: 'cli',
      key: 'k1',
      from: 'G22',
      urgency: 'hoa-toc',
      due: '2019-04-01',
      date: '2019-03-12',
      circular: true,
      classification: 'thuong',
      signer: { name: 'Nguyễn Văn A', position: 'Thủ tướng' },
    });
    t.match(node.documents[0]!.view.files, [
      { name: 'Quyết định.pdf', mediaType: 'application/pdf', size: 5 },
      { name: 'phụ lục.bin', mediaType: 'application/octet-stream', size: 300_000 },
    ]);
  },
);

t.test('with --wait each outcome is shown as it happens', async (t) => {
  const { cli, node } = await runningNode(t);
  const file = join(await temporaryFolder(t), 'a.pdf');
  await writeFile(file, 'x');
  node.deliverAtOnce = false;
  const seen: string[] = [];
  const onWrite = (text: string) => {
    seen.push(text);
    const { id } = node.documents[0]?.view ?? {};
    if (text.includes('Queued: ')) node.deliver(id!, 'H40');
    if (text.includes('H40  ✓')) node.deliver(id!, 'H51');
  };
  const { status, out } = await cli(['send', file, ...FIELDS, '--wait', '--lang', 'en'], { onWrite });
  t.equal(status, 0);
  t.match(
    out,
    /Queued: Quyết định 274\/QĐ-TTg\nId: \S{36}\n {2}H40 {2}✓ Delivered {2}41 ms\n {2}H51 {2}✓ Delivered {2}41 ms\nReceipts of 2/,
  );
});

t.test('not all in time is status 6, a refusal is 3; the document stays queued', async (t) => {
  const { cli, node } = await runningNode(t);
  const file = join(await temporaryFolder(t), 'a.pdf');
  await writeFile(file, 'x');
  node.deliverAtOnce = false;
  const late = await cli(['send', file, ...FIELDS, '--wait', '--timeout', '50ms', '--json']);
  t.equal(late.status, 6);
  t.match(JSON.parse(late.out), { settled: false, deliveries: [{ state: 'queued' }, { state: 'queued' }] });
  t.match(JSON.parse(late.err), { error: { code: 'timeout' } });
  const onWrite = (text: string) => {
    if (!text.includes('Queued: ')) return;
    node.deliver(node.documents[1]!.view.id, 'H40');
    node.deliver(node.documents[1]!.view.id, 'H51', 'refused');
  };
  const refused = await cli(['send', file, ...FIELDS, '--wait', '--lang', 'en'], { onWrite });
  t.equal(refused.status, 3);
  t.match(refused.out, /H51 {2}✗ Refused .*A signature is not valid/);
  t.match(refused.err, /Not delivered to 1: H51/);
});

t.test('bad input is named, with the status of the contract, and nothing is handed in', async (t) => {
  const { cli, node } = await runningNode(t);
  const files = await temporaryFolder(t);
  const [good, empty] = [join(files, 'a.pdf'), join(files, 'empty.pdf')];
  await writeFile(good, 'x');
  await writeFile(empty, '');
  const rest = FIELDS.slice(2);
  const wrong: [string[], number, string][] = [
    [[join(files, 'none.pdf'), ...FIELDS], 2, 'file-missing'],
    [[empty, ...FIELDS], 3, 'file-empty'],
    [[files, ...FIELDS], 2, 'invalid-file'],
    [[good, ...rest, '--to', 'Nam Định'], 2, 'invalid-code'],
    [[good, ...FIELDS, '--date', '2019-02-30'], 2, 'invalid-date'],
    [[good, ...FIELDS, '--urgency', 'nhanh'], 2, 'usage'],
    [[good, ...FIELDS, '--classification', 'secret'], 2, 'usage'],
    [[good, ...FIELDS, '--timeout', 'soon'], 2, 'usage'],
  ];
  for (const [argv, status, code] of wrong) {
    const ran = await cli(['send', ...argv, '--json']);
    t.equal(ran.status, status, code);
    t.equal(JSON.parse(ran.err).error.code, code);
    t.equal(ran.out, '');
  }
  t.equal(node.submissions.length, 0);
  const byRule: [string[], number, string][] = [
    [[good, ...rest], 3, 'no-recipient'],
    [[good, ...rest, '--to', 'X11'], 3, 'unknown-recipient'],
    [[good, ...rest, '--to', 'H40,H99'], 3, 'recipient-without-node'],
  ];
  for (const [argv, status, code] of byRule) {
    const ran = await cli(['send', ...argv, '--json']);
    t.match([ran.status, JSON.parse(ran.err).error.code], [status, code]);
  }
  t.equal(node.documents.length, 0);
  const partly = await cli(['send', good, ...rest, '--to', 'H40,H99', '--allow-missing', '--lang', 'en']);
  t.equal(partly.status, 0);
  t.match(partly.err, /H99 has no node yet/);
});

t.test('a refusal comes before large files are sent, and after it their leases are given back', async (t) => {
  const { cli, node } = await runningNode(t);
  const file = join(await temporaryFolder(t), 'a.bin');
  await writeFile(file, Buffer.alloc(100_000));
  const released: string[] = [];
  Object.assign(node, {
    releaseBlob: async (lease: string) => {
      released.push(lease);
      node.blobs.delete(lease);
    },
  });
  node.refuseWith = new LienthongError('seal-not-granted', { agency: 'G22', fingerprint: 'ab12' });
  const late = await cli(['send', file, ...FIELDS, '--lang', 'en']);
  t.equal(late.status, 3);
  t.match(late.err, /grant-seal G22 ab12/);
  t.equal(released.length, 1);
  Object.assign(node, {
    validate: async () => {
      throw new LienthongError('classified', { classification: 'mat' });
    },
  });
  const early = await cli(['send', file, ...FIELDS, '--classification', 'mat', '--json']);
  t.match(JSON.parse(early.err), { error: { code: 'classified' } });
  t.equal(released.length, 1, 'nothing was uploaded');
  t.equal(node.blobs.size, 0);
});

t.test('Ctrl-C while a file goes up leaves nothing behind', async (t) => {
  const { cli, node } = await runningNode(t);
  const file = join(await temporaryFolder(t), 'a.bin');
  await writeFile(file, Buffer.alloc(30_000_000));
  const stop = new AbortController();
  const take = node.storeBlob.bind(node);
  node.storeBlob = (source, options) =>
    take(
      (async function* () {
        for await (const piece of source) {
          yield piece;
          stop.abort();
        }
      })(),
      options,
    );
  const { status, out, err } = await cli(['send', file, ...FIELDS, '--lang', 'en'], { signal: stop.signal });
  t.equal(status, 130);
  t.equal(out, '');
  t.match(err, /Stopped as asked/);
  while (node.uploadsBroken === 0) await new Promise(setImmediate);
  t.equal(node.blobs.size, 0);
  t.equal(node.documents.length, 0);
});

t.test('Ctrl-C while it waits: the document stays queued, and it says so', async (t) => {
  const { cli, node } = await runningNode(t);
  const file = join(await temporaryFolder(t), 'a.pdf');
  await writeFile(file, 'x');
  node.deliverAtOnce = false;
  const stop = new AbortController();
  const onWrite = (text: string) => {
    if (text.includes('Queued: ')) stop.abort();
  };
  const ran = await cli(['send', file, ...FIELDS, '--wait', '--lang', 'en'], {
    signal: stop.signal,
    onWrite,
  });
  t.equal(ran.status, 130);
  t.match(ran.err, new RegExp(`stays queued.*lienthong show ${node.documents[0]!.view.id}`));
});

t.test(
  'on a terminal a transfer shows bytes, speed and time left on one line, and takes it away',
  async (t) => {
    const { cli } = await runningNode(t);
    const file = join(await temporaryFolder(t), 'a.bin');
    await writeFile(file, Buffer.alloc(5_000_000));
    let nowMs = 0;
    const clock = { nowMs: () => (nowMs += 200), sleep: async () => undefined, after: () => () => undefined };
    const { err } = await cli(['send', file, ...FIELDS, '--lang', 'en'], { tty: true, clock });
    t.match(err, /\r\x1b\[2Ka\.bin {2}\d+% {2}[\d.]+ MB\/4\.8 MB {2}[\d.]+ \w+\/s {2}\d+ s left/);
    t.match(err, /\r\x1b\[2K$/);
  },
);

t.test('when the node is not running the sentence says what to type', async (t) => {
  const folder = join(await temporaryFolder(t), 'my node');
  await mkdir(folder);
  const file = join(folder, 'a.pdf');
  await writeFile(file, 'x');
  const elsewhere = await run(['send', file, ...FIELDS, '--dir', folder, '--lang', 'en']);
  t.equal(elsewhere.status, 5);
  t.match(elsewhere.err, /my node is not set up, or belongs to something else .*: check --dir/);
  t.notMatch(elsewhere.err, 'node run', 'no advice to start what is not there');
  await writeFile(join(folder, 'identity.json'), '{}');
  const ran = await run(['send', file, ...FIELDS, '--dir', folder, '--lang', 'en']);
  t.equal(ran.status, 5);
  t.match(ran.err, `lienthong node run --dir '${folder}'`);
  for (const argv of [
    ['list', 'inbox'],
    ['show', '0190'],
    ['verify', '0190'],
    ['node', 'status'],
    ['directory', 'list'],
    ['fetch', '0190', '--out', folder],
  ])
    t.equal((await run([...argv, '--json'], { env: { LIENTHONG_DIR: folder } })).status, 5, argv.join(' '));
});

t.test('a node that dies while it answers is status 5', async (t) => {
  const { createServer } = await import('node:net');
  const dir = await temporaryFolder(t);
  const server = createServer((socket) => socket.once('data', () => socket.destroy())).listen(
    join(dir, 'node.sock'),
  );
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { status, err } = await run(['node', 'status', '--dir', dir, '--json']);
  t.equal(status, 5);
  t.match(JSON.parse(err), { error: { code: 'unreachable' } });
});
