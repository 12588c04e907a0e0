/** Small byte operations against Node's own, at the sizes where they change their way. */
import { createHash } from 'node:crypto';
import t from 'tap';
import {
  allocate,
  concat,
  hex,
  putUint32be,
  readUint64be,
  sha256,
  uint32be,
  uint64be,
} from '../../node/core/bytes.ts';

const filled = (length: number, from: number) => Uint8Array.from({ length }, (_, i) => (from + i) % 256);

t.test('SHA-256 is that of the parts one after another, whatever their sizes', async (t) => {
  for (const sizes of [
    [],
    [0],
    [32],
    [1, 32, 32],
    [0, 5, 0],
    [4095, 1],
    [4096, 1],
    [10_000],
    [5_000, 9_000],
  ]) {
    const parts = sizes.map((size, i) => filled(size, i * 7));
    const expected = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    t.equal(hex(sha256(...parts)), expected, sizes.join(' + '));
  }
});

t.test('a digest is no view of one made later', async (t) => {
  const first = sha256(filled(10, 0));
  const before = hex(first);
  for (let i = 0; i < 2_000; i++) sha256(filled(10, i));
  t.equal(hex(first), before);
});

t.test('what was given out is zero, is nobody else’s, and stays', async (t) => {
  const given: { bytes: Uint8Array; mark: number }[] = [];
  for (let i = 0; i < 3_000; i++) {
    const bytes = allocate([0, 1, 8, 32, 333, 2048, 2049][i % 7]!);
    if (bytes.some((byte) => byte !== 0)) t.fail('not zero');
    given.push({ bytes: bytes.fill((i % 255) + 1), mark: (i % 255) + 1 });
  }
  t.ok(given.every(({ bytes, mark }) => bytes.every((byte) => byte === mark)));
});

t.test('concat keeps order and copies', async (t) => {
  const part = filled(3, 1);
  const all = concat(part, new Uint8Array(0), filled(2, 9));
  part.fill(0);
  t.same([...all], [1, 2, 3, 9, 10]);
});

t.test('numbers are big-endian, as DataView writes them', async (t) => {
  for (const value of [0, 1, 255, 2 ** 31, 2 ** 32 - 1]) {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value);
    t.equal(hex(uint32be(value)), hex(new Uint8Array(view.buffer)), `${value}`);
  }
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER]) {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value));
    t.equal(hex(uint64be(value)), hex(new Uint8Array(view.buffer)), `${value}`);
    t.equal(readUint64be(uint64be(value)), value);
  }
  const within = filled(6, 0);
  putUint32be(within, 0xfffefdfc, 1);
  t.same([...within], [0, 0xff, 0xfe, 0xfd, 0xfc, 5]);
});

t.test('a number that isn’t whole, negative or above 2^53 - 1 is refused', async (t) => {
  for (const value of [-1, 0.5, Number.NaN, 2 ** 53]) t.throws(() => uint64be(value), RangeError, `${value}`);
  t.throws(() => readUint64be(Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0)), RangeError);
});
