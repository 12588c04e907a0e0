/** Base64 decoded in pieces against the grammar of RFC 4648 and Node's decoding of the whole. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Base64Decoder, Base64Fault } from '../../node/edxml/base64.ts';

const VALID = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decoded(pieces: readonly string[]): Buffer | string {
  const decoder = new Base64Decoder();
  try {
    const bytes = Buffer.concat(pieces.map((piece) => decoder.push(piece)));
    decoder.end();
    return bytes;
  } catch (error) {
    if (error instanceof Base64Fault) return error.reason;
    throw error;
  }
}

const piece = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom(...'AZaz09+/QUJD'), maxLength: 9 }) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom(...'AQ=-_*\n\r\t ]\u00ff\u0000'), maxLength: 3 }),
  },
);

t.test('decodes what the grammar allows, blanks aside, and nothing else', async (t) => {
  let allowed = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const whole = pieces.join('').replace(/[ \t\r\n]/g, '');
      const result = decoded(pieces);
      if (VALID.test(whole)) {
        allowed += 1;
        assert.deepEqual(result, Buffer.from(whole, 'base64'));
      } else assert.equal(typeof result, 'string', `${JSON.stringify(pieces)} was decoded`);
    }),
    { numRuns: 20_000 },
  );
  t.ok(allowed > 1000, `${allowed} of them are Base64`);
});

t.test('what was encoded comes back, however it is cut', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 40 }), (bytes, size) => {
      const text = Buffer.from(bytes).toString('base64');
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        text.slice(at * size, (at + 1) * size),
      );
      assert.deepEqual(decoded(pieces), Buffer.from(bytes));
    }),
  );
  t.pass();
});
