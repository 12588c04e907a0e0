/**
 * Reads the dictionary around a `/ByteRange`, and the names of signature fields: from the object's beginning in plain
 * sight, over a window of bounded size. Gives facts with their places; what they are worth is byte-range.ts's.
 */

import { entryOf, type PdfDictionary, PdfObjectReader, PdfSyntaxError, type PdfValue } from './pdf-object.ts';
import { type PdfSource, PIECE_BYTES } from './pdf-scan.ts';
import { pdfText } from './pdf-text.ts';
import { COST, type WorkBudget } from './work-budget.ts';

/** Of an object before and after the place that was found, its signature apart. */
const AROUND_BYTES = 64 * 1024;
/** Places that look like an object's beginning and are tried. */
const MOST_BEGINNINGS = 8;
/** Hex digits of a signature field's room: twice what a CMS signature may have. */
export const MOST_CONTENTS_BYTES = 2 * 1024 * 1024 + 2;

export interface SignatureDictionary {
  /** "12 0" */
  object: string;
  byteRange: readonly number[];
  /** Where /Contents stands: of `<` and after `>`. */
  contents: { start: number; end: number };
  subFilter: string | undefined;
  reason: string | undefined;
  location: string | undefined;
  /** /M, not parsed. */
  date: string | undefined;
  /** Of the field the dictionary stands in, if it stands in one. */
  field: string | undefined;
}

/** Undefined where no well-formed signature dictionary has its byte range at this offset; 'too-much' by the budget. */
export async function readSignatureDictionary(
  source: PdfSource,
  byteRangeAt: number,
  work: WorkBudget,
): Promise<SignatureDictionary | 'too-much' | undefined> {
  const gap = (await gapNear(source, byteRangeAt)) ?? { start: byteRangeAt, end: byteRangeAt };
  const from = Math.max(0, Math.min(byteRangeAt, gap.start) - AROUND_BYTES);
  const to = Math.min(source.size, Math.max(byteRangeAt, gap.end) + AROUND_BYTES);
  if (!(await work.spend(COST.window * (to - from)))) return 'too-much';
  const bytes = await readWindow(source, from, to);
  const object = await objectAround(bytes, from, byteRangeAt, work);
  if (object === 'too-much') return object;
  const dictionary = object?.path.at(-1);
  if (object === undefined || dictionary === undefined) return undefined;
  const byteRange = entryOf(dictionary, 'ByteRange');
  const contents = entryOf(dictionary, 'Contents')?.value;
  if (byteRange?.keyStart !== byteRangeAt) return undefined;
  if (contents?.kind !== 'hex-string') return undefined;
  const parent = object.path.at(-2);
  return {
    object: object.name,
    byteRange: numbersOf(byteRange.value),
    contents: { start: contents.start, end: contents.end },
    subFilter: nameOf(dictionary, 'SubFilter'),
    reason: textOf(dictionary, 'Reason', bytes, from),
    location: textOf(dictionary, 'Location', bytes, from),
    date: textOf(dictionary, 'M', bytes, from),
    field: parent && textOf(parent, 'T', bytes, from),
  };
}

/**
 * "12 0" of the signature dictionary → name of the field that refers to it; the last one counts. As many as the budget
 * lets.
 */
export async function fieldNames(
  source: PdfSource,
  fields: readonly number[],
  work: WorkBudget,
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const at of fields) {
    const from = Math.max(0, at - AROUND_BYTES / 8);
    const to = Math.min(source.size, at + AROUND_BYTES / 8);
    if (!(await work.spend(COST.window * (to - from)))) return names;
    const bytes = await readWindow(source, from, to);
    const object = await objectAround(bytes, from, at, work);
    if (object === 'too-much') return names;
    const field = object?.path.at(-1);
    if (field === undefined) continue;
    const name = textOf(field, 'T', bytes, from);
    const value = entryOf(field, 'V')?.value;
    if (name !== undefined && value?.kind === 'reference')
      names.set(`${value.number} ${value.generation}`, name);
  }
  return names;
}

