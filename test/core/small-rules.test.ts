/** The small pure pieces: folding of text, backoff, urgency, bytes, the clock, limits of fields. */
import t from 'tap';
import { AtMost } from '../../node/core/at-most.ts';
import { backoffMs, MOST_BACKOFF_MS } from '../../node/core/backoff.ts';
import {
  compareBytes,
  concat,
  copyInto,
  copyOf,
  hex,
  parseHex,
  readUint64be,
  uint64be,
  utf8,
} from '../../node/core/bytes.ts';
import { fraction, type Random, systemClock, systemRandom } from '../../node/core/clock.ts';
import { FIELD_LIMITS } from '../../node/core/field-limits.ts';
import { foldText } from '../../node/core/fold-text.ts';
import { isUrgency, URGENCIES, urgencyOfWire, wireOfUrgency } from '../../node/core/urgency.ts';
import { rulesOf } from '../../proto/wire.ts';

t.test('text is found without its marks, in either form', async (t) => {
  t.equal(foldText('Quyết định  số 274/QĐ-TTg'), 'quyet dinh so 274/qd-ttg');
  t.equal(foldText('ĐỀ ÁN'.normalize('NFD')), 'de an');
  t.equal(foldText('  Ưu tiên\n hoả   tốc '), 'uu tien hoa toc');
  t.equal(foldText('hoả tốc'), foldText('hỏa tốc'), 'old and new places of the tone mark');
  t.equal(foldText(''), '');
});

const always =
  (byte: number): Random =>
  (count) =>
    new Uint8Array(count).fill(byte);

t.test('bytes are copied to their place and nowhere else, in shared memory too', async (t) => {
  const from = Uint8Array.from({ length: 300 }, (_, at) => at % 251);
  for (const memory of [new ArrayBuffer(400), new SharedArrayBuffer(400)]) {
    const target = new Uint8Array(memory, 10, 350);
    for (const [at, bytes] of [
      [7, from.subarray(3, 290)],
      [0, from.subarray(5, 6)],
      [350, from.subarray(9, 9)],
    ] as const) {
      const expected = new Uint8Array(350);
      expected.set(bytes, at);
      target.fill(0);
      copyInto(target, at, bytes);
      t.equal(compareBytes(target, expected), 0, `${bytes.byteLength} at ${at}`);
    }
    t.throws(() => copyInto(target, 351 - from.byteLength, from), RangeError);
  }
});

t.test('backoff doubles to five minutes, between half and the whole of it', async (t) => {
  const least = [1, 2, 3, 9, 10, 11, 40, 1000].map((attempt) => backoffMs(attempt, always(0)));
  t.same(least, [250, 500, 1000, 64_000, 128_000, 150_000, 150_000, 150_000]);
  const most = [1, 2, 3, 9, 10, 11, 40, 1000].map((attempt) => backoffMs(attempt, always(0xff)));
  t.same(most, [500, 1000, 2000, 128_000, 256_000, 300_000, 300_000, 300_000]);
  for (let attempt = 0; attempt < 60; attempt++) {
    const ms = backoffMs(attempt, systemRandom);
    t.ok(Number.isInteger(ms) && ms >= 250 && ms <= MOST_BACKOFF_MS, `${attempt}: ${ms}`);
  }
  t.equal(backoffMs(Number.MAX_SAFE_INTEGER, always(0xff)), MOST_BACKOFF_MS);
  t.equal(backoffMs(5, always(0xff), 2_000, 60_000), 32_000);
  t.equal(backoffMs(6, always(0xff), 2_000, 60_000), 60_000);
  t.ok(new Set(Array.from({ length: 50 }, () => backoffMs(8, systemRandom))).size > 10, 'it is jittered');
});

t.test('a fraction is in [0, 1)', async (t) => {
  t.equal(fraction(always(0)), 0);
  t.ok(fraction(always(0xff)) < 1);
});

t.test('urgency: one row per degree, each number in its order', async (t) => {
  t.same(
    URGENCIES.map(({ priority }) => priority),
    [0, 1, 2, 3, 4],
  );
  t.same(
    URGENCIES.map(({ wire }) => wire),
    [1, 2, 3, 4, 5],
  );
  t.same(
    URGENCIES.map(({ vi }) => vi),
    ['Thường', 'Khẩn', 'Thượng khẩn', 'Hỏa tốc', 'Hỏa tốc hẹn giờ'],
  );
  for (const { option, wire } of URGENCIES) {
    t.ok(isUrgency(option));
    t.equal(wireOfUrgency(option), wire);
    t.equal(urgencyOfWire(wire), option);
  }
  t.notOk(isUrgency('Khẩn'));
  t.equal(urgencyOfWire(0), 'thuong');
});

