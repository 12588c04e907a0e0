/** Limits of the contract: each at its edge, and what a hostile peer could make a decoder allocate within them. */
import t from 'tap';
import { descriptor } from '../../proto/generated/descriptor.ts';
import * as messages from '../../proto/messages.ts';
import { checkWire, rulesOf, type WireFault } from '../../proto/wire.ts';
import { codecs, element, join, least, messageNames, sized, tag, varint } from './contract-values.ts';

const ANY = Number.POSITIVE_INFINITY;
const faultOf = (name: string, bytes: Uint8Array): WireFault | undefined =>
  checkWire(name, bytes, ANY)?.fault;

/** Milliseconds of one call. */
function timed(call: () => unknown): number {
  const started = performance.now();
  call();
  return performance.now() - started;
}

for (const name of messageNames) {
  t.test(`${name}: each field takes its limit and no byte more`, async (t) => {
    for (const rule of rulesOf(name).fields.values()) {
      const filled = (length: number) => sized(rule.id, new Uint8Array(length).fill(65));
      if (rule.kind === 'string' || rule.kind === 'bytes' || rule.kind === 'message') {
        t.ok(
          rule.maxBytes > 0 && rule.maxBytes <= 64 * 1024 * 1024,
          `${rule.name}: at most ${rule.maxBytes} bytes`,
        );
        t.equal(faultOf(name, filled(rule.maxBytes + 1)), 'too-large', `${rule.name} + 1`);
        t.not(faultOf(name, filled(rule.maxBytes)), 'too-large', rule.name);
        if (rule.minBytes > 0)
          t.equal(faultOf(name, filled(rule.minBytes - 1)), 'length', `${rule.name}: under ${rule.minBytes}`);
        if (rule.exactBytes !== undefined)
          t.equal(faultOf(name, filled(rule.exactBytes - 1)), 'length', `${rule.name} - 1`);
      }
      if (rule.repeated) {
        t.ok(
          rule.maxItems > 0 && rule.maxItems <= 250_000,
          `${rule.name}: at most ${rule.maxItems} elements`,
        );
        const one = element(rule);
        const many = (count: number) => new Uint8Array(Buffer.alloc(count * one.byteLength, one));
        t.equal(faultOf(name, many(rule.maxItems + 1)), 'too-many', `${rule.name}: one element more`);
        t.not(faultOf(name, many(rule.maxItems)), 'too-many', `${rule.name}: ${rule.maxItems} elements`);
      }
    }
  });
}

t.test('the contract leaves no field of open length and no map', async (t) => {
  const names = descriptor.nested!.lienthong!.nested!.v1!.nested!;
  for (const name of messageNames) {
    for (const [field, { options, type, rule }] of Object.entries(names[name]!.fields!)) {
      const isSized = type === 'string' || type === 'bytes' || names[type]?.fields !== undefined;
      if (isSized)
        t.ok(options?.['(max_bytes)'] ?? options?.['(exact_bytes)'], `${name}.${field} has a length`);
      if (rule === 'repeated') t.ok(options?.['(max_items)'], `${name}.${field} has a count`);
    }
  }
});

t.test('every enum begins with unspecified', async (t) => {
  const names = descriptor.nested!.lienthong!.nested!.v1!.nested!;
  for (const [name, { values }] of Object.entries(names)) {
    if (values === undefined) continue;
    t.match(Object.keys(values)[0], /_UNSPECIFIED$/, name);
    t.equal(Object.values(values)[0], 0, name);
  }
});

for (const codec of codecs) {
  t.test(`${codec.name}: a whole over ${codec.maxBytes} bytes is refused unread`, async (t) => {
    t.throws(() => codec.parse(new Uint8Array(codec.maxBytes + 1).fill(0xff)), {
      name: 'WireError',
      fault: 'too-large',
      field: codec.name,
    });
    t.throws(() => codec.parse(new Uint8Array(codec.maxBytes).fill(0xff)), { name: 'WireError' });
  });
}

