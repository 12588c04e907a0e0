/** The table of error codes: complete, each with a sentence in both languages, fit for the wire and for scripts. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import {
  ERROR_CODES,
  type ErrorCode,
  isErrorCode,
  isLienthongError,
  LienthongError,
} from '../../node/core/errors.ts';
import { ERROR_TEXTS } from '../../node/core/messages/errors.ts';
import { errorText, fill } from '../../node/core/messages.ts';
import { rulesOf } from '../../proto/wire.ts';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];
const ROOT = path.join(import.meta.dirname, '../..');

t.test('every code says what to do: retry, HTTP status, exit status', async (t) => {
  for (const code of codes) {
    const { retry, http, exit } = ERROR_CODES[code];
    t.ok(['never', 'later', 'now'].includes(retry), code);
    t.ok(http >= 400 && http < 600, code);
    t.ok(exit >= 1 && exit <= 7, code);
    const error = new LienthongError(code);
    t.match(error, { retry, httpStatus: http, exitStatus: exit, code, name: 'LienthongError' });
  }
});

t.test('every code fits the wire', async (t) => {
  const most = [...rulesOf('Refusal').fields.values()].find(({ name }) => name === 'code')!.maxBytes;
  for (const code of codes) t.ok(/^[a-z]+(-[a-z]+)*$/.test(code) && code.length <= most, code);
});

t.test('every code has a sentence in both languages that stands without details', async (t) => {
  t.same(Object.keys(ERROR_TEXTS).sort(), [...codes].sort());
  for (const code of codes) {
    for (const language of ['vi', 'en'] as const) {
      const text = errorText(language, new LienthongError(code));
      t.ok(
        text.length > 10 && !text.includes('undefined') && !/[[\]{}]/.test(text),
        `${code} ${language}: ${text}`,
      );
    }
    t.not(ERROR_TEXTS[code].vi, ERROR_TEXTS[code].en);
    t.equal(ERROR_TEXTS[code].vi, ERROR_TEXTS[code].vi.normalize('NFC'));
  }
});

t.test('codes used in the source are codes of the table', async (t) => {
  const files = readdirSync(path.join(ROOT, 'node'), { recursive: true, encoding: 'utf8' });
  let found = 0;
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(path.join(ROOT, 'node', file), 'utf8');
    for (const [, code] of source.matchAll(/(?:new LienthongError\(|isLienthongError\(\w+, )'([a-z-]+)'/g)) {
      found++;
      if (!isErrorCode(code!)) t.fail(`${file}: ${code}`);
    }
  }
  t.ok(found > 50, `${found} uses looked at`);
});

t.test('a code is no property of every object', async (t) => {
  for (const name of ['toString', 'constructor', '__proto__', '']) t.notOk(isErrorCode(name), name);
});

t.test('the developer’s line names code and details, and the cause is kept', async (t) => {
  const cause = new Error('below');
  const error = new LienthongError('number-used', { number: '274', recipients: ['H40', 'H51'] }, { cause });
  t.equal(error.message, 'number-used (number=274 recipients=H40,H51)');
  t.equal(error.cause, cause);
  t.ok(isLienthongError(error));
  t.ok(isLienthongError(error, 'number-used'));
  t.notOk(isLienthongError(error, 'quota'));
  t.notOk(isLienthongError({ code: 'number-used' }));
});

t.test('values in a sentence are shown as they are, without what could rewrite a line', async (t) => {
  t.equal(fill('a {x} b', { x: 'Đ' }).text, 'a Đ b');
  t.equal(fill('a[ ({x})] b', {}).text, 'a b');
  t.equal(fill('{x|y}', { y: 2 }).text, '2');
  t.equal(fill('{x}', { x: 'a\u001b[31m\u202eb\nc' }).text, 'a [31m b c');
  t.equal(fill('{x}', { x: '{y} $& [z]', y: 'no' }).text, '{y} $& [z]', 'a value is no template');
  t.throws(() => fill('{x}', {}), RangeError);
  t.throws(() => fill('{toString}', {}), RangeError);
});
