/** What a clerk can get wrong when sending: each ends with its exit status and code, a sentence, and changes nothing. */
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { Federation } from '../helpers/federation.ts';

const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const sender = federation.agency('G22');
const changes = path.join(federation.dir, 'changes.json');
await writeFile(
  changes,
  JSON.stringify([
    { code: 'H49', name: 'UBND tỉnh Quảng Nam', kind: 'province', state: 'merged', mergedInto: 'H17' },
    { code: 'H60', name: 'UBND tỉnh Tuyên Quang', kind: 'province', state: 'retired' },
  ]),
);
await federation.registry.cli('registry', 'import', changes);
await federation.inStep();

const papers = path.join(federation.dir, 'papers');
await mkdir(papers);
const paper = path.join(papers, 'công văn.txt');
const large = path.join(papers, 'phụ lục.bin');
const empty = path.join(papers, 'rỗng.txt');
const huge = path.join(papers, 'quá lớn.bin');
await writeFile(paper, 'Nội dung');
await writeFile(large, Buffer.alloc(300_000, 7));
await writeFile(empty, '');
await writeFile(huge, '');
await truncate(huge, 5 * 1024 ** 3 + 1);

const words = (changed: Record<string, string | undefined> = {}): string[] => {
  const fields = {
    to: 'H40',
    type: 'Công văn',
    number: '1',
    notation: 'VPCP-KSTT',
    subject: 'Về việc thử',
    ...changed,
  };
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
};
const kept = async () => {
  const blobs = await readdir(path.join(sender.dir, 'blobs'), { recursive: true, withFileTypes: true });
  const files = blobs.filter((entry) => entry.isFile()).map(({ name }) => name);
  return { outbox: (await sender.list('outbox')).length, files: files.sort() };
};

const CASES: {
  what: string;
  files?: string[];
  fields?: Record<string, string | undefined>;
  more?: string[];
  exit: number;
  code: string;
}[] = [
  { what: 'an unknown recipient', fields: { to: 'H40,Z99' }, exit: 3, code: 'unknown-recipient' },
  { what: 'something that is no code', fields: { to: 'Nam Định' }, exit: 2, code: 'invalid-code' },
  { what: 'a retired recipient', fields: { to: 'H60' }, exit: 3, code: 'retired-recipient' },
  { what: 'a merged recipient', fields: { to: 'H49' }, exit: 3, code: 'retired-recipient' },
  { what: 'a recipient without a node', fields: { to: 'H40,H51' }, exit: 3, code: 'recipient-without-node' },
  { what: 'no recipient', fields: { to: undefined }, exit: 3, code: 'no-recipient' },
  {
    what: 'the same recipient twice',
    fields: { to: 'H40,000.00.00.H40' },
    exit: 3,
    code: 'duplicate-recipient',
  },
  { what: 'itself', fields: { to: 'G22' }, exit: 3, code: 'own-recipient' },
  { what: 'a missing file', files: [path.join(papers, 'không có.pdf')], exit: 2, code: 'file-missing' },
  { what: 'a folder', files: [papers], exit: 2, code: 'invalid-file' },
  { what: 'an empty file', files: [paper, empty], exit: 3, code: 'file-empty' },
  { what: 'a too large file', files: [huge], exit: 3, code: 'file-too-large' },
  {
    what: 'a large file and then a fault',
    files: [large],
    fields: { to: 'Z99' },
    exit: 3,
    code: 'unknown-recipient',
  },
  { what: 'a classified document', more: ['--classification', 'mat'], exit: 3, code: 'classified' },
  { what: 'a secrecy marking', fields: { subject: 'TỐI MẬT: kế hoạch' }, exit: 3, code: 'secrecy-marking' },
  { what: 'an impossible date', more: ['--date', '2019-02-30'], exit: 2, code: 'invalid-date' },
  { what: 'an unknown urgency', more: ['--urgency', 'gấp'], exit: 2, code: 'usage' },
  { what: 'no subject', fields: { subject: undefined }, exit: 2, code: 'usage' },
  { what: 'a blank subject', fields: { subject: ' ' }, exit: 3, code: 'field-missing' },
  { what: 'a subject of 501 letters', fields: { subject: 'ộ'.repeat(501) }, exit: 3, code: 'field-too-long' },
  { what: "another agency's unit", more: ['--from', 'H40'], exit: 3, code: 'unknown-sender-unit' },
  { what: 'an unknown option', more: ['--urgent'], exit: 2, code: 'usage' },
];

