/**
 * A strict reader of DER (X.690): definite and minimal lengths, minimal integers, one-byte tags, nothing left
 * over. It hands out views into the bytes as received, so that what was signed is checked as it was signed and
 * nothing is re-encoded. It allocates in proportion to what is asked for, so a hostile encoding costs no more
 * than its own bytes. Everything that doesn't fit throws DerError; the parsers of this folder turn that into
 * the verdict `malformed`.
 */
export class DerError extends Error {}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: `raw` is the whole encoding, `content` what is inside; both are views, not copies. */
export interface DerValue {
  tag: number;
  raw: Uint8Array;
  content: Uint8Array;
}

export class DerReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** The next element's tag, undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#position];
  }

  read(expectedTag?: number): DerValue {
    const bytes = this.#bytes;
    const start = this.#position;
    const tag = bytes[start];
    let at = start + 1;
    let length = bytes[at++];
    if (tag === undefined || length === undefined) throw new DerError('truncated');
    if ((tag & 0x1f) === 0x1f) throw new DerError('multi-byte tag');
    if (expectedTag !== undefined && tag !== expectedTag) {
      throw new DerError(`tag 0x${tag.toString(16)} where 0x${expectedTag.toString(16)} belongs`);
    }
    if (length > 0x7f) {
      const count = length - 0x80;
      if (count === 0 || count > 4) throw new DerError('length form');
      length = 0;
      for (let i = 0; i < count; i++) {
        const byte = bytes[at++];
        if (byte === undefined) throw new DerError('truncated');
        length = length * 256 + byte;
      }
      if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError('length not minimal');
    }
    const end = at + length;
    if (end > bytes.length) throw new DerError('truncated');
    this.#position = end;
    return { tag, raw: bytes.subarray(start, end), content: bytes.subarray(at, end) };
  }

  /** The next element if it has this tag, else undefined and nothing is consumed. */
  optional(tag: number): DerValue | undefined {
    return this.peek() === tag ? this.read(tag) : undefined;
  }

  /** A reader of the inside of the next element. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag).content);
  }

  end(): void {
    if (!this.done) throw new DerError('trailing bytes');
  }
}

/** Reads exactly one element that fills `bytes`. */
export function readWhole(bytes: Uint8Array, tag: number): DerValue {
  const reader = new DerReader(bytes);
  const value = reader.read(tag);
  reader.end();
  return value;
}

export function readBoolean(value: DerValue): boolean {
  const byte = value.content[0];
  if (value.content.length !== 1 || (byte !== 0 && byte !== 0xff)) throw new DerError('boolean');
  return byte === 0xff;
}

/** Magnitude of a non-negative INTEGER as lower-case hex of even length; negative or padded ones are refused. */
export function readUnsignedHex(value: DerValue): string {
  const bytes = value.content;
  const first = bytes[0];
  if (first === undefined) throw new DerError('empty integer');
  if (first & 0x80) throw new DerError('negative integer');
  if (first === 0 && bytes.length > 1) {
    if ((bytes[1] as number) < 0x80) throw new DerError('padded integer');
    return Buffer.from(bytes.subarray(1)).toString('hex');
  }
  return Buffer.from(bytes).toString('hex');
}

/** A small non-negative INTEGER or ENUMERATED (at most 2^31-1). */
export function readSmall(value: DerValue): number {
  const hex = readUnsignedHex(value);
  const number = Number.parseInt(hex, 16);
  if (hex.length > 8 || number > 0x7fffffff) throw new DerError('integer too large');
  return number;
}

/** A BIT STRING's bytes; `unused` bits at the end must be zero, as DER demands. */
export function readBits(value: DerValue): { bytes: Uint8Array; unused: number } {
  const unused = value.content[0];
  const bytes = value.content.subarray(1);
  if (unused === undefined || unused > 7 || (bytes.length === 0 && unused > 0)) {
    throw new DerError('bit string');
  }
  const last = bytes[bytes.length - 1] ?? 0;
  if (last & ((1 << unused) - 1)) throw new DerError('bit string padding');
  return { bytes, unused };
}

/** One base-128 arc; whole UUIDs (the 2.25 arc) need more than a double holds. */
function arcText(bytes: Uint8Array, less: bigint): string {
  if (bytes.length > 7)
    return String(bytes.reduce((arc, byte) => (arc << 7n) | BigInt(byte & 0x7f), 0n) - less);
  return String(bytes.reduce((arc, byte) => arc * 128 + (byte & 0x7f), 0) - Number(less));
}

/** Dotted text of an OBJECT IDENTIFIER; arcs of any size. */
export function readOid(value: DerValue): string {
  const bytes = value.content;
  if (bytes.length === 0 || bytes.length > 64) throw new DerError('object identifier');
  let text = '';
  let start = 0;
  for (let i = 0; i < bytes.length; i++) {
    if ((bytes[i] as number) >= 0x80) continue;
    const arc = bytes.subarray(start, i + 1);
    if (arc[0] === 0x80) throw new DerError('object identifier not minimal');
    if (start === 0) {
      const top = arc.length > 1 ? 2 : Math.min(2, Math.floor((arc[0] as number) / 40));
      text = `${top}.${arcText(arc, BigInt(top * 40))}`;
    } else text += `.${arcText(arc, 0n)}`;
    start = i + 1;
  }
  if (start !== bytes.length) throw new DerError('object identifier truncated');
  return text;
}

/** UTCTime or GeneralizedTime in the only forms RFC 5280 allows (…Z, seconds, no fraction); Unix ms. */
export function readTimeMs(value: DerValue): number {
  const text = Buffer.from(value.content).toString('latin1');
  const long = value.tag === tags.generalizedTime;
  if (!long && value.tag !== tags.utcTime) throw new DerError('time type');
  if (!(long ? /^\d{14}Z$/ : /^\d{12}Z$/).test(text)) throw new DerError('time form');
  const short = Number(text.slice(0, 2));
  const year = long ? Number(text.slice(0, 4)) : short + (short < 50 ? 2000 : 1900);
  const parts = text.slice(long ? 4 : 2, -1).match(/\d\d/g) as string[];
  const [month, day, hour, minute, second] = parts.map(Number) as [number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!same || hour > 23 || minute > 59 || second > 59) throw new DerError('no such time');
  return date.getTime();
}
