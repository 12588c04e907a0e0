import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ERROR_CODES, LienthongError } from '../../node/core/errors.ts';
import { ERROR_TEXTS } from '../../node/core/messages/errors.ts';
import { EVENT_TEXTS } from '../../node/core/messages/events.ts';
import { errorText, eventText, fill, LANGUAGES, MESSAGES, message } from '../../node/core/messages.ts';

const VIETNAMESE = /[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]/i;

t.test(
  'every error code has a Vietnamese and an English sentence that stand without any value',
  async (t) => {
    for (const code of Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]) {
      for (const language of LANGUAGES) {
        const text = errorText(language, new LienthongError(code));
        t.notMatch(text, /[{}[\]]/, `${code} ${language} names no value it lacks`);
        t.match(text, /^\S.{20,}/, `${code} ${language} is a sentence`);
      }
      t.match(ERROR_TEXTS[code].vi, VIETNAMESE, `${code} is Vietnamese`);
      t.not(ERROR_TEXTS[code].vi, ERROR_TEXTS[code].en);
    }
  },
);

t.test('every text is there in both languages and names the same values', async (t) => {
  for (const [key, text] of Object.entries({ ...MESSAGES, ...ERROR_TEXTS, ...EVENT_TEXTS })) {
    const names = (template: string) =>
      [...template.matchAll(/\{([a-zA-Z0-9|]+)\}/g)].map((match) => match[1]).sort();
    t.ok(text.vi !== '' && text.en !== '', key);
    t.same(new Set(names(text.vi)), new Set(names(text.en)), `${key} names the same values`);
    t.equal(text.vi, text.vi.normalize('NFC'), `${key} is NFC`);
  }
});

t.test('brackets and braces of every text close', async (t) => {
  for (const [key, text] of Object.entries({ ...MESSAGES, ...ERROR_TEXTS, ...EVENT_TEXTS }))
    for (const language of LANGUAGES) {
      const values = Object.fromEntries(
        [...text[language].matchAll(/\{([a-zA-Z0-9|]+)\}/g)].flatMap((match) =>
          match[1]!.split('|').map((name) => [name, 'x']),
        ),
      );
      t.notMatch(fill(text[language], values).text, /[{}]/, `${key} ${language}`);
    }
});

t.test('an event reads well when its optional values are missing', async (t) => {
  t.equal(eventText('en', 'directory.adopted', { version: 7 }), 'New directory, version 7');
  t.equal(eventText('vi', 'enrolment.refused', { code: 'invite-used' }), 'Từ chối ghi danh: invite-used');
  t.equal(eventText('vi', 'never-heard-of', { peer: 'x', n: 2 }), 'never-heard-of (peer: x, n: 2)');
});

t.test('details are filled in, and those a sentence does not name follow on their own line', async (t) => {
  const error = new LienthongError('unknown-recipient', { code: 'H41', seat: 'x' });
  t.equal(
    errorText('en', error),
    'The directory has no recipient H41. Look codes up with "lienthong directory list".\nDetails: seat = x',
  );
  t.match(errorText('vi', error), /^Danh bạ không có nơi nhận H41\..*\nChi tiết: seat = x$/s);
  t.match(
    errorText('vi', new LienthongError('not-found', { what: 'document', id: '01' })),
    /Không tìm thấy văn bản “01”/,
  );
});

t.test('a part in brackets is left out whole; a missing value elsewhere is a fault', async (t) => {
  t.equal(fill('a[ b {c} {d}] e', { c: 1 }).text, 'a e');
  t.equal(fill('a[ b {c|d}] e', { d: 2 }).text, 'a b 2 e');
  t.throws(() => fill('a {b}', {}), RangeError);
  t.throws(() => message('vi', 'send.queued', {}), RangeError);
});

t.test('what a value holds cannot move the cursor or turn the text around', async (t) => {
  t.equal(fill('{a}', { a: 'x\x1b[2J\u202ey' }).text, 'x [2J y');
});

t.test('sizes are said as people read them, numbers of files as numbers', async (t) => {
  const large = new LienthongError('file-too-large', {
    file: 'a.bin',
    bytes: 6 * 1024 ** 3,
    maxBytes: 5 * 1024 ** 3,
  });
  t.match(errorText('vi', large), /^Tệp “a.bin” quá lớn \(6,0 GB\); tối đa 5,0 GB\. /);
  t.match(errorText('en', large), /\(6\.0 GB\); at most 5\.0 GB\. /);
  const many = new LienthongError('oversize', { what: 'attachments', files: 201, mostFiles: 200 });
  t.match(errorText('vi', many), /^Dữ liệu quá lớn: số tệp đính kèm: 201, tối đa 200\. /);
});

t.test('every problem a check of a folder names has its words', async (t) => {
  const folder = join(import.meta.dirname, '..', '..', 'node', 'store');
  const sources = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
  );
  const kinds = sources.flatMap((text) =>
    [...text.matchAll(/(?:kind: |note\()['`]([a-z]+-[a-z]+)['`]/g)].map(([, kind]) => kind!),
  );
  t.ok(kinds.length > 5, `${kinds.length} found`);
  for (const kind of [...new Set(kinds), 'blob-damaged', 'blob-missing'])
    t.ok(Object.hasOwn(MESSAGES, `problem.${kind}`), kind);
});
