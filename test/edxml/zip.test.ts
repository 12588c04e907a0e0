/** ZIP archives within attachments: every honest shape is read, every broken one refused, tools agree with ours. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import t from 'tap';
import { zipped } from '../../node/edxml/zip-writer.ts';
import { attachment, document, has, inChunks, joined, refusal, taken } from './reading.ts';
import { type Entry, zip } from './zip-making.ts';

const TEXT = Buffer.from('Điều 1. '.repeat(300));
const RANDOM = Buffer.from(Array.from({ length: 2000 }, (_, at) => (at * 7919 + (at >> 3) * 31) & 0xff));
/** Data in which signatures of the format stand: a reader that looks for them goes astray. */
const SIGNATURES = Buffer.concat([TEXT, Buffer.from('PK\x07\x08PK\x01\x02PK\x03\x04PK\x05\x06'), RANDOM]);

const file = (archive: Buffer, info: { name?: string; type?: string } = {}) =>
  document({
    attachments: attachment(archive.toString('base64'), { name: 'a.doc', type: 'application/zip', ...info }),
  });

t.test('stored and deflated, sizes before or behind the data, known in 32 or 64 bits', async (t) => {
  const shapes: Record<string, Partial<Entry>> = {
    deflated: {},
    stored: { stored: true },
    'descriptor with signature': { descriptor: 'signed' },
    'descriptor without': { descriptor: 'plain' },
    'descriptor of 64 bits': { descriptor: 'wide' },
    'sizes elsewhere': { sizes: [0xffffffff, 0xffffffff] },
    'an unknown extra field': { extra: Buffer.from([1, 0, 2, 0, 9, 9]) },
    'a cut extra field': { extra: Buffer.from([0x6c, 0x74, 99, 0, 9]) },
  };
  for (const content of [TEXT, RANDOM, SIGNATURES, Buffer.alloc(0), Buffer.from('a')]) {
    for (const [what, shape] of Object.entries(shapes)) {
      const archive = zip([{ name: '0f.edxml', content, ...shape }]);
      for (const chunk of [65_536, 1, 50]) {
        const { files, attachments } = await taken(file(archive), { chunk });
        t.same(files, [content], `${what}, ${content.length} bytes by ${chunk}`);
        t.match(attachments, [
          { form: 'zip', fileName: 'a.doc', innerName: '0f.edxml', mediaType: undefined },
        ]);
      }
    }
  }
});

t.test('several entries are several attachments, folders none; names are cleaned', async (t) => {
  const { files, attachments } = await taken(
    file(
      zip([
        { name: 'x', content: TEXT },
        { name: 'd/', content: Buffer.alloc(0), stored: true },
        { name: 'd/../../etc/passwd', content: RANDOM, descriptor: 'signed' },
        { name: 'C:\\con.txt', content: TEXT, stored: true },
      ]),
    ),
  );
  t.same(files, [TEXT, RANDOM, TEXT]);
  t.same(
    attachments.map(({ fileName }) => fileName),
    ['a.doc', 'passwd', '_con.txt'],
  );
});

t.test('a file that is a ZIP itself stays whole', async (t) => {
  const office = zip([
    { name: '[Content_Types].xml', content: TEXT },
    { name: 'word/document.xml', content: RANDOM },
  ]);
  const open = zip([{ name: 'mimetype', content: TEXT, stored: true }]);
  const folder = zip([
    { name: 'hồ sơ/a.pdf', content: TEXT },
    { name: 'b.pdf', content: RANDOM },
  ]);
  const archive = zip([
    { name: 'a.pdf', content: TEXT },
    { name: 'b.pdf', content: RANDOM },
  ]);
  for (const [name, content] of [
    ['tờ trình.docx', office],
    ['báo cáo.docx', zip([{ name: '_rels/.rels', content: TEXT }])],
    ['bảng.ods', open],
    ['hồ sơ.zip', folder],
    ['Hồ sơ.ZIP', archive],
  ] as const) {
    const raw = await taken(file(content, { name }));
    t.same(raw.files, [content], `${name} as it is`);
    for (const inner of [name, '32da2890-1a55-4ccd-9ac9-cd0d98559e67.edxml']) {
      const wrapped = await taken(file(zip([{ name: inner, content, descriptor: 'signed' }]), { name }));
      t.same(wrapped.files, [content], `${name} in a ZIP, called ${inner}`);
    }
  }
  const declared = await taken(file(archive, { type: 'application/octet-stream' }));
  t.same(declared.files, [archive], 'another declared type decides');
  const none = await taken(file(TEXT));
  t.same(none.files, [TEXT], 'declared a ZIP but none');
  t.match(none.attachments, [{ form: 'raw', mediaType: undefined }]);
});