const BYTE_RANGE =
  /^\/ByteRange[\0\t\n\f\r ]*\[[\0\t\n\f\r ]*(\d{1,15})[\0\t\n\f\r ]+(\d{1,15})[\0\t\n\f\r ]+(\d{1,15})\b/;

/** The gap the byte range leaves, by its own numbers, so that the window holds it; undefined when that makes no sense. */
async function gapNear(
  source: PdfSource,
  byteRangeAt: number,
): Promise<{ start: number; end: number } | undefined> {
  const bytes = await source.read(byteRangeAt, Math.min(256, source.size - byteRangeAt));
  const numbers = BYTE_RANGE.exec(Buffer.from(bytes).toString('latin1'));
  if (numbers === null) return undefined;
  const [first, length, second] = numbers.slice(1).map(Number) as [number, number, number];
  const gap = { start: first + length, end: second };
  const isNear = Math.abs(gap.start - byteRangeAt) <= MOST_CONTENTS_BYTES + AROUND_BYTES;
  if (!isNear || gap.end <= gap.start || gap.end > source.size) return undefined;
  return gap.end - gap.start <= MOST_CONTENTS_BYTES ? gap : undefined;
}

export async function readWindow(source: PdfSource, from: number, to: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(to - from);
  for (let at = from; at < to; at += PIECE_BYTES)
    bytes.set(await source.read(at, Math.min(PIECE_BYTES, to - at)), at - from);
  return bytes;
}

/** The object with a key at this place, and the dictionaries down to that key: the nearest beginning that is well-formed. */
async function objectAround(
  bytes: Uint8Array,
  base: number,
  keyStart: number,
  work: WorkBudget,
): Promise<{ name: string; path: PdfDictionary[] } | 'too-much' | undefined> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = keyStart - base;
  for (let tries = 0; tries < MOST_BEGINNINGS; tries++) {
    at = at <= 0 ? -1 : text.lastIndexOf(' obj', at - 1, 'latin1');
    if (at === -1) return undefined;
    const before = text.toString('latin1', Math.max(0, at - 32), at);
    const name = /(?:^|[\0\t\n\f\r ])(\d{1,10} \d{1,5})$/.exec(before)?.[1];
    if (name === undefined) continue;
    const start = base + at + 4;
    const reader = new PdfObjectReader(bytes, base, start);
    const path = pathTo(objectAt(reader), keyStart);
    if (!(await work.spend(COST.parsed * reader.gone(start)))) return 'too-much';
    if (path) return { name, path };
  }
  return undefined;
}

function objectAt(reader: PdfObjectReader): PdfValue | undefined {
  try {
    return reader.read();
  } catch (error) {
    if (error instanceof PdfSyntaxError) return undefined;
    throw error;
  }
}

/** The dictionaries from the object down to the one with a key at this offset. */
function pathTo(value: PdfValue | undefined, keyStart: number): PdfDictionary[] | undefined {
  if (value === undefined || keyStart < value.start || keyStart >= value.end) return undefined;
  if (value.kind === 'array') {
    for (const item of value.items) {
      const path = pathTo(item, keyStart);
      if (path !== undefined) return path;
    }
  }
  if (value.kind !== 'dictionary') return undefined;
  for (const entry of value.entries) {
    if (entry.keyStart === keyStart) return [value];
    const path = pathTo(entry.value, keyStart);
    if (path !== undefined) return [value, ...path];
  }
  return undefined;
}

const numbersOf = (value: PdfValue): number[] =>
  value.kind !== 'array'
    ? []
    : value.items.map((item) => (item.kind === 'number' ? item.number : Number.NaN));

function nameOf(dictionary: PdfDictionary, key: string): string | undefined {
  const value = entryOf(dictionary, key)?.value;
  return value?.kind === 'name' ? value.name : undefined;
}

function textOf(dictionary: PdfDictionary, key: string, bytes: Uint8Array, base: number): string | undefined {
  const value = entryOf(dictionary, key)?.value;
  if (value?.kind === 'string') return pdfText(value.bytes);
  if (value?.kind !== 'hex-string' || value.end - value.start > 4096) return undefined;
  const digits = Buffer.from(bytes.subarray(value.start + 1 - base, value.end - 1 - base)).toString('latin1');
  return pdfText(Buffer.from(digits.replace(/[\0\t\n\f\r ]/g, ''), 'hex'));
}
