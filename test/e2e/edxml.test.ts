/**
 * edXML files through real processes: every fixture (and real messages of a folder LIENTHONG_EDXML_SAMPLES names), a node
 * killed in the middle of an import, an attachment of 50 MB in flat memory, and files that change nothing.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { ImportAnswer } from '../../node/core/edxml-views.ts';
import type { EdxmlDocument } from '../../node/edxml/message.ts';
import { fixture, has, taken, xmllint } from '../edxml/reading.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';
import { seeded } from '../store/seeded.ts';

const MIB = 1024 ** 2;
const LARGE_BYTES = 50 * MIB;
/** What importing it may add to the process: buffers of writing, hashing, Base64, and garbage not collected yet. */
const MOST_GROWTH_BYTES = 40 * MIB;
const KILLS = 6;
/** Latest kill after an import was begun. */
const MOST_MS = 900;
const random = seeded();
t.comment(`seed ${random.seed}`);
t.setTimeout(170_000);

const federation = await Federation.start(t, { agencies: ['G22', 'H40', 'H51'] });
const [author, near, far] = ['G22', 'H40', 'H51'].map((code) => federation.agency(code)) as [
  Agency,
  Agency,
  Agency,
];
await federation.inStep();
const papers = path.join(federation.dir, 'papers');
await mkdir(papers);

/** The fixtures' codes as agencies that are here. */
function localised(file: Buffer, ...changes: [string, string][]): Buffer {
  let text = file.toString('utf8');
  const codes: [string, string][] = [
    ['000.00.00.H90', '000.00.00.G22'],
    ['000.00.00.H91', '000.00.00.H40'],
    ['05.17.H92', '000.00.00.H51'],
  ];
  for (const [from, to] of [...codes, ...changes]) text = text.replaceAll(from, to);
  return Buffer.from(text);
}

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const file = path.join(papers, name);
  await writeFile(file, bytes);
  return file;
}

/** Runs `import` on one file; the answer, or the error's code. */
async function imported(agency: Agency, name: string, bytes: Uint8Array): Promise<ImportAnswer> {
  const { exit, value, stderr } = await agency.cli('import', await written(name, bytes));
  if (exit !== 0) throw new Error(stderr);
  return (value as { imported: ImportAnswer[] }).imported[0]!;
}

async function exported(agency: Agency, id: string, name: string, ...options: string[]): Promise<Buffer> {
  const { value, stderr } = await agency.cli('export', id, '--out', path.join(papers, name), ...options);
  if (value === undefined) throw new Error(stderr);
  return readFile((value as { path: string }).path);
}

