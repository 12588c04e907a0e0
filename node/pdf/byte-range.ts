/**
 * What a signature's byte range must be (ISO 32000-2 §12.8.1), against the known attacks: two ranges that begin with
 * the file and leave out exactly the digits of its own /Contents (signature wrapping, forgery without a range), and
 * end with the file, or where an earlier revision ended (what was added after it shows as such: incremental saving).
 */
import { type PdfSource, PIECE_BYTES } from './pdf-scan.ts';
import { MOST_CONTENTS_BYTES, readWindow, type SignatureDictionary } from './signature-dictionary.ts';

export type ByteRangeProblem =
  /** Not four numbers that make two ranges of this file, the first from its beginning. */
  | 'byte-range'
  /** What is left out isn't exactly the signature: something else could hide there. */
  | 'gap'
  /** The signature isn't digits alone, or too many. */
  | 'contents'
  /** It ends in the middle of a revision. */
  | 'ends-inside';

export interface Covered {
  /** Left out: from `<` to after `>`. */
  gap: { start: number; end: number };
  end: number;
  isWholeFile: boolean;
  /** Counted from 1; both 1 in a file nobody added to. */
  revision: number;
  revisions: number;
}

export function coveredBy(
  { byteRange, contents }: Pick<SignatureDictionary, 'byteRange' | 'contents'>,
  size: number,
  revisionEnds: readonly number[],
): Covered | ByteRangeProblem {
  const [first, length, second, rest] = byteRange as [number, number, number, number];
  const isSound =
    byteRange.length === 4 && byteRange.every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!isSound || first !== 0 || length === 0 || rest === 0 || second <= length || second + rest > size)
    return 'byte-range';
  if (contents.start !== length || contents.end !== second) return 'gap';
  const end = second + rest;
  const isWholeFile = end === size;
  if (!isWholeFile && !revisionEnds.some((mark) => end >= mark && end <= mark + LINE_END_BYTES))
    return 'ends-inside';
  const revisions = Math.max(1, revisionEnds.length);
  const revision = revisionEnds.filter((mark) => mark <= end).length;
  return {
    gap: { ...contents },
    end,
    isWholeFile,
    revision: Math.max(1, isWholeFile ? revisions : revision),
    revisions: isWholeFile ? revisions : Math.max(revisions, revision + 1),
  };
}

/** `\r\n` after `%%EOF`. */
const LINE_END_BYTES = 2;

/** The bytes between `<` and `>`; undefined when they aren't pairs of hex digits and nothing else. */
export async function readContents(
  source: PdfSource,
  { start, end }: { start: number; end: number },
): Promise<Uint8Array | undefined> {
  const length = end - start - 2;
  if (length <= 0 || length % 2 !== 0 || length > MOST_CONTENTS_BYTES) return undefined;
  const whole = Buffer.from(await readWindow(source, start, end)).toString('latin1');
  if (whole[0] !== '<' || whole.at(-1) !== '>' || !/^[0-9a-fA-F]*$/.test(whole.slice(1, -1)))
    return undefined;
  return new Uint8Array(Buffer.from(whole.slice(1, -1), 'hex'));
}

/** The covered bytes in pieces. */
export async function* coveredPieces(source: PdfSource, { gap, end }: Covered): AsyncGenerator<Uint8Array> {
  for (const [from, to] of [
    [0, gap.start],
    [gap.end, end],
  ] as const) {
    for (let at = from; at < to; at += PIECE_BYTES)
      yield await source.read(at, Math.min(PIECE_BYTES, to - at));
  }
}
