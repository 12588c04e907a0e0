/**
 * Reads one PDF object (ISO 32000-2 §7.3) out of a window of the file, strictly: what isn't plainly well-formed is
 * refused, since another program might read it otherwise. Every value keeps where it stands in the file, because
 * signatures are about positions. Bounded by depth and number of values; no recursion beyond that, no regular
 * expressions over the window.
 */
export class PdfSyntaxError extends Error {}

interface At {
  /** Offsets in the file: of its first byte, and after its last. */
  start: number;
  end: number;
}

export interface PdfEntry {
  key: string;
  keyStart: number;
  value: PdfValue;
}

export type PdfDictionary = At & { kind: 'dictionary'; entries: PdfEntry[] };
export type PdfValue = At &
  (
    | { kind: 'dictionary'; entries: PdfEntry[] }
    | { kind: 'array'; items: PdfValue[] }
    | { kind: 'name'; name: string }
    | { kind: 'string'; bytes: Uint8Array }
    /** Its digits stand between `start + 1` and `end - 1`. */
    | { kind: 'hex-string' }
    | { kind: 'number'; number: number }
    | { kind: 'reference'; number: number; generation: number }
    | { kind: 'word'; word: string }
  );

const MOST_DEPTH = 16;
const MOST_VALUES = 20_000;
const MOST_NAME_BYTES = 127;
const MOST_STRING_BYTES = 32_767;

const isSpace = (byte: number | undefined): boolean =>
  byte === 0 || byte === 9 || byte === 10 || byte === 12 || byte === 13 || byte === 32;
const DELIMITERS = new Set(Buffer.from('()<>[]{}/%'));
const isRegular = (byte: number | undefined): byte is number =>
  byte !== undefined && !isSpace(byte) && !DELIMITERS.has(byte);
const code = (character: string): number => character.charCodeAt(0);
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12 };

export class PdfObjectReader {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  #at: number;
  #values = 0;

  /** `base` is where the window stands in the file, `at` where in the file reading begins. */
  constructor(bytes: Uint8Array, base: number, at: number) {
    this.#bytes = bytes;
    this.#base = base;
    this.#at = at - base;
  }

