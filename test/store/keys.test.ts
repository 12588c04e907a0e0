import fc from 'fast-check';
import t from 'tap';
import { compareBytes, hex, utf8 } from '../../node/core/bytes.ts';
import {
  type KeyPart,
  key,
  PREFIX,
  partsOf,
  prefixRange,
  spaceOf,
  textRange,
} from '../../node/store/keys.ts';

const text = fc.string({ unit: 'binary', maxLength: 6 }).filter((s) => s.isWellFormed());
const number = fc.nat(Number.MAX_SAFE_INTEGER);
const bytes = fc.uint8Array({ maxLength: 5 });
const parts = fc.tuple(number, text, bytes, text);

const within = (k: Uint8Array, { gte, lt }: { gte: Uint8Array; lt: Uint8Array }) =>
  compareBytes(k, gte) >= 0 && compareBytes(k, lt) < 0;

t.test('a key gives back its parts', async () => {
  fc.assert(
    fc.property(parts, (all) => {
      const back = partsOf(key(20, ...all), ['number', 'text', 'bytes', 'text']);
      t.strictSame([back[0], back[1], hex(back[2]), back[3]], [all[0], all[1], hex(all[2]), all[3]]);
    }),
    { numRuns: 200 },
  );
});

t.test('keys sort as their parts do', async (t) => {
  const order = (a: KeyPart, b: KeyPart): number => {
    if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
    const raw = (part: KeyPart) => (typeof part === 'string' ? utf8(part) : (part as Uint8Array));
    return Math.sign(compareBytes(raw(a), raw(b)));
  };
  const small = fc.tuple(
    fc.nat(2),
    fc.uint8Array({ max: 2, maxLength: 3 }),
    fc.uint8Array({ min: 254, maxLength: 2 }),
  );
  fc.assert(
    fc.property(small, small, (a, b) => {
      const expected = order(a[0], b[0]) || order(a[1], b[1]) || order(a[2], b[2]);
      if (Math.sign(compareBytes(key(20, ...a), key(20, ...b))) !== expected) throw new Error(`${a} | ${b}`);
    }),
    { numRuns: 2000 },
  );
  t.ok(true);
});

t.test('a prefix range holds exactly the keys that start with its parts', async (t) => {
  fc.assert(
    fc.property(parts, parts, fc.nat(4), (a, b, n) => {
      const range = prefixRange(20, ...a.slice(0, n));
      const starts = a.slice(0, n).every((part, i) => hex(key(1, part)) === hex(key(1, b[i]!)));
      if (!within(key(20, ...a), range)) throw new Error('own key outside');
      if (within(key(20, ...b), range) !== starts) throw new Error(`${a} | ${b} | ${n}`);
    }),
    { numRuns: 1000 },
  );
  t.notOk(within(key(21), prefixRange(20)));
  t.ok(within(key(20, Number.MAX_SAFE_INTEGER), prefixRange(20)));
});

t.test('a text range holds the texts that start so', async (t) => {
  const range = textRange('H37', 20, 5);
  t.strictSame(
    ['H37', 'H37.02', 'H3', 'H38', 'H37\u0000x', 'H36.99'].map((unit) =>
      within(key(20, 5, unit, 'more'), range),
    ),
    [true, true, false, false, true, false],
  );
  t.notOk(within(key(20, 6, 'H37'), range));
});

t.test('what is no key number, or no key of the shape, is refused', async (t) => {
  for (const wrong of [-1, 1.5, 2 ** 53, Number.NaN]) t.throws(() => key(20, wrong), RangeError);
  t.throws(() => partsOf(key(20, 1), ['number', 'number']), RangeError);
  t.throws(() => partsOf(key(20, 1, 2), ['number']), RangeError);
  t.throws(() => partsOf(key(20, 1), ['text']), RangeError);
});

t.test('no prefix is used twice, and every space has a name', async (t) => {
  const numbers = Object.values(PREFIX);
  t.equal(new Set(numbers).size, numbers.length);
  t.ok(numbers.every((n) => Number.isInteger(n) && n > 0 && n < 255));
  t.equal(spaceOf(key(PREFIX.auditLeaf, 1)), 'auditLeaf');
  t.equal(spaceOf(key(254)), 'space 254');
});
