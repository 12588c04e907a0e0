/**
 * Checks wire bytes against the contract before anything is decoded: known fields only, in ascending order,
 * right wire type, no repeats of a singular field, shortest varints, no explicit defaults, valid UTF-8, known
 * enum values, and the limits written in the .proto files (max_bytes, min_bytes, max_items, exact_bytes, required).
 * What passes has exactly one encoding, so the decoder can't lose or merge anything, and the number of elements
 * is known to be bounded before the first object is made. Pure; used by parse.ts only.
 */
import { isUtf8 } from 'node:buffer';
import { type Descriptor, descriptor, type FieldDescriptor } from './generated/descriptor.ts';

export type WireFault =
  | 'truncated'
  | 'too-large'
  | 'too-many'
  | 'too-deep'
  | 'unknown-field'
  | 'field-order'
  | 'duplicate-field'
  | 'wire-type'
  | 'long-varint'
  | 'number-range'
  | 'default-value'
  | 'utf8'
  | 'enum-value'
  | 'length'
  | 'missing-field';

export interface WireProblem {
  fault: WireFault;
  /** "Document.attachments" */
  field: string;
}

type Kind = 'uint32' | 'uint64' | 'bool' | 'enum' | 'string' | 'bytes' | 'message';

export interface FieldRule {
  id: number;
  name: string;
  kind: Kind;
  repeated: boolean;
  oneof: string | undefined;
  maxBytes: number;
  minBytes: number;
  maxItems: number;
  exactBytes: number | undefined;
  required: boolean;
  message: string | undefined;
  enumValues: ReadonlySet<number> | undefined;
}

export interface MessageRule {
  name: string;
  fields: readonly FieldRule[];
  /** By number; holes where the contract has none. */
  byId: readonly (FieldRule | undefined)[];
  required: readonly FieldRule[];
  /** Those that hold numbers, or messages that may. */
  numeric: readonly FieldRule[];
}

const MAX_DEPTH = 8; // the deepest message has 4 levels; the rest is room
const MAX_ELEMENTS = 500_000; // over one message, all levels together: a head bundle of 120,000 units with room

const names = descriptor.nested!.lienthong!.nested!.v1!.nested!;
const rules = new Map<string, MessageRule>();
for (const [name, node] of Object.entries(names))
  if (node.fields !== undefined) rules.set(name, messageRule(name, node));

/** Fields of a message, for the encoder. Throws TypeError for a name the contract hasn't. */
export function rulesOf(message: string): MessageRule {
  const rule = rules.get(message);
  if (rule === undefined) throw new TypeError(`no message ${message}`);
  return rule;
}

/** First problem of `bytes` as a `message`, or undefined when they are its one encoding and within limits. */
export function checkWire(message: string, bytes: Uint8Array, maxBytes: number): WireProblem | undefined {
  const rule = rulesOf(message);
  if (bytes.byteLength > maxBytes) return { fault: 'too-large', field: message };
  return new Walker(bytes).message(rule, 0, bytes.byteLength, 0);
}

