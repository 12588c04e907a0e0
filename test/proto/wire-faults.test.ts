/** Each way in which bytes can fail the contract, one at a time, named by its fault and field. */
import t from 'tap';
import { WireError } from '../../proto/codec.ts';
import * as messages from '../../proto/messages.ts';
import { checkWire, type WireFault } from '../../proto/wire.ts';
import { type AnyCodec, join, least, number, sized, tag, utf8Of, varint } from './contract-values.ts';

const hash = new Uint8Array(32).fill(7);
const { hello, groupLeaf, signed, outcomeFrame, blobRequest, receipt, directoryEntry } = messages;

const leaf = (...parts: Uint8Array[]): Uint8Array => join(...parts);
const name = sized(1, utf8Of('H40'));
const size = number(2, 5);
const root = sized(3, hash);

/** [rule, codec, bytes, fault, field] */
const faults: [string, AnyCodec, Uint8Array, WireFault, string?][] = [
  ['nothing where fields are required', groupLeaf, leaf(), 'missing-field', 'GroupLeaf'],
  ['a required field is missing', groupLeaf, leaf(name, size), 'missing-field', 'GroupLeaf'],
  ['a field comes twice', groupLeaf, leaf(name, size, size, root), 'duplicate-field', 'GroupLeaf.size'],
  [
    'a submessage comes twice',
    receipt,
    join(least('Receipt'), sized(7, least('LogHead'))),
    'duplicate-field',
    'Receipt.logHead',
  ],
  ['fields in another order', groupLeaf, leaf(size, name, root), 'field-order', 'GroupLeaf.name'],
  ['a repeat after another field', groupLeaf, leaf(name, size, root, name), 'field-order', 'GroupLeaf.name'],
  ['an unknown field', groupLeaf, leaf(name, size, root, number(4, 1)), 'unknown-field', 'GroupLeaf.4'],
  ['field number zero', groupLeaf, leaf(tag(0, 0), varint(1)), 'unknown-field', 'GroupLeaf.0'],
  ['a number as text', groupLeaf, leaf(name, sized(2, utf8Of('5')), root), 'wire-type', 'GroupLeaf.size'],
  ['text as a number', groupLeaf, leaf(number(1, 1), size, root), 'wire-type', 'GroupLeaf.name'],
  [
    'a fixed64',
    groupLeaf,
    leaf(name, join(tag(2, 1), new Uint8Array(8)), root),
    'wire-type',
    'GroupLeaf.size',
  ],
  ['a group', groupLeaf, leaf(name, join(tag(2, 3), tag(2, 4)), root), 'wire-type', 'GroupLeaf.size'],
  [
    'a fixed32',
    groupLeaf,
    leaf(name, join(tag(2, 5), new Uint8Array(4)), root),
    'wire-type',
    'GroupLeaf.size',
  ],
  ['wire type 7', groupLeaf, leaf(tag(1, 7)), 'wire-type', 'GroupLeaf.name'],
  [
    'a number longer than needed',
    groupLeaf,
    leaf(name, join(tag(2, 0), Uint8Array.of(0x85, 0)), root),
    'long-varint',
    'GroupLeaf.size',
  ],
  [
    'a tag longer than needed',
    groupLeaf,
    leaf(Uint8Array.of(0x8a, 0), Uint8Array.of(1, 65), size, root),
    'long-varint',
    'GroupLeaf',
  ],
  [
    'a length longer than needed',
    groupLeaf,
    leaf(tag(1, 2), Uint8Array.of(0x81, 0, 65), size, root),
    'long-varint',
    'GroupLeaf.name',
  ],
  [
    'an empty text written out',
    groupLeaf,
    leaf(sized(1, utf8Of('')), size, root),
    'default-value',
    'GroupLeaf.name',
  ],
  ['a zero written out', groupLeaf, leaf(name, number(2, 0), root), 'default-value', 'GroupLeaf.size'],
  ['false written out', messages.entriesResponse, number(2, 0), 'default-value', 'EntriesResponse.last'],
  ['an enum zero written out', hello, number(1, 0), 'default-value', 'Hello.purpose'],
  ['a hash of 31 bytes', groupLeaf, leaf(name, size, sized(3, hash.subarray(1))), 'length', 'GroupLeaf.root'],
  ['an empty hash', groupLeaf, leaf(name, size, sized(3, new Uint8Array(0))), 'length', 'GroupLeaf.root'],
  ['an enum value not in the table', hello, number(1, 5), 'enum-value', 'Hello.purpose'],
  ['an enum value of 32 bits', hello, number(1, 0xffffffff), 'enum-value', 'Hello.purpose'],
  [
    'an enum below zero, as proto3 writes it',
    hello,
    number(1, 2n ** 64n - 1n),
    'number-range',
    'Hello.purpose',
  ],
  ['true as 2', messages.entriesResponse, number(2, 2), 'number-range', 'EntriesResponse.last'],
  ['2^53', groupLeaf, leaf(name, number(2, 2n ** 53n), root), 'number-range', 'GroupLeaf.size'],
  ['2^64 - 1', groupLeaf, leaf(name, number(2, 2n ** 64n - 1n), root), 'number-range', 'GroupLeaf.size'],
  [
    'a number that never ends',
    groupLeaf,
    leaf(name, tag(2, 0), new Uint8Array(70).fill(0xff)),
    'number-range',
    'GroupLeaf.size',
  ],
  [
    '2^32 in 32 bits',
    outcomeFrame,
    join(number(1, 1), sized(2, number(1, 2n ** 32n))),
    'number-range',
    'Outcome.index',
  ],
  ['a tag beyond 32 bits', groupLeaf, varint(2n ** 35n + 10n), 'number-range', 'GroupLeaf'],
  ['a half number', groupLeaf, leaf(name, tag(2, 0), Uint8Array.of(0x80)), 'truncated', 'GroupLeaf.size'],
  ['a text beyond the end', groupLeaf, leaf(tag(1, 2), Uint8Array.of(9, 65)), 'truncated', 'GroupLeaf.name'],
  [
    'a submessage beyond the end',
    receipt,
    join(least('Receipt').subarray(0, -30)),
    'truncated',
    'Receipt.logHead',
  ],
  [
    'a length that reaches into the next message',
    outcomeFrame,
    join(number(1, 1), sized(2, Uint8Array.of(0x12, 9)), sized(2, least('Outcome'))),
    'truncated',
    'Outcome.receipt',
  ],
  [
    'text that is not UTF-8',
    groupLeaf,
    leaf(sized(1, Uint8Array.of(0xc3, 0x28)), size, root),
    'utf8',
    'GroupLeaf.name',
  ],
  [
    'overlong UTF-8',
    groupLeaf,
    leaf(sized(1, Uint8Array.of(0xc0, 0x80)), size, root),
    'utf8',
    'GroupLeaf.name',
  ],
  [
    'a UTF-16 surrogate in UTF-8',
    groupLeaf,
    leaf(sized(1, Uint8Array.of(0xed, 0xa0, 0x80)), size, root),
    'utf8',
    'GroupLeaf.name',
  ],
  [
    'two members of a oneof',
    blobRequest,
    join(number(1, 1), sized(2, hash), sized(3, hash), number(4, 0), number(5, 0)),
    'duplicate-field',
    'BlobRequest.chunk',
  ],
  [
    'two members of a oneof, other messages',
    directoryEntry,
    join(
      sized(2, utf8Of('agency')),
      number(3, 1),
      sized(5, least('AgencyEntry')),
      sized(11, least('Tombstone')),
    ),
    'duplicate-field',
    'DirectoryEntry.deleted',
  ],
  [
    'a fault deep inside names its place',
    outcomeFrame,
    join(number(1, 1), sized(2, sized(4, number(9, 1)))),
    'unknown-field',
    'Busy.9',
  ],
  [
    'a text over its limit',
    groupLeaf,
    leaf(sized(1, utf8Of('x'.repeat(36))), size, root),
    'too-large',
    'GroupLeaf.name',
  ],
  [
    'more elements than the limit',
    signed,
    join(least('Signed'), ...new Array(17).fill(sized(3, least('Signature')))),
    'too-many',
    'Signed.signatures',
  ],
  [
    'more bytes than the whole may have',
    groupLeaf,
    new Uint8Array(groupLeaf.maxBytes + 1),
    'too-large',
    'GroupLeaf',
  ],
];

