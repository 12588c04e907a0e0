/**
 * One pass over a PDF that finds what its signatures hang on: where `/ByteRange` stands, where signature fields stand,
 * where revisions end, and whether it is encrypted. It needs no cross-reference table and so can't be led astray by
 * one; a signature's dictionary must stand plainly in the file, because its byte range was written in place. What is
 * spelt with escapes (`/Byte#52ange`) or stands in a compressed object isn't seen. Memory is flat, and each piece is
 * searched by native code, so the event loop is free between pieces.
 */

/** Where the bytes come from: at most `PIECE_BYTES` asked for at once. */
export interface PdfSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface PdfScan {
  isPdf: boolean;
  /** Offsets, ascending; the last `MOST_SIGNATURES` of them. */
  byteRanges: number[];
  /** Whether there were more. */
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

export async function scanPdf(source: PdfSource): Promise<PdfScan> {
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
    }
    window.set(piece, kept);
    const filled = kept + piece.length;
    const base = offset - kept;
    offset += piece.length;
    const from = base === 0 ? 0 : AROUND_BYTES;
    const to = offset === source.size ? filled : filled - AROUND_BYTES;
    searchPiece(window.subarray(0, filled), base, { from, to }, scan);
    kept = Math.min(filled, 2 * AROUND_BYTES);
    window.copyWithin(0, filled - kept, filled);
  }
  return scan;
}

/** Each place is found once: what begins within `from` and `to`, and may be looked at `AROUND_BYTES` each way. */
function searchPiece(
  window: Buffer,
  base: number,
  { from, to }: { from: number; to: number },
  scan: PdfScan,
): void {
  const each = (word: string, found: (at: number) => void) => {
    for (let at = window.indexOf(word, from, 'latin1'); at !== -1 && at < to; ) {
      found(at);
      at = window.indexOf(word, at + word.length, 'latin1');
    }
  };
  const after = (at: number) => window.toString('latin1', at, Math.min(window.length, at + AROUND_BYTES));
  each('/ByteRange', (at) => {
    if (!/^\/ByteRange[\0\t\n\f\r [%]/.test(after(at))) return;
    scan.byteRanges.push(base + at);
    if (scan.byteRanges.length <= MOST_SIGNATURES) return;
    scan.byteRanges.shift();
    scan.hasMore = true;
  });
  each('/FT', (at) => {
    if (scan.fields.length < MOST_FIELDS && /^\/FT[\0\t\n\f\r ]{0,60}\/Sig\b/.test(after(at)))
      scan.fields.push(base + at);
  });
  each('/Encrypt', (at) => {
    if (/^\/Encrypt[\0\t\n\f\r <]/.test(after(at))) scan.isEncrypted = true;
  });
  each(END, (at) => {
    const before = window.toString('latin1', Math.max(0, at - AROUND_BYTES), at);
    // the first end of a linearised file names no table, and is none
    if (!/startxref[\0\t\n\f\r ]+0*[1-9]\d*[\0\t\n\f\r ]+$/.test(before)) return;
    if (scan.revisionEnds.length < MOST_REVISIONS) scan.revisionEnds.push(base + at + END.length);
  });
}