/** Files of attachments a node holds, finished or not. */
async function blobsOf(agency: Agency): Promise<string[]> {
  const entries = await readdir(path.join(agency.dir, 'blobs'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

const about = (agency: Agency, id: string) => eventually(`${id} is at ${agency.name}`, () => agency.show(id));

t.test('every fixture does what it says, at both ends', async (t) => {
  // the document the others name, to both
  const to = '<edXML:To><edXML:OrganId>000.00.00.H40</edXML:OrganId></edXML:To>';
  const first = localised(
    fixture('document-new.edxml'),
    ['2019/02/30,118/', '2019/03/12,118/'],
    ['<edXML:DocumentId>000', `${to}<edXML:DocumentId>000`],
  );
  const { id } = await imported(author, 'new.edxml', first);
  await author.delivered(id);
  for (const agency of [near, far]) {
    const file = await exported(agency, id, `new-${agency.name}.edxml`);
    if (has('xmllint')) xmllint(file);
    const { message, files } = await taken(file);
    t.same(
      (message as EdxmlDocument).to.map(({ organId }) => organId),
      [`000.00.00.${agency.name}`],
    );
    t.same(files, (await taken(first)).files);
  }
  t.ok((await exported(author, id, 'original.edxml', '--original')).equals(first), 'the same bytes');

  for (const [name, code] of [
    ['status-01', '01'],
    ['status-03', '03'],
    ['status-older', '03'],
  ] as const)
    t.match(await imported(near, `${name}.edxml`, localised(fixture(`${name}.edxml`))), {
      kind: 'status',
      code,
      id,
    });
  t.match(await imported(author, 'status-13.edxml', localised(fixture('status-13.edxml'))), {
    code: '13',
    answers: [{ to: 'H40', outcome: 'requested' }],
  });
  await eventually('the recall is there', async () => (await near.show(id)).status === '13');
  t.match(await imported(near, 'status-15.edxml', localised(fixture('status-15.edxml'))), {
    recall: 'agreed',
  });
  await eventually('the author knows', async () =>
    (await author.show(id)).deliveries.some(({ recall }) => recall === 'agreed'),
  );
  for (const agency of [author, near]) {
    const status = await exported(
      agency,
      id,
      `tt-${agency.name}.edxml`,
      '--status',
      '--unit',
      'H40',
      '--code',
      '03',
    );
    t.match((await taken(status)).message, {
      statusCode: '03',
      staffInfo: { staff: /./ },
      timestamp: { text: '2019/03/12 10:20:30' },
    });
  }

  const kept = ['--status', '--original', '--unit', 'H40', '--code'];
  const accepted = localised(fixture('status-03.edxml'));
  t.ok(
    (await exported(near, id, 'tt-goc.edxml', ...kept, '03')).equals(accepted),
    'the file of a status, too',
  );
  const recalled = localised(fixture('status-13.edxml'));
  t.ok((await exported(author, id, 'tt-goc.edxml', ...kept, '13')).equals(recalled));

  const replacement = localised(fixture('document-replace.edxml'), ['118', '218']);
  const replaced = await imported(author, 'replace.edxml', replacement);
  t.match(replaced, { kind: 'replace', notHere: [String, String] });
  await author.delivered(replaced.id);
  const update = localised(
    fixture('document-update.edxml'),
    ['118', '219'],
    ['2019/02/30,117/', '2019/03/12,118/'],
  );
  const updated = await imported(author, 'update.edxml', update);
  t.match(updated, { kind: 'update', recalls: [{ id }], additions: [{ id }] });
  await author.delivered(updated.id);
  const recall = await imported(author, 'recall.edxml', localised(fixture('document-recall.edxml')));
  t.match(recall, { kind: 'recall', recalls: [{ id, answers: [{ outcome: String }, { outcome: String }] }] });
  await eventually('it is given back everywhere', async () =>
    (await author.show(id)).deliveries.every(({ recall }) => recall === 'agreed'),
  );
  for (const { id: of } of [replaced, updated, recall]) t.equal((await about(near, of)).from, 'G22');
  const soap = await written('soap.edxml', localised(fixture('document-soap.edxml')));
  t.match(await author.cli('import', soap), { exit: 2, error: { code: 'file-missing' } });
  await written('kế hoạch.txt', Buffer.from('Kế hoạch'));
  const apart = await author.cli('import', soap, '--beside');
  const [sent] = (apart.value as { imported: { id: string }[] }).imported;
  await author.delivered(sent!.id);
  t.same((await taken(await exported(near, sent!.id, 'soap-out.edxml'))).files, [Buffer.from('Kế hoạch')]);
  t.match(await author.cli('node', 'check'), { exit: 0, value: { ok: true } });
});

t.test(
  'an imported message travels once the sender’s configuration says so, and is known for what it is',
  async (t) => {
    const config = path.join(author.dir, 'config.json');
    const before = await readFile(config, 'utf8');
    const alone = localised(fixture('document-new.edxml'), ['118', '250']);
    const stays = await imported(author, 'stays.edxml', alone);
    await author.delivered(stays.id);
    await writeFile(config, JSON.stringify({ ...JSON.parse(before), edxmlOriginalTravels: true }));
    await author.restart();
    const file = localised(fixture('document-new.edxml'), ['118', '251']);
    const travels = await imported(author, 'travels.edxml', file);
    await author.delivered(travels.id);
    t.ok((await exported(far, travels.id, 'travelled.edxml', '--original')).equals(file));
    t.match((await far.cli('show', travels.id)).value, {
      attachments: [{ role: undefined }, { name: '251-KH-SLT.original.edxml', role: 'original-message' }],
    });
    t.match(await far.cli('export', stays.id, '--out', path.join(papers, 'none.edxml'), '--original'), {
      exit: 4,
    });
    t.equal(
      (await taken(await exported(far, travels.id, 'written.edxml'))).files.length,
      1,
      'an export has it not',
    );
    await writeFile(config, before);
    await author.restart();
  },
);

const samples = process.env.LIENTHONG_EDXML_SAMPLES;
t.test(
  'real messages are taken whole',
  { skip: samples === undefined && 'no folder of samples' },
  async (t) => {
    const ids = new Map<string, string>();
    const codes: [string, string][] = [
      ['000.00.00.A80', '000.00.00.G22'],
      ['28.22.H17', '000.00.00.H40'],
      ['000.00.00.H41', '000.00.00.H40'],
      ['000.00.00.H14', '000.00.00.H51'],
    ];
    for (const name of readdirSync(samples!).sort()) {
      let text = await readFile(path.join(samples!, name), 'utf8');
      for (const [from, to] of codes) text = text.replaceAll(from, to);
      // of a third recipient there is no node here
      text = text.replace(/<edXML:To>\s*<edXML:OrganId>000\.00\.00\.G17[\s\S]*?<\/edXML:To>/, '');
      const file = Buffer.from(text);
      const { message, files } = await taken(file);
      const speaker = message.kind === 'document' || message.from.organId.endsWith('G22') ? author : near;
      if (message.kind === 'status' && message.statusCode !== '13')
        for (const id of ids.values()) await about(near, id);
      const { exit, value, error } = await speaker.cli('import', await written(name, file));
      t.equal(exit, 0, `${name}: ${error?.message}`);
      const [answer] = (value as { imported: ImportAnswer[] }).imported;
      if (answer!.kind === 'status') continue;
      ids.set(name, answer!.id);
      await author.delivered(answer!.id);
      const again = await taken(await exported(near, answer!.id, `again-${name}`));
      t.same(again.files, files, name);
      const { to, ...said } = message as EdxmlDocument;
      const { bussiness, ...rest } = said;
      t.match(again.message, { ...rest, bussiness: { staffInfo: bussiness!.staffInfo } }, name);
    }
    t.ok(ids.size >= 2, 'documents were among them');
  },
);

const NAMESPACE = 'xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016"';

/** A new document with one attachment, in pieces as they are asked for. */
async function* largeDocument(number: number, bytes: number): AsyncGenerator<Buffer> {
  const [before, after] = localised(
    fixture('document-new.edxml'),
    ['118/KH', `${number}/KH`],
    ['>118<', `>${number}<`],
    ['application/zip', 'application/octet-stream'],
  )
    .toString()
    .split(new RegExp(`(?<=ContentTransferEncoded ${NAMESPACE}>)[^<]*`)) as [string, string];
  yield Buffer.from(before);
  for (let left = bytes; left > 0; left -= 3 * 2 ** 15)
    yield Buffer.from(randomBytes(Math.min(left, 3 * 2 ** 15)).toString('base64'));
  yield Buffer.from(after);
}

async function whole(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

/** Bytes of memory the process has now, and at most had since it was asked to forget. */
async function memoryOf(agency: Agency): Promise<{ nowBytes: number; mostBytes: number }> {
  const status = await readFile(`/proc/${agency.child!.pid}/status`, 'utf8');
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]) * 1024;
  return { nowBytes: of('VmRSS'), mostBytes: of('VmHWM') };
}

t.test(
  'an attachment of 50 MB passes in flat memory, and arrives whole',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  async (t) => {
    // what a first one loads and warms up stays
    await author.delivered(
      (await imported(author, 'warm.edxml', await whole(largeDocument(300, 8 * MIB)))).id,
    );
    const file = await whole(largeDocument(301, LARGE_BYTES));
    const name = await written('large.edxml', file);
    await writeFile(`/proc/${author.child!.pid}/clear_refs`, '5');
    const { nowBytes } = await memoryOf(author);
    const { value } = await author.cli('import', name);
    const { id } = (value as { imported: { id: string }[] }).imported[0]!;
    const { mostBytes } = await memoryOf(author);
    t.comment(`grew by ${Math.round((mostBytes - nowBytes) / MIB)} MiB`);
    t.ok(mostBytes - nowBytes < MOST_GROWTH_BYTES, `${mostBytes - nowBytes} more bytes`);
    await author.delivered(id, 60_000);
    const received = await taken(await exported(far, id, 'large-out.edxml'));
    t.equal(received.files[0]!.length, LARGE_BYTES);
    t.ok(received.files[0]!.equals((await taken(file)).files[0]!));
  },
);

t.test('a file that is wrong at its very end, or cut off, changes nothing', async (t) => {
  const before = { blobs: await blobsOf(author), sent: (await author.list('outbox')).length };
  const file = await whole(largeDocument(302, 5 * MIB));
  for (const [name, bytes, code] of [
    ['cut.edxml', file.subarray(0, file.length - 30), 'edxml-malformed'],
    ['twice.edxml', Buffer.concat([file, file]), 'edxml-malformed'],
    [
      'base64.edxml',
      Buffer.from(file.toString().replace('</edXML:ContentTr', '?</edXML:ContentTr')),
      'edxml-attachment',
    ],
  ] as const) {
    const { exit, error } = await author.cli('import', await written(name, bytes));
    t.match({ exit, error }, { exit: 3, error: { code, details: { line: Number, byte: Number } } }, name);
  }
  t.same({ blobs: await blobsOf(author), sent: (await author.list('outbox')).length }, before);
});

t.test('killed in the middle of an import nothing is left; repeated it completes, once', async (t) => {
  const before = await blobsOf(author);
  const client = await author.client();
  const size = (await whole(largeDocument(310, 4 * MIB))).length;
  const [halfWay, killed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const neverEnding = (async function* () {
    let sent = 0;
    for await (const piece of largeDocument(310, 4 * MIB)) {
      if (sent > size / 2) {
        halfWay.resolve();
        await killed.promise;
        return;
      }
      sent += piece.length;
      yield piece;
    }
  })();
  const broken = client.importEdxml(neverEnding, size, { system: 'test' }).catch((error) => error);
  await halfWay.promise;
  await eventually('something is on disk', async () => (await blobsOf(author)).length > before.length);
  await author.kill();
  killed.resolve();
  t.match(await broken, { code: 'unreachable' });
  await author.start();
  t.same(await blobsOf(author), before, 'nothing is left');

  for (let at = 0; at < KILLS; at++) {
    const number = 400 + at;
    const file = await whole(largeDocument(number, 3 * MIB));
    const name = await written(`kill-${number}.edxml`, file);
    const running = author.cli('import', name);
    await sleep(random.below(MOST_MS));
    await author.kill();
    await running;
    await author.start();
    const answers = [];
    for (let round = 0; round < 2; round++) answers.push(await author.cli('import', name));
    const [first, second] = answers.map(({ value }) => (value as { imported: ImportAnswer[] }).imported[0]!);
    t.match(second, { id: first!.id, repeated: true });
    await author.delivered(first!.id);
    t.ok((await exported(author, first!.id, `kept-${number}.edxml`, '--original')).equals(file));
    const there = (await far.list('inbox')).filter((item) => item.number === String(number));
    t.equal(there.length, 1, `${number} is there once`);
  }
  const report = await author.cli('node', 'check');
  t.match(report, { exit: 0, value: { ok: true } });
});