class Walker {
  readonly #bytes: Uint8Array;
  #at = 0;
  #elements = 0;
  /** Set by #varint when it fails. */
  #fault: WireFault = 'truncated';

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  message(rule: MessageRule, from: number, to: number, depth: number): WireProblem | undefined {
    if (depth > MAX_DEPTH) return { fault: 'too-deep', field: rule.name };
    this.#at = from;
    let lastId = 0;
    let count = 0;
    let requiredSeen = 0;
    let lastOneof: string | undefined;
    while (this.#at < to) {
      if (++this.#elements > MAX_ELEMENTS) return { fault: 'too-many', field: rule.name };
      const tag = this.#varint(to, 0xffffffff);
      if (tag === undefined) return { fault: this.#fault, field: rule.name };
      const field = rule.byId[Math.floor(tag / 8)];
      if (field === undefined)
        return { fault: 'unknown-field', field: `${rule.name}.${Math.floor(tag / 8)}` };
      if (field.id < lastId) return problem('field-order', rule, field);
      if (field.id === lastId) {
        if (!field.repeated) return problem('duplicate-field', rule, field);
        if (++count > field.maxItems) return problem('too-many', rule, field);
      } else {
        count = 1;
        if (field.required) requiredSeen++;
        if (field.oneof !== undefined) {
          if (lastOneof === field.oneof) return problem('duplicate-field', rule, field);
          lastOneof = field.oneof;
        }
      }
      lastId = field.id;
      const inner = this.#value(rule, field, tag % 8, to, depth);
      if (inner !== undefined) return inner;
    }
    if (requiredSeen < rule.required.length) return { fault: 'missing-field', field: rule.name };
    return undefined;
  }

  #value(
    rule: MessageRule,
    field: FieldRule,
    wireType: number,
    to: number,
    depth: number,
  ): WireProblem | undefined {
    // A member of a oneof has presence: its default is a value. So has an element of a repeated field.
    const hasPresence = field.oneof !== undefined || field.repeated;
    if (
      field.kind === 'uint32' ||
      field.kind === 'uint64' ||
      field.kind === 'bool' ||
      field.kind === 'enum'
    ) {
      if (wireType !== 0) return problem('wire-type', rule, field);
      const value = this.#varint(
        to,
        field.kind === 'uint64' ? Number.MAX_SAFE_INTEGER : field.kind === 'bool' ? 1 : 0xffffffff,
      );
      if (value === undefined) return problem(this.#fault, rule, field);
      if (value === 0 && !hasPresence) return problem('default-value', rule, field);
      if (field.enumValues !== undefined && !field.enumValues.has(value))
        return problem('enum-value', rule, field);
      return undefined;
    }
    if (wireType !== 2) return problem('wire-type', rule, field);
    const length = this.#varint(to, 0xffffffff);
    if (length === undefined) return problem(this.#fault, rule, field);
    if (length > field.maxBytes) return problem('too-large', rule, field);
    if (length < field.minBytes) return problem('length', rule, field);
    if (field.exactBytes !== undefined && length !== field.exactBytes) return problem('length', rule, field);
    const end = this.#at + length;
    if (end > to) return problem('truncated', rule, field);
    if (field.kind === 'message') {
      const inner = this.message(rules.get(field.message!)!, this.#at, end, depth + 1);
      if (inner !== undefined) return inner;
    } else {
      if (length === 0 && !hasPresence) return problem('default-value', rule, field);
      if (field.kind === 'string' && !isUtf8(this.#bytes.subarray(this.#at, end)))
        return problem('utf8', rule, field);
    }
    this.#at = end;
    return undefined;
  }

  #varint(to: number, max: number): number | undefined {
    let value = 0;
    let factor = 1;
    for (let i = 0; ; i++) {
      if (this.#at >= to) {
        this.#fault = 'truncated';
        return undefined;
      }
      const byte = this.#bytes[this.#at++]!;
      if (i === 7 && byte > 0x0f) {
        this.#fault = 'number-range'; // above 2^53 - 1
        return undefined;
      }
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) {
          this.#fault = 'long-varint';
          return undefined;
        }
        if (value > max) {
          this.#fault = 'number-range';
          return undefined;
        }
        return value;
      }
      factor *= 128;
    }
  }
}

const problem = (fault: WireFault, rule: MessageRule, field: FieldRule): WireProblem => ({
  fault,
  field: `${rule.name}.${field.name}`,
});

function messageRule(name: string, node: Descriptor): MessageRule {
  const oneofOf = new Map<string, string>();
  for (const [oneof, { oneof: members }] of Object.entries(node.oneofs ?? {})) {
    for (const member of members) oneofOf.set(member, oneof);
  }
  const fields = Object.entries(node.fields!).map(([fieldName, json]) =>
    fieldRule(name, fieldName, json, oneofOf.get(fieldName)),
  );
  const byId: FieldRule[] = [];
  for (const field of fields) byId[field.id] = field;
  return {
    name,
    fields,
    byId,
    required: fields.filter((field) => field.required),
    numeric: fields.filter(({ kind }) => ['uint32', 'uint64', 'enum', 'message'].includes(kind)),
  };
}

function fieldRule(
  message: string,
  name: string,
  json: FieldDescriptor,
  oneof: string | undefined,
): FieldRule {
  const option = (key: string) => json.options?.[`(${key})`] as number | undefined;
  const kind = kindOf(message, json);
  const repeated = json.rule === 'repeated';
  const exactBytes = option('exact_bytes');
  const maxBytes = option('max_bytes') ?? exactBytes ?? Number.NaN;
  const maxItems = repeated ? (option('max_items') ?? Number.NaN) : 1;
  const sized = kind === 'string' || kind === 'bytes' || kind === 'message';
  if ((sized && Number.isNaN(maxBytes)) || Number.isNaN(maxItems))
    throw new TypeError(`${message}.${name} has no limit`);
  if (repeated && !sized) throw new TypeError(`${message}.${name}: packed fields have two encodings`);
  return {
    id: json.id,
    name,
    kind,
    repeated,
    oneof,
    maxBytes,
    minBytes: option('min_bytes') ?? 0,
    maxItems,
    exactBytes,
    required: json.options?.['(required)'] === true,
    message: kind === 'message' ? json.type : undefined,
    enumValues: kind === 'enum' ? new Set(Object.values(names[json.type]!.values!)) : undefined,
  };
}

function kindOf(message: string, json: FieldDescriptor): Kind {
  if (['uint32', 'uint64', 'bool', 'string', 'bytes'].includes(json.type)) return json.type as Kind;
  const named = names[json.type];
  if (named?.values !== undefined) return 'enum';
  if (named?.fields !== undefined) return 'message';
  throw new TypeError(`${message}: no kind for ${json.type}`);
}
