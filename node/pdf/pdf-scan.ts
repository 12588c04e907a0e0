/**
 * One pass over a PDF that finds what its signatures hang on: where `/ByteRange` stands, where signature fields stand,
 * where revisions end, and whether it is encrypted. It needs no cross-reference table and so can't be led astray by
 * one; a signature's dictionary must stand plainly in the file, because its byte range was written in place. What is
 * spelt with escapes (`/Byte#52ange`) or stands in a compressed object isn't seen. Memory is flat, and each piece is
 * searched by native code. Every byte and every mark found is charged to the budget; where that ends, the rest of the
 * file is read but not searched.
 */
import { COST, type WorkBudget } from './work-budget.ts';

/** Where the bytes come from: at most `PIECE_BYTES` asked for at once. */
export interface PdfSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface PdfScan {
  isPdf: boolean;
  /** Offsets, ascending; the last `MOST_SIGNATURES` of them. */
  byteRanges: number[];
  /** Whether there were more, or may be: the budget ended before the file did. */
  hasMore: boolean;
  /** Offsets of `/FT` that says signature field. */
  fields: number[];
  /** Offset after each `%%EOF` of a revision, without line ends. */
  revisionEnds: number[];
  isEncrypted: boolean;
}

export const PIECE_BYTES = 1024 * 1024;
export const MOST_SIGNATURES = 50;
const MOST_FIELDS = 200;
const MOST_REVISIONS = 10_000;
/** As much is looked at around a place found. */
const AROUND_BYTES = 128;

const HEADER = '%PDF-';
const END = '%%EOF';

export async function scanPdf(source: PdfSource, work: WorkBudget): Promise<PdfScan> {
  const scan: PdfScan = {
    isPdf: false,
    byteRanges: [],
    hasMore: false,
    fields: [],
    revisionEnds: [],
    isEncrypted: false,
  };
  const window = Buffer.alloc(2 * AROUND_BYTES + PIECE_BYTES);
  let kept = 0;
  for (let offset = 0; offset < source.size; ) {
    const piece = await source.read(offset, Math.min(PIECE_BYTES, source.size - offset));
    if (offset === 0) {
      scan.isPdf = Buffer.from(piece.subarray(0, HEADER.length)).toString('latin1') === HEADER;
      if (!scan.isPdf) return scan;
      if (!(await work.spend(COST.scanned * source.size))) return { ...scan, hasMore: true };
    }
    window.set(piece, kept);
    const filled = kept + piece.length;
    const base = offset - kept;
    offset += piece.length;
    const from = base === 0 ? 0 : AROUND_BYTES;
    const to = offset === source.size ? filled : filled - AROUND_BYTES;
    await searchPiece(window.subarray(0, filled), base, { from, to }, { scan, work });
    kept = Math.min(filled, 2 * AROUND_BYTES);
    window.copyWithin(0, filled - kept, filled);
  }
  return scan;
}

interface Mark {
  word: Buffer;
  /** Nothing more of it is asked. */
  isEnough(scan: PdfScan): boolean;
  found(scan: PdfScan, at: number, around: { before: () => string; after: () => string }): void;
}

const never = () => false;
const MARKS: readonly Mark[] = [
  {
    word: Buffer.from('/ByteRange'),
    isEnough: never,
    found(scan, at, { after }) {
      if (!/^\/ByteRange[\0\t\n\f\r [%]/.test(after())) return;
      scan.byteRanges.push(at);
      if (scan.byteRanges.length <= MOST_SIGNATURES) return;
      scan.byteRanges.shift();
      scan.hasMore = true;
    },
  },
  {
    word: Buffer.from('/FT'),
    isEnough: ({ fields }) => fields.length === MOST_FIELDS,
    found({ fields }, at, { after }) {
      if (/^\/FT[\0\t\n\f\r ]{0,60}\/Sig\b/.test(after())) fields.push(at);
    },
  },
  {
    word: Buffer.from('/Encrypt'),
    isEnough: ({ isEncrypted }) => isEncrypted,
    found(scan, _, { after }) {
      if (/^\/Encrypt[\0\t\n\f\r <]/.test(after())) scan.isEncrypted = true;
    },
  },
  {
    word: Buffer.from(END),
    isEnough: ({ revisionEnds }) => revisionEnds.length === MOST_REVISIONS,
    found({ revisionEnds }, at, { before }) {
      // the first end of a linearised file names no table, and is none
      if (/startxref[\0\t\n\f\r ]+0*[1-9]\d*[\0\t\n\f\r ]+$/.test(before()))
        revisionEnds.push(at + END.length);
    },
  },
];

/** Each place is found once: what begins within `from` and `to`, and may be looked at `AROUND_BYTES` each way. */
async function searchPiece(
  window: Buffer,
  base: number,
  { from, to }: { from: number; to: number },
  { scan, work }: { scan: PdfScan; work: WorkBudget },
): Promise<void> {
  for (const { word, isEnough, found } of MARKS) {
    for (let at = from; !isEnough(scan); at += word.length) {
      at = window.indexOf(word, at);
      if (at === -1 || at >= to) break;
      if (!work.take(COST.mark)) {
        scan.hasMore = true;
        return;
      }
      const place = at;
      found(scan, base + place, {
        before: () => window.toString('latin1', Math.max(0, place - AROUND_BYTES), place),
        after: () => window.toString('latin1', place, Math.min(window.length, place + AROUND_BYTES)),
      });
      if (work.isTired) await work.rest();
    }
  }
}
