/**
 * XML from a ByteSource, one tag at a time: bytes up to the next `>` go to the parser (saxes: strict XML 1.0 and
 * namespaces, the five predefined entities only), so that the caller may take over the bytes between two tags, which
 * is how Base64 of any size passes by the parser. DTDs and other entities are refused; depth, tags, attributes and
 * bytes are bounded. Everything is linear in the input. Called by read-edxml.ts.
 */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { LienthongError } from '../core/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { fault, type Place, tooLarge } from './fault.ts';
import type { EdxmlLimits } from './limits.ts';
import { NAMESPACE, PREFIX } from './namespaces.ts';

export interface XmlEvents {
  open(tag: SaxesTagNS): void;
  close(): void;
  /** Character data, also of CDATA sections; may come in several parts. */
  text(text: string): void;
  /** A processing instruction, `<?target body?>`. */
  instruction(target: string, body: string): void;
}

type Parser = SaxesParser<{ xmlns: true; position: true; forceXMLVersion: true; defaultXMLVersion: '1.0' }>;

/** Given to the parser at once. */
const PIECE_BYTES = 65_536;
/** Longest name of a reference: the five have four characters, numbers eight. */
const MAX_REFERENCE = 64;
const DOCTYPE = '<!DOCTYPE';
const GREATER = 0x3e;
const ENCODINGS = /^(utf-?8|us-ascii)$/i;
const PREDEFINED = { amp: '&', gt: '>', lt: '<', quot: '"', apos: "'" };

export class XmlReader {
  readonly #source: ByteSource;
  readonly #limits: EdxmlLimits;
  readonly #parser: Parser;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #markupBytes = 0;
  #tags = 0;
  #depth = 0;
  #attributes = 0;
  /** Comments and instructions whose end was seen. */
  #asides = 0;
  /** What the parser was given last, and the UTF-16 units before it. */
  #piece = { byte: 0, text: '', units: 0 };
  /** Bytes of a character whose rest is to come. */
  #undecoded = 0;
  /** How the markup before the root begins that hasn't ended yet; undefined from the root on. */
  #prolog: string | undefined = '';
  /** The last `&`. */
  #ampersand: Place | undefined;
  #skipped = { lines: 0, onLine: 0 };

