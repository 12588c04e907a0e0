/**
 * The Base64 of one attachment, decoded while it passes by the XML parser: bytes up to the next `<` or `&` at a time.
 * CDATA, comments, instructions and character references within it are understood (Java's serialisers write `&#13;` at
 * every line); the end tag is left to the parser. Memory: one piece. Called by read-edxml.ts.
 */
import { Base64Decoder, Base64Fault } from './base64.ts';
import type { ByteSource } from './byte-source.ts';
import { fault } from './fault.ts';
import type { XmlReader } from './xml-reader.ts';

/** Characters decoded at once. */
const PIECE_BYTES = 65_536;
const LESS = 0x3c;
const AMPERSAND = 0x26;
const BRACKET = 0x5d;
const CDATA = '<![CDATA[';
const CDATA_END = ']]>';
/** "&#x0000D;" and longer ones aren't written by anybody. */
const MAX_REFERENCE = 12;
const REFERENCE = /^&#(?:x([0-9a-fA-F]+)|([0-9]+));/;

/** Decoded bytes; ends with the source at the end tag. Throws `edxml-attachment`, `edxml-malformed`. */
export async function* encodedBytes(source: ByteSource, xml: XmlReader): AsyncGenerator<Buffer> {
  const decoder = new Base64Decoder();
  let inCdata = false;
  for (;;) {
    const rest = await source.some();
    if (rest === undefined) throw fault('edxml-malformed', 'edxml-cut', xml.place());
    const run = untilMark(rest, inCdata);
    if (run > 0) {
      const bytes = decoded(decoder, rest.subarray(0, run), source, xml);
      if (bytes.length > 0) yield bytes;
    } else if (inCdata) {
      if (!startsWith(await source.ahead(CDATA_END.length), CDATA_END)) throw foreign(source, xml);
      source.take(CDATA_END.length);
      inCdata = false;
    } else if (rest[0] === AMPERSAND) {
      const bytes = await reference(decoder, source, xml);
      if (bytes.length > 0) yield bytes;
    } else if (startsWith(await source.ahead(CDATA.length), CDATA)) {
      source.take(CDATA.length);
      inCdata = true;
    } else if (startsWith(await source.ahead(4), '<!--') || startsWith(await source.ahead(2), '<?')) {
      await xml.stepAside();
    } else break;
  }
  try {
    decoder.end();
  } catch (error) {
    throw translated(error, Buffer.alloc(0), source, xml);
  }
}

const startsWith = (bytes: Buffer, text: string): boolean =>
  bytes.length >= text.length && bytes.toString('latin1', 0, text.length) === text;

/** Bytes before the next thing that isn't Base64 to this file: `<` and `&`, within CDATA `]`. */
function untilMark(rest: Buffer, inCdata: boolean): number {
  const piece = rest.length > PIECE_BYTES ? rest.subarray(0, PIECE_BYTES) : rest;
  const first = piece.indexOf(inCdata ? BRACKET : LESS);
  const upTo = first < 0 ? piece.length : first;
  if (inCdata) return upTo;
  const reference = piece.subarray(0, upTo).indexOf(AMPERSAND);
  return reference < 0 ? upTo : reference;
}

function decoded(decoder: Base64Decoder, run: Buffer, source: ByteSource, xml: XmlReader): Buffer {
  try {
    const bytes = decoder.push(run.toString('latin1'));
    xml.skipped(source.take(run.length));
    return bytes;
  } catch (error) {
    throw translated(error, run, source, xml);
  }
}

/** `&#13;` and its like: the character it stands for. */
async function reference(decoder: Base64Decoder, source: ByteSource, xml: XmlReader): Promise<Buffer> {
  const rest = await source.ahead(MAX_REFERENCE);
  const found = REFERENCE.exec(rest.toString('latin1', 0, MAX_REFERENCE));
  if (found === null) throw foreign(source, xml);
  const code = found[1] === undefined ? Number(found[2]) : Number.parseInt(found[1], 16);
  try {
    const bytes = decoder.push(String.fromCharCode(code));
    xml.skipped(source.take(found[0].length));
    return bytes;
  } catch (error) {
    throw translated(error, rest.subarray(0, 0), source, xml);
  }
}

function foreign(source: ByteSource, xml: XmlReader): Error {
  const { line } = xml.place();
  return fault('edxml-attachment', 'edxml-base64-character', { byte: source.offset, line });
}

function translated(error: unknown, run: Buffer, source: ByteSource, xml: XmlReader): unknown {
  if (!(error instanceof Base64Fault)) return error;
  xml.skipped(run.subarray(0, error.at));
  return fault('edxml-attachment', error.reason, { byte: source.offset + error.at, line: xml.place().line });
}
