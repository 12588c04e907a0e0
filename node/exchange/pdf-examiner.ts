/**
 * Examines PDF attachments once each: remembered by SHA-256 (bounded), the same file never twice at once, and at most
 * two at once in the node, since each is seconds of one core. What an answer may cost is its budget's: a file for which
 * what is left doesn't do is told 'later', and the next answer begins with it.
 */
import { createHash } from 'node:crypto';
import { BoundedCache } from '../../certs/bounded-cache.ts';
import type { Attachment } from '../../proto/messages.ts';
import { AtMost } from '../core/at-most.ts';
import { hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { PdfNote } from '../core/pdf-views.ts';
import { examinePdf, type PdfExamination } from '../pdf/pdf-examination.ts';
import type { PdfSource } from '../pdf/pdf-scan.ts';
import { COST, type WorkBudget, WorkSpent } from '../pdf/work-budget.ts';
import { getSmallBlob, type SmallBlobOwner } from '../store/small-blobs.ts';
import type { ExchangeComponents } from './ports.ts';

/** More than a document has attachments; each has at most 128 KiB of certificates (pdf/kept-certificates.ts). */
const MOST_REMEMBERED = 256;
const MOST_AT_ONCE = 2;
/** Further questions are told 'later'. */
const MOST_WAITING = 16;
const HEADER = '%PDF-';

/** 'no-pdf': it neither is one nor is named as one. */
export type Examined = PdfExamination | PdfNote | 'no-pdf';

/** A file opened for one examination. */
interface OpenFile extends PdfSource {
  close(): Promise<void>;
}

type Open = () => Promise<OpenFile | undefined>;

export class PdfExaminer {
  readonly #with: Pick<ExchangeComponents, 'store' | 'blobs'>;
  readonly #remembered = new BoundedCache<PdfExamination>(MOST_REMEMBERED);
  readonly #running = new Map<string, Promise<PdfExamination | PdfNote>>();
  readonly #places = new AtMost(MOST_AT_ONCE);

  constructor(components: Pick<ExchangeComponents, 'store' | 'blobs'>) {
    this.#with = components;
  }

  async of(attachment: Attachment, owner: SmallBlobOwner, work: WorkBudget): Promise<Examined> {
    const name = hex(attachment.sha256);
    const known = this.#remembered.get(name);
    if (known !== undefined) return known;
    const open = () => this.#open(attachment, owner);
    const begins = await beginning(open);
    if (begins === undefined) return 'unreadable';
    if (begins !== HEADER) return isNamedPdf(attachment) ? 'not-a-pdf' : 'no-pdf';
    const meanwhile = this.#remembered.get(name) ?? this.#running.get(name);
    if (meanwhile !== undefined) return meanwhile;
    if (COST.scanned * attachment.size > work.left) return 'later';
    const examination = this.#examine(name, open, work).finally(() => this.#running.delete(name));
    this.#running.set(name, examination);
    return examination;
  }

  async #examine(name: string, open: Open, work: WorkBudget): Promise<PdfExamination | PdfNote> {
    if (this.#places.waiting >= MOST_WAITING) return 'later';
    try {
      const found = await this.#places.run(undefined, () => examineFile(name, open, work));
      this.#remembered.set(name, found);
      return found;
    } catch (error) {
      return error instanceof WorkSpent ? 'later' : 'unreadable';
    }
  }

  async #open(attachment: Attachment, of: SmallBlobOwner): Promise<OpenFile | undefined> {
    const small = await getSmallBlob(this.#with.store, of, attachment.sha256);
    if (small !== undefined) {
      const read = async (at: number, length: number) => small.subarray(at, at + length);
      return { size: small.byteLength, read, close: async () => {} };
    }
    const reader = await this.#with.blobs.open(attachment.sha256);
    if (reader === undefined || reader.size === attachment.size) return reader;
    await reader.close();
    return undefined;
  }
}

/** Throws 'damaged' when the file isn't the one its name says: what it shows then is nobody's word. */
async function examineFile(name: string, open: Open, work: WorkBudget): Promise<PdfExamination> {
  const file = await open();
  if (file === undefined) throw new LienthongError('damaged', { where: 'attachment' });
  const whole = createHash('sha256');
  let hashed = 0;
  const read = async (at: number, length: number) => {
    const bytes = await file.read(at, length);
    // the first pass over the file is from its beginning to its end
    if (at === hashed) {
      whole.update(bytes);
      hashed += bytes.byteLength;
    }
    return bytes;
  };
  try {
    const found = await examinePdf({ size: file.size, read }, work);
    if (hashed !== file.size || whole.digest('hex') !== name)
      throw new LienthongError('damaged', { where: 'attachment' });
    return found;
  } finally {
    await file.close();
  }
}

/** The first bytes, as text; undefined when the file can't be read. */
async function beginning(open: Open): Promise<string | undefined> {
  const file = await open().catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const bytes = await file.read(0, Math.min(HEADER.length, file.size));
    return Buffer.from(bytes).toString('latin1');
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

const isNamedPdf = ({ name, mediaType }: Attachment): boolean =>
  mediaType === 'application/pdf' || name.toLowerCase().endsWith('.pdf');