t.test('bytes: hex, order, numbers, copies', async (t) => {
  t.equal(hex(utf8('Đ')), 'c490');
  t.same(parseHex('C490'), utf8('Đ'));
  for (const wrong of ['c', 'zz', '0x12', ' 12']) t.equal(parseHex(wrong), undefined, wrong);
  t.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
  t.ok(compareBytes(Uint8Array.of(0xff), Uint8Array.of(1, 0)) > 0);
  for (const value of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) t.equal(readUint64be(uint64be(value)), value);
  t.throws(() => readUint64be(new Uint8Array(8).fill(0xff)), RangeError);
  const buffer = Buffer.from('abc');
  const copy = copyOf(buffer);
  buffer[0] = 0;
  t.same(copy, utf8('abc'), 'a copy shares nothing');
  t.same(concat(), new Uint8Array(0));
  t.same(concat(utf8('a'), utf8('bc')), utf8('abc'));
});

t.test('a sleep ends when its signal does, and leaves no listener behind', async (t) => {
  const stop = new AbortController();
  const sleeping = systemClock.sleep(3_600_000, stop.signal);
  stop.abort(new Error('stopped'));
  await t.rejects(sleeping, { message: 'stopped' });
  await t.rejects(systemClock.sleep(1, stop.signal), { message: 'stopped' }, 'at once when it ended before');
  await systemClock.sleep(1, new AbortController().signal);
  let called = 0;
  systemClock.after(3_600_000, () => called++)();
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
  t.equal(called, 0);
});

t.test('what a field may hold fits the wire, four bytes a character', async (t) => {
  const fields = rulesOf('Document').fields;
  const byName = new Map([...fields.values()].map((rule) => [rule.name, rule]));
  for (const name of ['number', 'notation', 'subject', 'content', 'place', 'note'] as const)
    t.ok(byName.get(name)!.maxBytes >= FIELD_LIMITS[name] * 4, name);
  t.ok(byName.get('printedRecipients')!.maxBytes >= FIELD_LIMITS.printedRecipient * 4);
  const inner = (message: string, name: string) =>
    [...rulesOf(message).fields.values()].find((rule) => rule.name === name)!.maxBytes;
  t.ok(inner('DocumentType', 'name') >= FIELD_LIMITS.type * 4);
  t.ok(inner('Signer', 'name') >= FIELD_LIMITS['signer.name'] * 4);
  t.ok(inner('Signer', 'position') >= FIELD_LIMITS['signer.position'] * 4);
  t.ok(inner('Signer', 'competence') >= FIELD_LIMITS['signer.competence'] * 4);
  t.ok(inner('Attachment', 'name') >= FIELD_LIMITS.attachmentName * 4);
  t.ok(inner('Attachment', 'description') >= FIELD_LIMITS.attachmentDescription * 4);
});

t.test('at most so many at once, in order; who no longer waits takes nobody’s place', async (t) => {
  const two = new AtMost(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const leaving = new AbortController();
  const work = (name: string, signal?: AbortSignal) =>
    two.run(signal, () => {
      begun.push(name);
      return new Promise<void>((end) => ends.set(name, end));
    });
  const turn = () => new Promise((next) => setImmediate(next));
  const all = [work('a'), work('b'), work('c'), work('d', leaving.signal), work('e')];
  leaving.abort(new Error('no more'));
  await t.rejects(all[3]!, /no more/);
  t.same(begun, ['a', 'b']);
  for (const name of ['a', 'b']) ends.get(name)!();
  await turn();
  t.same(begun, ['a', 'b', 'c', 'e']);
  await t.rejects(
    two.run(AbortSignal.abort(new Error('never came')), async () => {}),
    /never came/,
  );
  for (const name of ['c', 'e']) ends.get(name)!();
  await Promise.all([all[0], all[1], all[2], all[4]]);
  await t.rejects(
    two.run(undefined, () => Promise.reject(new Error('failed'))),
    /failed/,
  );
  t.equal(await two.run(undefined, async () => 'ok'), 'ok', 'its place is free again');
});