t.test('broken and odd archives are refused, each by name', async (t) => {
  const good: Entry = { name: 'x', content: TEXT };
  const cases: Record<string, [Buffer, string]> = {
    'cut in the data': [zip([good]).subarray(0, 60), 'edxml-zip-damaged'],
    'cut before the directory': [zip([good], { listed: 0, end: false }), 'edxml-zip-damaged'],
    'cut in the end record': [zip([good]).subarray(0, -5), 'edxml-zip-damaged'],
    'no entry listed': [zip([good], { listed: 0 }), 'edxml-zip-damaged'],
    'an entry that is not listed': [zip([good, good], { listed: 1 }), 'edxml-zip-damaged'],
    'a wrong checksum': [zip([{ ...good, crc: 1 }]), 'edxml-zip-damaged'],
    'a wrong checksum behind': [zip([{ ...good, crc: 1, descriptor: 'signed' }]), 'edxml-zip-damaged'],
    'a wrong size': [zip([{ ...good, sizes: [10, 10] }]), 'edxml-zip-damaged'],
    'a stored size beyond the end': [
      zip([{ ...good, stored: true, sizes: [1e6, 1e6] }]),
      'edxml-zip-damaged',
    ],
    'data that is no deflate': [zip([{ ...good, data: Buffer.from([7, 7, 7]) }]), 'edxml-zip-damaged'],
    'something between': [Buffer.concat([zip([good], { listed: 0, end: false }), TEXT]), 'edxml-zip-damaged'],
    encrypted: [zip([{ ...good, flags: 1 }]), 'edxml-zip-encrypted'],
    'an old method': [zip([{ ...good, method: 6 }]), 'edxml-zip-method'],
    LZMA: [zip([{ ...good, method: 14 }]), 'edxml-zip-method'],
    'stored of unknown size': [zip([{ ...good, stored: true, descriptor: 'signed' }]), 'edxml-zip-method'],
  };
  for (const [what, [archive, reason]] of Object.entries(cases)) {
    for (const chunk of [65_536, 1]) {
      const error = await refusal(file(archive), { chunk });
      t.match(error, { code: 'edxml-attachment', details: { reason, name: 'a.doc' } }, what);
      t.type(error.details.byte, 'number');
    }
  }
});

t.test(
  'ours is a ZIP to others, and theirs to us',
  { skip: has('unzip') && has('zip') ? false : 'no zip' },
  async (t) => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'edxml-zip-'));
    t.teardown(() => rmSync(dir, { recursive: true }));
    for (const content of [TEXT, SIGNATURES, Buffer.alloc(0), Buffer.alloc(300_000, 1)]) {
      const ours = path.join(dir, 'ours.zip');
      writeFileSync(ours, await joined(zipped('kế hoạch.doc', 'application/msword', inChunks(content, 777))));
      execFileSync('unzip', ['-tq', ours], { stdio: 'pipe' });
      t.same(execFileSync('unzip', ['-p', ours], { maxBuffer: 2 ** 24 }), content);
      writeFileSync(path.join(dir, 'phụ lục.doc'), content);
      for (const options of [['-q'], ['-q0'], ['-q9']]) {
        rmSync(path.join(dir, 'theirs.zip'), { force: true });
        execFileSync('zip', [...options, 'theirs.zip', 'phụ lục.doc'], { cwd: dir, stdio: 'pipe' });
        const theirs = readFileSync(path.join(dir, 'theirs.zip'));
        t.same((await taken(file(theirs))).files, [content], `zip ${options.join(' ')}`);
      }
    }
    const piped = execFileSync('zip', ['-q'], { input: TEXT, stdio: 'pipe' });
    t.same((await taken(file(piped))).files, [TEXT], 'of a pipe, sizes behind the data');
    t.ok(readFileSync(path.join(dir, 'ours.zip')).length < 10_000, 'it compresses');
  },
);
