import t from 'tap';
import { width } from '../../../node/cli/terminal.ts';
import { runningNode } from '../../helpers/command-line.ts';
import type { MemoryNode } from '../../helpers/memory-node.ts';

const SUBJECT =
  'Phê duyệt Đề án Nâng cao hiệu quả công tác tuyên truyền, phổ biến, giáo dục pháp luật trên địa bàn tỉnh giai đoạn 2019 – 2022';
const NOW_MS = Date.parse('2019-03-12T18:00:00+07:00');
const clock = { nowMs: () => NOW_MS, sleep: async () => undefined, after: () => () => undefined };

async function fill(node: MemoryNode, count = 3): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 1; number <= count; number++) {
    const attachments = [{ name: 'Quyết định.pdf', bytes: Buffer.from(`văn bản ${number}`) }];
    const subject = number % 2 === 0 ? SUBJECT.normalize('NFD') : SUBJECT;
    const fields = {
      type: 'Quyết định',
      number: String(number),
      notation: 'QĐ-TTg',
      subject,
      system: 'x',
      attachments,
    };
    const { id } = await node.submit({
      ...fields,
      to: ['H40', 'H51'],
      urgency: number === 1 ? 'hoa-toc' : 'thuong',
    });
    ids.push(id);
    if (node.deliverAtOnce) node.deliver(id);
  }
  return ids;
}

t.test('the table fits the terminal, aligned, whatever form the Vietnamese came in', async (t) => {
  const { cli, node } = await runningNode(t);
  await fill(node);
  for (const columns of [80, 100, 140]) {
    const { status, out } = await cli(['list', 'outbox'], { tty: true, columns, env: { NO_COLOR: '1' } });
    t.equal(status, 0);
    for (const line of out.trimEnd().split('\n'))
      t.ok(width(line) <= columns, `${columns}: ${width(line)} "${line}"`);
    t.equal(out, out.normalize('NFC'));
    const at = (line: string, text: string) => width(line.slice(0, line.indexOf(text)));
    const [heading, ...rows] = out.split('\n').filter((line) => /Trạng thái|Đã nhận/.test(line));
    for (const row of rows) t.equal(at(row, 'Đã nhận'), at(heading!, 'Trạng thái'));
    t.match(out, '[Hỏa tốc]');
  }
});

t.test('in a pipe nothing is cut, coloured or wrapped, and ids are whole', async (t) => {
  const { cli, node } = await runningNode(t);
  const ids = await fill(node);
  const { out } = await cli(['list', 'outbox']);
  t.equal(out.trimEnd().split('\n').length, 4);
  t.notMatch(out, /\x1b/);
  t.ok(ids.every((id) => out.includes(id)));
  t.ok(out.includes(SUBJECT));
});

