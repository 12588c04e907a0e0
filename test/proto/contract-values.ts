/**
 * Values of every message of the contract, made from the contract itself (field kinds, limits, oneofs), so that a
 * new field is tested the day it is written; and hand-built wire bytes, for what an honest encoder never makes.
 */
import fc from 'fast-check';
import { descriptor } from '../../proto/generated/descriptor.ts';
import * as messages from '../../proto/messages.ts';
import { type FieldRule, rulesOf } from '../../proto/wire.ts';

export interface AnyCodec {
  readonly name: string;
  readonly maxBytes: number;
  parse(bytes: Uint8Array): object;
  encode(value: object): Uint8Array;
}

export const codecs: AnyCodec[] = Object.values(messages).filter(
  (value): value is never =>
    typeof value === 'object' && value !== null && 'parse' in value && 'encode' in value,
);

const names = descriptor.nested!.lienthong!.nested!.v1!.nested!;
/** Every message of the contract, also those that only stand inside others. */
export const messageNames = Object.keys(names).filter((name) => names[name]!.fields !== undefined);

export const utf8Of = (text: string) => new Uint8Array(Buffer.from(text));

/** Longest generated text or bytes: the limits' edges have tests of their own. */
const MOST = 24;
const VIETNAMESE = 'Quyết định số 274/QĐ-TTg “hỏa tốc” 🏛 ';

const text = (rule: FieldRule) =>
  fc.string({ unit: 'binary', maxLength: 8 }).map((suffix) => {
    let value = [...VIETNAMESE].slice(0, suffix.length * 3).join('') + suffix;
    while (utf8Of(value).byteLength > Math.min(rule.maxBytes, MOST * 3))
      value = [...value].slice(0, -1).join('');
    return value === '' && (rule.required || rule.oneof !== undefined) ? 'x' : value;
  });

function one(rule: FieldRule): fc.Arbitrary<unknown> {
  const least = rule.required ? 1 : 0;
  switch (rule.kind) {
    case 'uint32':
      return fc.oneof(fc.integer({ min: least, max: 300 }), fc.integer({ min: least, max: 0xffffffff }));
    case 'uint64':
      return fc.oneof(
        fc.integer({ min: least, max: 300 }),
        fc.maxSafeNat().map((n) => Math.max(least, n)),
      );
    case 'bool':
      return rule.required ? fc.constant(true) : fc.boolean();
    case 'enum':
      return fc.constantFrom(...[...rule.enumValues!].filter((value) => value >= least));
    case 'string':
      return text(rule);
    case 'bytes': {
      const minLength = rule.exactBytes ?? Math.max(least, rule.minBytes);
      const maxLength = rule.exactBytes ?? Math.max(minLength, Math.min(rule.maxBytes, MOST));
      return fc.uint8Array({ minLength, maxLength });
    }
    case 'message':
      return valuesOf(rule.message!);
  }
}

/** Plain values of a message: required fields always, one member of a oneof at most. */
export function valuesOf(name: string): fc.Arbitrary<Record<string, unknown>> {
  const fields = [...rulesOf(name).fields.values()];
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const rule of fields) {
    const value = one(rule);
    model[rule.name] = rule.repeated ? fc.array(value, { maxLength: Math.min(rule.maxItems, 3) }) : value;
  }
  const requiredKeys = fields.filter((rule) => rule.required).map((rule) => rule.name);
  const members = fields.filter((rule) => rule.oneof !== undefined).map((rule) => rule.name);
  return fc
    .tuple(fc.record(model, { requiredKeys }), fc.nat({ max: members.length }))
    .map(([value, chosen]) => {
      const record = value as Record<string, unknown>;
      members.forEach((member, i) => {
        if (i !== chosen) delete record[member];
      });
      return record;
    });
}

/** Two or three samples of a codec's values, always the same. */
export const samplesOf = (codec: AnyCodec, count: number): Uint8Array[] =>
  fc.sample(valuesOf(codec.name), { numRuns: count, seed: 20190312 }).map((value) => codec.encode(value));

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 0x80n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

export const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
export const tag = (id: number, wireType: number): Uint8Array => varint(id * 8 + wireType);
export const number = (id: number, value: number | bigint): Uint8Array => join(tag(id, 0), varint(value));
export const sized = (id: number, bytes: Uint8Array): Uint8Array =>
  join(tag(id, 2), varint(bytes.byteLength), bytes);

/** The least a message must hold to be one: its required fields. */
export function least(name: string): Uint8Array {
  return join(...rulesOf(name).required.map((rule) => element(rule)));
}

/** One field as the contract wants it, as small as it may be. */
export function element(rule: FieldRule): Uint8Array {
  if (rule.kind === 'message') return sized(rule.id, least(rule.message!));
  if (rule.kind === 'string' || rule.kind === 'bytes')
    return sized(rule.id, new Uint8Array(rule.exactBytes ?? Math.max(1, rule.minBytes)).fill(65));
  return number(rule.id, 1);
}