  /** How many bytes it has gone over from a place in the file. */
  gone(from: number): number {
    return Math.max(1, this.#at + this.#base - from);
  }

  /** The value that stands here. Throws PdfSyntaxError, also when the window ends before it does. */
  read(depth = 0): PdfValue {
    if (depth > MOST_DEPTH || ++this.#values > MOST_VALUES) throw new PdfSyntaxError('too large');
    this.#skipSpace();
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new PdfSyntaxError('truncated');
    if (byte === code('/')) return this.#name();
    if (byte === code('(')) return this.#string();
    if (byte === code('[')) return this.#array(depth);
    if (byte === code('<'))
      return this.#bytes[this.#at + 1] === code('<') ? this.#dictionary(depth) : this.#hexString();
    return this.#numberOrWord();
  }

  #skipSpace(): void {
    for (;;) {
      while (isSpace(this.#bytes[this.#at])) this.#at++;
      if (this.#bytes[this.#at] !== code('%')) return;
      while (this.#at < this.#bytes.length && !this.#isLineEnd()) this.#at++;
    }
  }

  #isLineEnd(): boolean {
    const byte = this.#bytes[this.#at];
    return byte === 10 || byte === 13;
  }

  #from(start: number): At {
    return { start: this.#base + start, end: this.#base + this.#at };
  }

  #word(): string {
    const start = this.#at;
    while (isRegular(this.#bytes[this.#at]) && this.#at - start <= MOST_NAME_BYTES) this.#at++;
    if (this.#at === start || this.#at - start > MOST_NAME_BYTES) throw new PdfSyntaxError('word');
    return Buffer.from(this.#bytes.subarray(start, this.#at)).toString('latin1');
  }

  #name(): PdfValue {
    const start = this.#at++;
    const written = isRegular(this.#bytes[this.#at]) ? this.#word() : '';
    if (/#(?![0-9a-fA-F]{2})/.test(written)) throw new PdfSyntaxError('name');
    const name = written.replace(/#(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return { kind: 'name', name, ...this.#from(start) };
  }

  /** A number, a reference (`12 0 R`), or true, false, null. */
  #numberOrWord(): PdfValue {
    const start = this.#at;
    const word = this.#word();
    if (!/^[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})$/.test(word)) {
      if (!['true', 'false', 'null'].includes(word)) throw new PdfSyntaxError('word');
      return { kind: 'word', word, ...this.#from(start) };
    }
    const number = Number(word);
    const after = this.#at;
    const generation = /^\d+$/.test(word) ? this.#generation() : undefined;
    if (generation !== undefined) return { kind: 'reference', number, generation, ...this.#from(start) };
    this.#at = after;
    return { kind: 'number', number, ...this.#from(start) };
  }

  /** What makes the whole number just read a reference, else undefined; the caller goes back then. */
  #generation(): number | undefined {
    if (!isSpace(this.#bytes[this.#at])) return undefined;
    this.#skipSpace();
    const start = this.#at;
    while (isDigit(this.#bytes[this.#at]) && this.#at - start < 5) this.#at++;
    const digits = Buffer.from(this.#bytes.subarray(start, this.#at)).toString('latin1');
    if (digits === '' || !isSpace(this.#bytes[this.#at])) return undefined;
    this.#skipSpace();
    if (this.#bytes[this.#at] !== code('R') || isRegular(this.#bytes[this.#at + 1])) return undefined;
    this.#at++;
    return Number(digits);
  }

  #array(depth: number): PdfValue {
    const start = this.#at++;
    const items: PdfValue[] = [];
    for (;;) {
      this.#skipSpace();
      if (this.#bytes[this.#at] === code(']')) break;
      items.push(this.read(depth + 1));
    }
    this.#at++;
    return { kind: 'array', items, ...this.#from(start) };
  }

  #dictionary(depth: number): PdfValue {
    const start = this.#at;
    this.#at += 2;
    const entries: PdfEntry[] = [];
    for (;;) {
      this.#skipSpace();
      if (this.#bytes[this.#at] === code('>') && this.#bytes[this.#at + 1] === code('>')) break;
      if (this.#bytes[this.#at] !== code('/')) throw new PdfSyntaxError('key');
      const key = this.#name();
      if (key.kind !== 'name') throw new PdfSyntaxError('key');
      entries.push({ key: key.name, keyStart: key.start, value: this.read(depth + 1) });
    }
    this.#at += 2;
    return { kind: 'dictionary', entries, ...this.#from(start) };
  }

  #hexString(): PdfValue {
    const start = this.#at;
    const end = this.#bytes.indexOf(code('>'), start);
    if (end === -1) throw new PdfSyntaxError('hex string');
    this.#at = end + 1;
    return { kind: 'hex-string', ...this.#from(start) };
  }

  #string(): PdfValue {
    const start = this.#at++;
    const bytes: number[] = [];
    let open = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || bytes.length > MOST_STRING_BYTES) throw new PdfSyntaxError('string');
      if (byte === code('(')) open++;
      if (byte === code(')') && --open === 0) break;
      if (byte === code('\\')) this.#escape(bytes);
      else bytes.push(byte);
    }
    return { kind: 'string', bytes: Uint8Array.from(bytes), ...this.#from(start) };
  }

  #escape(bytes: number[]): void {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new PdfSyntaxError('string');
    const control = ESCAPES[String.fromCharCode(byte)];
    if (control !== undefined) bytes.push(control);
    else if (byte >= 0x30 && byte <= 0x37) bytes.push(this.#octal(byte - 0x30));
    else if (byte === 13) {
      if (this.#bytes[this.#at] === 10) this.#at++;
    } else if (byte !== 10) bytes.push(byte);
  }

  #octal(first: number): number {
    let value = first;
    for (let i = 0; i < 2; i++) {
      const digit = (this.#bytes[this.#at] ?? 0) - 0x30;
      if (digit < 0 || digit > 7) break;
      value = value * 8 + digit;
      this.#at++;
    }
    return value & 0xff;
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** The value of a key; undefined when the dictionary has none, or several. */
export function entryOf({ entries }: PdfDictionary, key: string): PdfEntry | undefined {
  const found = entries.filter((entry) => entry.key === key);
  return found.length === 1 ? found[0] : undefined;
}