t.test('colours only on a terminal that wants them', async (t) => {
  const { cli, node } = await runningNode(t);
  await fill(node, 1);
  t.match((await cli(['list', 'outbox'], { tty: true })).out, /\x1b\[32mĐã nhận/);
  t.notMatch((await cli(['list', 'outbox'], { tty: true, env: { NO_COLOR: '1' } })).out, /\x1b\[3/);
  t.notMatch((await cli(['list', 'outbox'], { tty: true, env: { TERM: 'dumb' } })).out, /\x1b\[3/);
});

t.test('list filters, turns pages and prints the JSON of the contract', async (t) => {
  const { cli, node } = await runningNode(t);
  const ids = await fill(node, 3);
  node.deliverAtOnce = false;
  const first = JSON.parse((await cli(['list', 'outbox', '--limit', '2', '--json'])).out);
  t.same(
    first.items.map((item: { id: string }) => item.id),
    ids.slice(0, 2),
  );
  t.hasOwnProps(first.items[0], [
    'id',
    'legalId',
    'kind',
    'from',
    'to',
    'type',
    'number',
    'notation',
    'subject',
    'date',
    'urgency',
    'state',
    'status',
    'attachments',
    'storedAt',
  ]);
  t.equal(first.items[0].attachments, 1);
  const second = JSON.parse(
    (await cli(['list', 'outbox', '--limit', '2', '--cursor', first.cursor, '--json'])).out,
  );
  t.same([second.items.length, second.cursor], [1, null]);
  t.equal(
    JSON.parse((await cli(['list', 'outbox', '--to', '000.00.00.H51', '--state', 'delivered', '--json'])).out)
      .items.length,
    3,
  );
  t.equal(JSON.parse((await cli(['list', 'outbox', '--text', 'không có', '--json'])).out).items.length, 0);
  t.match((await cli(['list', 'inbox'])).out, 'Không có văn bản đến nào.');
  t.match((await cli(['list', 'outbox', '--limit', '1'])).out, '--cursor 1');
  node.behindSeconds = 9;
  t.match((await cli(['list', 'outbox', '--text', 'Phê'])).err, 'thiếu thay đổi của 9 giây gần đây');
  t.match((await cli(['list', 'outbox', '--text', 'không có'])).err, '9 giây', 'said of an empty page too');
  t.equal(JSON.parse((await cli(['list', 'outbox', '--text', 'Phê', '--json'])).out).behindSeconds, 9);
});

t.test('show is a sheet; its JSON holds the files as attachments', async (t) => {
  const { cli, node } = await runningNode(t);
  const [id] = await fill(node, 1);
  const json = JSON.parse((await cli(['show', id!.slice(0, 13), '--json'])).out);
  t.match(json, {
    id,
    attachments: [{ name: 'Quyết định.pdf', mediaType: String, size: 12, sha256: /^[0-9a-f]{64}$/ }],
    deliveries: [
      { to: 'H40', seat: 'H40-1', state: 'delivered', attempts: 1, receipt: { at: String, by: 'H40' } },
      {},
    ],
    signatures: [{ role: 'seal', valid: true }],
    statuses: [],
  });
  const { out } = await cli(['show', id!], { tty: true, columns: 80, env: { NO_COLOR: '1' } });
  t.match(out, /Văn bản +Quyết định 1\/QĐ-TTg\n/);
  t.match(out, /H40 +Đã nhận +41 ms +1 +biên nhận của H40/);
  t.match(out, /Con dấu +G22/);
  for (const line of out.split('\n')) if (!line.includes('lienthong fetch')) t.ok(width(line) <= 80, line);
});

t.test('a subject cannot write to the terminal', async (t) => {
  const { cli, node } = await runningNode(t);
  const { id } = await node.submit({
    to: ['H40'],
    type: 'a',
    number: '1',
    notation: 'b',
    subject: 'x\x1b[2Jy\r\nz',
    system: 'x',
    attachments: [],
  });
  for (const argv of [
    ['list', 'outbox'],
    ['show', id],
  ])
    t.notMatch((await cli(argv)).out, /\x1b|\r/);
});

t.test('not found and ambiguous are status 4', async (t) => {
  const { cli, node } = await runningNode(t);
  node.deliverAtOnce = false;
  await fill(node, 1);
  t.equal((await cli(['show', 'ffffffff-ffff'])).status, 4);
  t.equal((await cli(['show', 'not-an-id'])).status, 4);
  for (const kept of node.documents) kept.view.id = `0190${kept.view.id.slice(4)}`;
  await fill(node, 1);
  node.documents[1]!.view.id = `0190${node.documents[1]!.view.id.slice(4)}`;
  const { status, err } = await cli(['verify', '0190', '--json']);
  t.equal(status, 4);
  t.equal(JSON.parse(err).error.code, 'ambiguous');
  t.equal((await cli(['directory', 'show', 'H77'])).status, 4);
});

t.test('verify names each check; what does not verify is status 7', async (t) => {
  const { cli, node } = await runningNode(t);
  const [id] = await fill(node, 1);
  const good = await cli(['verify', id!, '--lang', 'en']);
  t.equal(good.status, 0);
  t.match(
    good.out,
    /✓ Document: seal signature \(G22 0a1b\)\n✓ File Quyết định.pdf is intact\nThe document verifies/,
  );
  node.verified = false;
  const bad = await cli(['verify', id!, '--lang', 'en']);
  t.equal(bad.status, 7);
  t.match(bad.out, /✗ Document: seal signature \(G22 0a1b\): A signature is not valid\n.*does NOT verify/s);
  const json = await cli(['verify', id!, '--json']);
  t.equal(json.status, 7);
  t.match(JSON.parse(json.out), {
    id,
    valid: false,
    checks: [{ what: 'document: seal signature (G22 0a1b)', ok: false, reason: String }, { ok: true }],
  });
});

t.test('the directory, listed and one entry', async (t) => {
  const { cli } = await runningNode(t);
  t.match(JSON.parse((await cli(['directory', 'list', '--json'])).out), [
    { code: 'G22', legacyCode: '000.00.00.G22', name: String, state: 'active', seats: 1 },
  ]);
  t.match((await cli(['directory', 'list'])).out, /H99 +Tỉnh chưa có nút +hoạt động +0\n/);
  t.match((await cli(['directory', 'show', '000.00.00.H40'])).out, /12D3KooWExample/);
});

t.test('node status shows queues and warns of what someone should act on', async (t) => {
  const { cli, node } = await runningNode(t);
  const { status, out } = await cli(['node', 'status', '--lang', 'en'], { clock });
  t.equal(status, 0);
  t.match(out, /H40 +3 +12\/03\/2019 09:00:00 +12\/03\/2019 09:01:00 +Couldn't connect/);
  t.match(out, /! H40: 3 document\(s\) waiting for 9 h/);
  const json = JSON.parse((await cli(['node', 'status', '--json'])).out);
  t.hasOwnProps(json, [
    'agency',
    'peerId',
    'listening',
    'version',
    'uptimeSeconds',
    'directory',
    'certificates',
    'queues',
    'disk',
  ]);
  const day = 86_400_000;
  const after = (ms: number) => new Date(NOW_MS + ms).toISOString();
  const warned = async (override: object) => {
    node.overrideStatus = override;
    return (await cli(['node', 'status', '--lang', 'en'], { clock })).out.split('Needs attention')[1] ?? '';
  };
  const seal = { role: 'seal', serial: '1', notAfter: after(100 * day), state: 'valid' };
  const quiet = { queues: [], certificates: [seal] };
  const [queue] = json.queues;
  const ownQueue = { ...quiet, queues: [{ ...queue, seat: 'G22', agency: 'G22', own: true }] };
  t.match(await warned(ownQueue), /! G22 \(this node's own units\): 3 document\(s\) waiting/);
  t.equal(await warned(quiet), '');
  t.match(
    await warned({ ...quiet, certificates: [{ ...seal, notAfter: after(59 * day) }] }),
    /Seal certificate expires in 59 d.*registry renew G22/s,
  );
  t.equal(await warned({ ...quiet, certificates: [{ ...seal, notAfter: after(61 * day) }] }), '');
  const old = { ...seal, serial: '0', notAfter: after(-day) };
  for (const state of ['replaced', 'revoked', 'expired'])
    t.equal(await warned({ ...quiet, certificates: [{ ...old, state }, seal] }), '', `an old one, ${state}`);
  t.match(await warned({ ...quiet, certificates: [{ ...old, state: 'revoked' }] }), /is revoked/);
  node.overrideStatus = { ...quiet, certificates: [{ ...seal, notAfter: after(59 * day) }] };
  const told = JSON.parse((await cli(['node', 'status', '--json', '--lang', 'en'], { clock })).out).warnings;
  t.equal(told.length, 1);
  t.match(told[0], /expires in 59 d/);
  t.match(await warned({ ...quiet, certificates: [{ ...seal, notAfter: after(-1) }] }), /expired/);
  t.match(
    await warned({ ...quiet, certificates: [{ ...seal, state: 'not-granted', notAfter: '' }] }),
    /grant-seal G22/,
  );
  t.match(await warned({ ...quiet, certificates: [] }), /grant-seal G22/);
  const foreign = { fingerprint: 'ab'.repeat(32), subject: 'CN=Con dấu', issuer: 'CN=CA ngoài' };
  const beside = (state: string, days: number) =>
    warned({ ...quiet, certificates: [{ ...old, state, notAfter: after(days * day), foreign }, seal] });
  for (const [state, days, text] of [
    ['valid', 59, /CN=Con dấu.*CN=CA ngoài.*expires in 59 d.*node seal use/s],
    ['expired', -1, /has expired.*node seal use.*registry revoke abab/s],
    ['revoked', 100, /was revoked by CA "CN=CA ngoài"/],
    ['list-ended', 100, /revocation list has ended.*registry anchor crl/s],
  ] as const) {
    const said = (await beside(state, days)).replaceAll(/\s+/g, ' ');
    t.match(said, text, `another CA's, ${state}, beside a good one`);
    t.notMatch(said, /registry renew/);
  }
  for (const [state, days] of [
    ['valid', 61],
    ['withdrawn', -1],
    ['replaced', -1],
  ] as const)
    t.equal(await beside(state, days), '', `another CA's, ${state}`);
  const onlyForeign = [
    { ...seal, foreign },
    { ...old, state: 'expired' },
  ];
  t.match(
    await warned({ ...quiet, certificates: onlyForeign }),
    /registry renew/,
    'nor does it hide our own',
  );
  const held = { custody: 'token', module: '/p11.so', label: 'G22' } as const;
  t.equal(await warned({ ...quiet, seal: { ...held, fault: null } }), '');
  t.match(
    await warned({ ...quiet, seal: { ...held, fault: { code: 'seal-pin-wrong', reason: '/pin' } } }),
    /refused the seal's PIN in \/pin.*not tried again/,
  );
  t.match(await warned({ ...quiet, disk: { freeBytes: 1_000_000 } }), /disk is full \(977 KB left\)/);
  t.match(await warned({ ...quiet, disk: { freeBytes: 2 ** 30 } }), /nearly full: 1\.0 GB/);
  t.match(await warned({ ...quiet, disk: { freeBytes: 2 ** 27 } }), /no more large files/);
  t.match(
    await warned({ ...quiet, disk: { freeBytes: 2 ** 27 - 1 } }),
    /no new documents.*statuses and recalls/,
  );
  const since = '2026-01-15T10:00:00.000+07:00';
  const limited = { agency: 'H40', limit: 'documentsPerDay', most: 2, refused: 7, since, until: null };
  t.match(
    await warned({ ...quiet, limited: [limited] }),
    /H40 is over its limit of deliveries a day \(2\): put off 7 time\(s\) since 15.*2026/,
  );
  t.match(
    await warned({ ...quiet, store: { state: 'read-only', problems: ['gap: rows'] } }),
    /read-only.*gap: rows/,
  );
  t.match(await warned({ ...quiet, peers: { connected: 0, registry: false } }), /registry is out of reach/);
  for (const [state, text] of [
    ['stale', /stale/],
    ['expired', /has stopped/],
    ['fork', /two different/],
    ['revoked', /is revoked/],
  ] as const)
    t.match(
      await warned({
        ...quiet,
        directory: { epoch: 1, version: 2, freshUntil: after(0), validUntil: after(0), state },
      }),
      text,
    );
});

t.test('node check, running or at rest; damage is status 7', async (t) => {
  const { cli, node, door } = await runningNode(t);
  t.equal((await cli(['node', 'check'])).status, 0);
  node.verified = false;
  const damaged = await cli(['node', 'check', '--lang', 'en']);
  t.equal(damaged.status, 7);
  t.match(damaged.out, /✗ Damaged: blob 12ab/);
  await door.close();
  const report = { ok: true, problems: [], checked: { rows: 1, blobs: 0, auditLeaves: 1 } };
  const atRest = await cli(['node', 'check', '--json'], { roots: { checkFolder: async () => report } });
  t.same(JSON.parse(atRest.out), report);
  const noSeal = { ...report, ok: false, problems: [{ kind: 'seal-token-absent', where: 'VGCA' }] };
  const without = await cli(['node', 'check', '--lang', 'en'], {
    roots: { checkFolder: async () => noSeal },
  });
  t.equal(without.status, 7);
  t.match(without.out, /✗ The token with the seal is not there: VGCA;.*Put it back/);
  t.notMatch(without.out, /damaged places/, 'that is no damage');
});

t.test('node announce checks the addresses first', async (t) => {
  const { cli, node } = await runningNode(t);
  t.equal((await cli(['node', 'announce', '10.0.0.1:7400'])).status, 2);
  t.equal((await cli(['node', 'announce', '/ip4/10.0.0.1/tcp/7400', '/dns4/a.vn/tcp/1'])).status, 0);
  t.same(node.announced, ['/ip4/10.0.0.1/tcp/7400', '/dns4/a.vn/tcp/1']);
});
