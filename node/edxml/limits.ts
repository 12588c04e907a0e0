/**
 * How much a message may hold before it is refused: every number bounds memory or time of reading, and the writer
 * keeps within the same ones, so that what one node writes another reads. Used by the reader, unzip and the writer.
 */
import { MAX_ATTACHMENTS } from '../core/field-limits.ts';

export interface EdxmlLimits {
  /** Bytes of the whole file. */
  readonly fileBytes: number;
  /** Bytes outside the attachments' Base64: all that the XML parser sees and may keep. */
  readonly markupBytes: number;
  /** Elements inside each other. */
  readonly depth: number;
  /** Ends of tags, comments and instructions (`>`) outside attachments. */
  readonly tags: number;
  /** Attributes of one element. */
  readonly attributes: number;
  /** UTF-16 units of one field's text. */
  readonly textLength: number;
  readonly attachments: number;
  /** Decoded and unzipped bytes of one attachment. */
  readonly attachmentBytes: number;
  /** Decoded and unzipped bytes of all attachments together. */
  readonly allAttachmentBytes: number;
  /** Unzipped bytes for each zipped byte, judged once an entry gave more than `zipRatioFromBytes`. */
  readonly zipRatio: number;
  readonly zipRatioFromBytes: number;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

export const EDXML_LIMITS: EdxmlLimits = {
  // four of the largest attachments in Base64, and room for the rest
  fileBytes: 6 * GIB,
  // 2,000 recipients of 4 KiB each, twice
  markupBytes: 16 * MIB,
  // a message is 8 deep, an XML signature in it 12
  depth: 64,
  // 2,000 recipients have 36,000; a hundredth of a second for each 10,000
  tags: 400_000,
  attributes: 64,
  textLength: 65_536,
  attachments: MAX_ATTACHMENTS,
  // an entry of a ZIP without 64-bit fields holds four times that; larger files travel between nodes as they are
  attachmentBytes: GIB,
  allAttachmentBytes: 4 * GIB,
  // deflate reaches 1032; a blank scan of a page 400 at most, and stays below the threshold
  zipRatio: 200,
  zipRatioFromBytes: 16 * MIB,
};
