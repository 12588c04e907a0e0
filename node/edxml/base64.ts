/**
 * Base64 (RFC 4648 §4) decoded piece by piece: blanks between characters are skipped, everything else that isn't of
 * the alphabet, text after the padding and a cut end are faults. Memory: one piece. Used by encoded-text.ts.
 */
const FOREIGN = /[^A-Za-z0-9+/]/;
const BLANKS = /[ \t\r\n]+/g;
const NOT_BLANK = /[^ \t\r\n]/;
const FOREIGN_NOT_BLANK = /[^A-Za-z0-9+/ \t\r\n]/;

export type Base64Reason = 'edxml-base64-character' | 'edxml-base64-padding' | 'edxml-base64-cut';

/** `at`: characters from the start of the piece to the fault. */
export class Base64Fault extends Error {
  readonly reason: Base64Reason;
  readonly at: number;
  constructor(reason: Base64Reason, at: number) {
    super(reason);
    this.reason = reason;
    this.at = at;
  }
}

export class Base64Decoder {
  /** Up to three characters that wait for the rest of their group. */
  #carry = '';
  /** Padding characters seen. */
  #padding = 0;

  /** The bytes that `text` (ASCII) completes. Throws Base64Fault. */
  push(text: string): Buffer {
    if (this.#padding > 0) return this.#pad(text, 0);
    const quick = this.#decodeQuickly(text);
    if (quick !== undefined) return quick;
    const foreign = text.search(FOREIGN_NOT_BLANK);
    if (foreign < 0) return this.#decode(text.replace(BLANKS, ''));
    if (text[foreign] !== '=') throw new Base64Fault('edxml-base64-character', foreign);
    const bytes = this.#decode(text.slice(0, foreign).replace(BLANKS, ''));
    return Buffer.concat([bytes, this.#pad(text, foreign)]);
  }

  /** At the end of the text: everything must be complete. */
  end(): void {
    if (this.#carry !== '') throw new Base64Fault('edxml-base64-cut', 0);
  }

  /**
   * Text of the alphabet alone, told by the length of what Node makes of it: Node skips what is foreign, but takes the
   * two characters of the alphabet for addresses. Undefined where there is anything else; nothing is changed then.
   */
  #decodeQuickly(text: string): Buffer | undefined {
    const all = this.#carry + text;
    const whole = all.length - (all.length % 4);
    const rest = all.slice(whole);
    if (FOREIGN.test(rest) || text.includes('-') || text.includes('_')) return undefined;
    const bytes = Buffer.from(all.slice(0, whole), 'base64');
    if (bytes.length !== (whole / 4) * 3) return undefined;
    this.#carry = rest;
    return bytes;
  }

  #decode(characters: string): Buffer {
    const all = this.#carry === '' ? characters : this.#carry + characters;
    const whole = all.length - (all.length % 4);
    this.#carry = all.slice(whole);
    return Buffer.from(whole === all.length ? all : all.slice(0, whole), 'base64');
  }

  /** Padding from `at` on; the last bytes once it is complete. One character holds six bits: less than a byte. */
  #pad(text: string, at: number): Buffer {
    let bytes = Buffer.alloc(0);
    for (let i = at; i < text.length; i++) {
      if (!NOT_BLANK.test(text[i]!)) continue;
      if (text[i] !== '=' || this.#carry.length < 2) throw new Base64Fault('edxml-base64-padding', i);
      this.#padding += 1;
      if (this.#carry.length + this.#padding < 4) continue;
      bytes = Buffer.from(this.#carry, 'base64');
      this.#carry = '';
    }
    return bytes;
  }
}