  constructor(source: ByteSource, limits: EdxmlLimits, events: XmlEvents) {
    this.#source = source;
    this.#limits = limits;
    this.#parser = new SaxesParser({
      xmlns: true,
      position: true,
      forceXMLVersion: true,
      defaultXMLVersion: '1.0',
      // a missing declaration of the one prefix everybody uses is forgiven
      resolvePrefix: (prefix: string) => (prefix === PREFIX ? NAMESPACE : undefined),
    });
    // without a prototype: `&constructor;` is no entity
    this.#parser.ENTITIES = Object.assign(Object.create(null), PREDEFINED);
    this.#listen(events);
  }

  /** Gives the parser what comes up to the next `>`. False at the end, which is checked. */
  async step(): Promise<boolean> {
    if (this.#source.offset === 0) await this.#start();
    const rest = await this.#source.some();
    if (rest === undefined) {
      this.#give(Buffer.alloc(0), true);
      return false;
    }
    // within a piece only: a caller may give the whole file as one chunk
    const end = rest.subarray(0, PIECE_BYTES).indexOf(GREATER);
    if (end >= 0 && ++this.#tags > this.#limits.tags) throw tooLarge('tags', this.#limits.tags, this.place());
    const length = end < 0 ? Math.min(rest.length, PIECE_BYTES) : end + 1;
    this.#markupBytes += length;
    if (this.#markupBytes > this.#limits.markupBytes) {
      throw tooLarge('markupBytes', this.#limits.markupBytes, this.place());
    }
    this.#give(rest.subarray(0, length), false);
    this.#source.take(length);
    return true;
  }

  /** Gives the parser a comment or an instruction, whole; the source stands at its `<`. */
  async stepAside(): Promise<void> {
    const before = this.#asides;
    while (this.#asides === before) await this.step();
  }

  /** Bytes taken from the source past the parser: only positions are told. */
  skipped(bytes: Buffer): void {
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) this.#skipped.lines += 1;
    this.#skipped.onLine = this.#parser.line;
  }

  /** Where the parser is. */
  place(): Place {
    const { byte, text, units } = this.#piece;
    const within = Buffer.byteLength(text.slice(0, Math.max(0, this.#parser.position - units)));
    const line = this.#parser.line + this.#skipped.lines;
    const place = { byte: Math.max(byte + within, this.#source.offset), line };
    return this.#skipped.onLine === this.#parser.line ? place : { ...place, column: this.#parser.column + 1 };
  }

  #give(bytes: Buffer, last: boolean): void {
    this.#piece = {
      byte: this.#source.offset - this.#undecoded,
      text: '',
      units: this.#piece.units + this.#piece.text.length,
    };
    let text: string;
    try {
      text = this.#decoder.decode(bytes, { stream: !last });
    } catch (cause) {
      throw this.#caused(fault('edxml-encoding', 'edxml-not-utf8', this.place()), cause);
    }
    this.#piece.text = text;
    this.#undecoded += bytes.length - Buffer.byteLength(text);
    this.#noteAmpersand(text);
    this.#refuseDoctype(text);
    if (text !== '') this.#parser.write(text);
    if (this.#openReference.length > MAX_REFERENCE) throw this.#strayAmpersand();
    if (last) this.#parser.close();
  }

  /** The parser's private count of an unfinished `&…;`: it would read on to the next semicolon. Only for the sentence. */
  get #openReference(): string {
    return (this.#parser as unknown as { entity?: string }).entity ?? '';
  }

  #noteAmpersand(text: string): void {
    const at = text.lastIndexOf('&');
    if (at >= 0) this.#ampersand = this.#placeBefore(text, at);
  }

  /** At its first letters: what it holds isn't read at all. */
  #refuseDoctype(text: string): void {
    if (this.#prolog === undefined) return;
    const all = this.#prolog + text;
    const begun = all.trimStart();
    if (begun.startsWith(DOCTYPE)) {
      const end = all.length - begun.length + DOCTYPE.length - this.#prolog.length;
      throw fault('edxml-forbidden', 'edxml-doctype', this.#placeBefore(text, end));
    }
    this.#prolog = begun.slice(0, DOCTYPE.length);
  }

  /** Of the character at `units` in `text`, which the parser is about to be given. */
  #placeBefore(text: string, units: number): Place {
    const before = text.slice(0, units);
    const lines = before.split('\n').length - 1;
    return {
      byte: this.#piece.byte + Buffer.byteLength(before),
      line: this.#parser.line + this.#skipped.lines + lines,
    };
  }

  #strayAmpersand(): LienthongError {
    return fault('edxml-malformed', 'edxml-ampersand', this.#ampersand);
  }

  #listen(events: XmlEvents): void {
    const { attributes, depth } = this.#limits;
    this.#parser.on('error', (error) => {
      throw this.#translated(error);
    });
    this.#parser.on('xmldecl', ({ encoding }) => {
      this.#endAside();
      if (encoding !== undefined && !ENCODINGS.test(encoding)) {
        const named = { encoding: encoding.slice(0, 40) };
        throw fault('edxml-encoding', 'edxml-declared-encoding', this.place(), named);
      }
    });
    this.#parser.on('doctype', () => {
      throw fault('edxml-forbidden', 'edxml-doctype', this.place());
    });
    this.#parser.on('opentagstart', () => {
      this.#prolog = undefined;
      this.#attributes = 0;
      if (++this.#depth > depth) throw tooLarge('depth', depth, this.place());
    });
    this.#parser.on('attribute', () => {
      if (++this.#attributes > attributes) throw tooLarge('attributes', attributes, this.place());
    });
    this.#parser.on('opentag', (tag) => events.open(tag));
    this.#parser.on('closetag', () => {
      this.#depth -= 1;
      events.close();
    });
    this.#parser.on('text', (text) => events.text(text));
    this.#parser.on('cdata', (text) => events.text(text));
    this.#parser.on('comment', () => this.#endAside());
    this.#parser.on('processinginstruction', ({ target, body }) => {
      this.#endAside();
      events.instruction(target, body);
    });
  }

  #endAside(): void {
    this.#asides += 1;
    if (this.#prolog !== undefined) this.#prolog = '';
  }

  /** Passes a byte order mark by; other encodings are refused in plain words. */
  async #start(): Promise<void> {
    const [first, second, third] = await this.#source.ahead(3);
    if (first === 0xef && second === 0xbb && third === 0xbf) this.#source.take(3);
    const marked = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe);
    if (marked || first === 0 || second === 0) throw fault('edxml-encoding', 'edxml-utf16', { byte: 0 });
  }

  /** The parser's sentence ("1:16: duplicate attribute: b.") as one of ours; its own words stay in `parser`. */
  #translated(error: Error): LienthongError {
    const said = error.message.replace(/^(\S+: )?\d+:\d+: /, '').slice(0, 200);
    const place = this.place();
    const isCut = /^(unclosed tag|unexpected end)/.test(said);
    if (/^(disallowed character in|empty) entity name/.test(said) || (isCut && this.#openReference !== '')) {
      return this.#strayAmpersand();
    }
    if (/doctype/i.test(said)) return fault('edxml-forbidden', 'edxml-doctype', place);
    if (/^undefined entity/.test(said)) return fault('edxml-forbidden', 'edxml-entity', place);
    const reason = isCut
      ? 'edxml-cut'
      : /^(unexpected close tag|unmatched closing tag)/.test(said)
        ? 'edxml-tags'
        : /^unbound namespace prefix/.test(said)
          ? 'edxml-prefix'
          : 'edxml-syntax';
    return this.#caused(fault('edxml-malformed', reason, place, { parser: said }), error);
  }

  #caused(made: LienthongError, cause: unknown): LienthongError {
    return new LienthongError(made.code, made.details, { cause });
  }
}