/** A field's elements with `body` in each, as many as fit. */
const filled = (id: number, body: Uint8Array, bytes: number): Uint8Array => {
  const one = sized(id, body);
  return new Uint8Array(Buffer.alloc(bytes - (bytes % one.byteLength), one));
};

/** `count` empty submessages in a row, the cheapest element there is. */
const bomb = (id: number, bytes: number): Uint8Array => {
  const one = join(tag(id, 2), Uint8Array.of(0));
  return new Uint8Array(Buffer.alloc(bytes - (bytes % one.byteLength), one));
};

/** An offline answer whose directory has these entries. */
const answerFile = (entries: Uint8Array): Uint8Array => sized(12, join(sized(1, Uint8Array.of(1)), entries));

/** Garbage that may lie about before it is collected; a million objects made would be some hundred MB. */
const YOUNG_BYTES = 32 * 1024 * 1024;

t.test('millions of empty submessages are refused before anything is made of them', async (t) => {
  const bombs: [string, (bytes: Uint8Array) => object, Uint8Array][] = [
    [
      'outcomes',
      messages.outcomeFrame.parse,
      join(Uint8Array.of(8, 1), bomb(2, messages.outcomeFrame.maxBytes - 2)),
    ],
    ['signatures', messages.signed.parse, join(least('Signed'), bomb(3, messages.signed.maxBytes - 64))],
    ['relations', messages.document.parse, bomb(27, messages.document.maxBytes)],
    [
      'inline blobs',
      messages.offerFrame.parse,
      join(Uint8Array.of(8, 1), bomb(4, messages.offerFrame.maxBytes - 2)),
    ],
    ['entries', messages.entriesResponse.parse, bomb(1, messages.entriesResponse.maxBytes)],
    ['audit fields', messages.auditLeaf.parse, bomb(3, messages.auditLeaf.maxBytes)],
    ['an empty entry in an answer file', messages.enrolmentAnswer.parse, answerFile(bomb(3, 2_000_000))],
    [
      'too many entries in an answer file',
      messages.enrolmentAnswer.parse,
      answerFile(filled(3, new Uint8Array(12).fill(65), 14_000_000)),
    ],
  ];
  for (const [what, parse, bytes] of bombs) {
    const before = process.memoryUsage();
    let ms = timed(() => t.throws(() => parse(bytes), { name: 'WireError' }, what));
    const after = process.memoryUsage();
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    t.ok(grown < YOUNG_BYTES, `${what}: ${Math.round(grown / 1024)} KiB for ${bytes.byteLength} bytes`);
    const mostMs = bytes.byteLength / 1024;
    // the machine may have been busy: what is slow is slow again
    for (let again = 0; ms >= mostMs && again < 3; again++) ms = timed(() => t.throws(() => parse(bytes)));
    t.ok(ms < mostMs, `${what}: ${ms.toFixed(1)} ms`);
  }
});

t.test('a length that claims gigabytes allocates nothing', async (t) => {
  const claim = join(tag(2, 2), varint(0xfffffff0));
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 1000; i++) t.throws(() => messages.signed.parse(claim), { name: 'WireError' });
  t.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
});

t.test('what is within every limit stays within a bounded multiple of its size', async (t) => {
  const body = new Uint8Array(12).fill(65);
  const most = rulesOf('HeadBundle').byId[3]!.maxItems;
  const cases: [string, number, () => { entries?: unknown[] | null }][] = [
    ['answer of a peer', 4096, () => messages.entriesResponse.parse(filled(1, body, 4096 * 14))],
    [
      'answer file',
      most,
      () => messages.enrolmentAnswer.parse(answerFile(filled(3, body, most * 14))).directory!,
    ],
  ];
  for (const [what, count, parse] of cases) {
    const before = process.memoryUsage();
    const parsed = parse();
    const after = process.memoryUsage();
    t.equal(parsed.entries!.length, count);
    const grown = after.heapUsed - before.heapUsed;
    t.ok(grown < 1024 * 1024 + count * 256, `${what}: ${Math.round(grown / 1024)} KiB`);
  }
});
