/** Every message: what is encoded parses back to the same value and to the same bytes, and only in one form. */
import { deepStrictEqual as deepEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { WireError } from '../../proto/codec.ts';
import * as messages from '../../proto/messages.ts';
import { rulesOf } from '../../proto/wire.ts';
import { codecs, messageNames, samplesOf, valuesOf } from './contract-values.ts';

const RUNS = 150;

/** What a decoder makes of absent fields, so that a value can be compared with what it became. */
function plain(name: string, value: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of rulesOf(name).fields.values()) {
    const given = value[field.name];
    const one = (item: unknown): unknown =>
      field.kind === 'message'
        ? plain(field.message!, item as Record<string, unknown>)
        : item instanceof Uint8Array
          ? Buffer.from(item).toString('hex')
          : item;
    if (field.repeated) result[field.name] = ((given as unknown[] | undefined) ?? []).map(one);
    else if (given !== undefined && given !== null) result[field.name] = one(given);
    else if (field.kind === 'message' || field.oneof !== undefined) continue;
    else if (field.kind === 'string' || field.kind === 'bytes') result[field.name] = '';
    else result[field.name] = field.kind === 'bool' ? false : 0;
  }
  return result;
}

t.ok(codecs.length >= 25, `${codecs.length} codecs are found`);

for (const codec of codecs) {
  t.test(`${codec.name}: value → bytes → value → the same bytes`, async () => {
    fc.assert(
      fc.property(valuesOf(codec.name), (value) => {
        const bytes = codec.encode(value);
        const parsed = codec.parse(bytes) as Record<string, unknown>;
        deepEqual(plain(codec.name, parsed), plain(codec.name, value));
        if (Buffer.compare(codec.encode(parsed), bytes) !== 0) throw new Error('other bytes');
      }),
      { numRuns: RUNS },
    );
  });

  t.test(`${codec.name}: a beginning of it is refused, or is itself a whole message`, async (t) => {
    for (const bytes of samplesOf(codec, 4)) {
      for (let length = 0; length < bytes.byteLength; length++) {
        const beginning = bytes.subarray(0, length);
        try {
          const again = codec.encode(codec.parse(beginning));
          if (Buffer.compare(again, beginning) !== 0) t.fail(`${length} bytes have two encodings`);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }
    }
  });
}

t.test('every message of the contract can be reached by a codec', async (t) => {
  const reached = new Set<string>();
  const reach = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    for (const { message } of rulesOf(name).fields.values()) if (message !== undefined) reach(message);
  };
  for (const { name } of codecs) reach(name);
  t.same(
    messageNames.filter((name) => !reached.has(name)),
    [],
  );
});

t.test('an encoder refuses what it can not say exactly', async (t) => {
  const busy = (retryAfterMs: number) => () =>
    messages.outcomeFrame.encode({ sequence: 1, outcomes: [{ index: 0, busy: { retryAfterMs } }] });
  t.doesNotThrow(busy(1));
  for (const wrong of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32])
    t.throws(busy(wrong), { name: 'WireError' }, `uint32 ${wrong}`);
  const hello = (clockMs: number) => () =>
    messages.hello.encode({ purpose: 1, federationId: new Uint8Array(32), clockMs });
  t.doesNotThrow(hello(Number.MAX_SAFE_INTEGER));
  for (const wrong of [-1, 0.5, 1.5, Number.NaN, 2 ** 53, 2 ** 64])
    t.throws(hello(wrong), { name: 'WireError' }, `uint64 ${wrong}`);
  t.throws(() => messages.hello.encode({ purpose: 9 as 1, federationId: new Uint8Array(32), clockMs: 1 }), {
    name: 'WireError',
    fault: 'enum-value',
  });
  t.throws(() => messages.hello.encode({ purpose: 1, clockMs: 1 } as never), {
    name: 'WireError',
    fault: 'missing-field',
  });
  t.throws(() => messages.hello.encode({ purpose: 1, federationId: new Uint8Array(31), clockMs: 1 }), {
    name: 'WireError',
    fault: 'length',
  });
});

t.test('a text with half a character is refused, not altered', async (t) => {
  const leaf = { name: 'a\ud800', size: 1, root: new Uint8Array(32) };
  t.throws(() => messages.groupLeaf.encode(leaf), { name: 'WireError' });
});