for (const { what, files = [paper], fields, more = [], exit, code } of CASES)
  t.test(what, async (t) => {
    const before = await kept();
    const end = await sender.cli('send', ...files, ...words(fields), ...more);
    t.match({ exit: end.exit, code: end.error?.code }, { exit, code });
    t.ok(end.error!.message.length > 20, 'a sentence says what to do');
    t.notMatch(end.stderr, /\n\s+at .*:\d+:\d+/, 'and no stack');
    t.equal(end.value, undefined, 'nothing on stdout');
    t.strictSame(await kept(), before, 'nothing changed');
  });

t.test('a number already used; the number of something refused is free', async (t) => {
  const sent = await sender.cli('send', paper, ...words(), '--wait');
  t.equal(sent.exit, 0, sent.stderr);
  const before = await kept();
  const other = await sender.cli('send', large, ...words());
  t.match({ exit: other.exit, code: other.error?.code }, { exit: 3, code: 'number-used' });
  t.match(
    JSON.stringify(other.error?.details),
    (sent.value as { id: string }).id,
    'it names the earlier one',
  );
  t.strictSame(await kept(), before, 'nothing was queued, and its file never went up');
  const repeated = await sender.cli('send', paper, ...words());
  t.match(
    { exit: repeated.exit, value: repeated.value },
    { exit: 0, value: { id: (sent.value as { id: string }).id, repeated: true } },
  );
  const next = await sender.cli('send', large, ...words({ number: '2' }), '--wait');
  t.equal(next.exit, 0, next.stderr);
  const full = await kept();
  const twice = await sender.cli('send', large, ...words({ number: '2' }));
  t.match({ exit: twice.exit, value: twice.value }, { exit: 0, value: { repeated: true } });
  t.strictSame(await kept(), full, 'the same again is answered without its file');
});

t.test('the same key: the same answer again, other content is refused', async (t) => {
  const first = await sender.cli('send', paper, ...words({ number: '3' }), '--key', 'phiếu 3');
  const again = await sender.cli('send', paper, ...words({ number: '3' }), '--key', 'phiếu 3');
  const id = (end: typeof first) => (end.value as { id: string }).id;
  t.equal(id(again), id(first));
  const other = await sender.cli('send', paper, ...words({ number: '4' }), '--key', 'phiếu 3');
  t.match({ exit: other.exit, code: other.error?.code }, { exit: 3, code: 'key-reused' });
});

t.test('--allow-missing sends to the others and names who was left out', async (t) => {
  const { exit, value } = await sender.cli(
    'send',
    paper,
    ...words({ to: 'H40,H51', number: '5' }),
    '--allow-missing',
    '--wait',
  );
  t.equal(exit, 0);
  t.match(value, { missing: ['H51'], deliveries: [{ to: 'H40', state: 'delivered' }] });
});

t.test('what is not there, and what is ambiguous', async (t) => {
  const missing = await sender.cli('show', 'ffffffff');
  t.match({ exit: missing.exit, code: missing.error?.code }, { exit: 4, code: 'not-found' });
  const [newest] = await sender.list('outbox');
  const many = await sender.cli('show', newest!.id.slice(0, 6));
  t.match({ exit: many.exit, code: many.error?.code }, { exit: 4, code: 'ambiguous' });
  const short = await sender.cli('show', newest!.id.slice(0, 1));
  t.match({ exit: short.exit, code: short.error?.code }, { exit: 4, code: 'ambiguous' }, 'however short');
  const agency = await sender.cli('directory', 'show', 'H4');
  t.match({ exit: agency.exit, code: agency.error?.code }, { exit: 4, code: 'not-found' });
  t.match(agency.error?.message, /lienthong directory list/);
});

t.test('without a declared classification a document is refused', async (t) => {
  await sender.stop();
  const file = path.join(sender.dir, 'config.json');
  const { classification, ...config } = JSON.parse(await readFile(file, 'utf8'));
  t.equal(classification, 'thuong', 'declared by node init');
  await writeFile(file, JSON.stringify(config));
  await sender.start();
  const before = await kept();
  const end = await sender.cli('send', paper, ...words({ number: '6' }));
  t.match({ exit: end.exit, code: end.error?.code }, { exit: 3, code: 'classification-missing' });
  t.strictSame(await kept(), before);
  const declared = await sender.cli(
    'send',
    paper,
    ...words({ number: '6' }),
    '--classification',
    'thuong',
    '--wait',
  );
  t.equal(declared.exit, 0, 'and accepted when it is given');
});