for (const [rule, codec, bytes, fault, field] of faults) {
  t.test(`${fault}: ${rule}`, async (t) => {
    t.throws(() => codec.parse(bytes), { name: 'WireError', fault, ...(field && { field }) });
  });
}

t.test('what differs from a fault by one byte is taken', async (t) => {
  t.match(groupLeaf.parse(leaf(name, size, root)), { name: 'H40', size: 5 });
  t.match(groupLeaf.parse(leaf(name, number(2, 2n ** 53n - 1n), root)), { size: Number.MAX_SAFE_INTEGER });
  t.match(outcomeFrame.parse(join(number(1, 1), sized(2, number(1, 2 ** 32 - 1)))), {
    outcomes: [{ index: 2 ** 32 - 1 }],
  });
});

t.test('the member of a oneof keeps its default: it says which one was meant', async (t) => {
  const asked = blobRequest.parse(join(number(1, 1), sized(2, hash), sized(3, hash), number(5, 0)));
  t.match(asked, { want: 'chunk', chunk: 0 });
  t.equal(
    Buffer.compare(
      blobRequest.encode({ sequence: 1, dispatchId: hash, sha256: hash, chunk: 0 }),
      blobRequest.encode(asked),
    ),
    0,
  );
});

t.test('every fault of the table is reached here, but the one the contract has no room for', async (t) => {
  const all: Record<WireFault, true> = {
    truncated: true,
    'too-large': true,
    'too-many': true,
    'too-deep': true,
    'unknown-field': true,
    'field-order': true,
    'duplicate-field': true,
    'wire-type': true,
    'long-varint': true,
    'number-range': true,
    'default-value': true,
    utf8: true,
    'enum-value': true,
    length: true,
    'missing-field': true,
  };
  const reached = new Set(faults.map(([, , , fault]) => fault));
  t.same(
    Object.keys(all).filter((fault) => !reached.has(fault as WireFault)),
    ['too-deep'],
    'no message of the contract holds itself, so nothing can be too deep',
  );
});

t.test('an unknown message name is a programmer’s error', async (t) => {
  t.throws(() => checkWire('Nonsense', new Uint8Array(0), 10), TypeError);
  t.ok(new WireError({ fault: 'utf8', field: 'a.b' }).message.includes('a.b'));
});
