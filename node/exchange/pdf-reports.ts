/**
 * What `show` says of the PDFs of a document: the signatures inside them, and what the document is worth by law
 * (Decision 28/2018): one whose agency's seal verifies, or with a good signature over a whole PDF, replaces paper; one
 * with neither is for information only.
 *
 * What the bytes say is examined once and remembered by SHA-256 (bounded, and the same file is never examined twice at
 * once); whom to believe is judged at each question by the directory of now. One answer reads at most `MOST_BYTES` of
 * files that aren't remembered; others are told 'later', and the next question goes on from there.
 */
import { createHash } from 'node:crypto';
import { BoundedCache } from '../../certs/bounded-cache.ts';
import type { Attachment } from '../../proto/messages.ts';
import { hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { LegalBasis, LegalEffect, PdfFileView, PdfNote } from '../core/pdf-views.ts';
import type { DocumentView } from '../core/views.ts';
import { examinePdf, type PdfExamination } from '../pdf/pdf-examination.ts';
import { judgePdf } from '../pdf/pdf-judgement.ts';
import type { PdfSource } from '../pdf/pdf-scan.ts';
import { getSmallBlob, type SmallBlobOwner } from '../store/small-blobs.ts';
import type { HeldDocument } from './library.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Trust } from './trust.ts';

const MOST_BYTES = 2 * 1024 ** 3;
const MOST_REMEMBERED = 512;
/** Examinations with more certificates than this are made again: a hostile file may carry megabytes of them. */
const MOST_REMEMBERED_BYTES = 64 * 1024;
const HEADER = '%PDF-';

export type PdfReport = Pick<DocumentView, 'files' | 'legalEffect' | 'legalBasis'>;
export type PdfReportsComponents = Pick<ExchangeComponents, 'store' | 'blobs' | 'directory' | 'clock'> & {
  trust: Trust;
  /** Of files that aren't remembered, for one answer. */
  mostBytes?: number;
};

/** A file opened for one examination. */
interface OpenFile extends PdfSource {
  close(): Promise<void>;
}

export class PdfReports {
  readonly #with: PdfReportsComponents;
  readonly #remembered = new BoundedCache<PdfExamination>(MOST_REMEMBERED);
  readonly #running = new Map<string, Promise<PdfExamination>>();

  constructor(components: PdfReportsComponents) {
    this.#with = components;
  }

  async of(document: HeldDocument): Promise<PdfReport> {
    const room = { bytes: this.#with.mostBytes ?? MOST_BYTES };
    const files: DocumentView['files'] = [];
    for (const attachment of document.content.attachments as Attachment[]) {
      const { name, mediaType, size, sha256 } = attachment;
      const pdf = await this.#file(attachment, document, room);
      files.push({ name, mediaType, size, sha256: hex(sha256), ...pdf });
    }
    const isSigned = files.some(({ pdfSignatures }) =>
      pdfSignatures?.some(
        ({ kind, covers, valid }) => kind === 'signature' && covers === 'whole-file' && valid,
      ),
    );
    const legalBasis: LegalBasis | null = this.#sealHolds(document)
      ? 'seal'
      : isSigned
        ? 'pdf-signature'
        : null;
    const legalEffect: LegalEffect = legalBasis === null ? 'information-only' : 'replaces-paper';
    return { files, legalEffect, legalBasis };
  }

  /** As `verify` asks: every signature of the document verifies, the last is a seal that counted when it was stored here. */
  #sealHolds({ signed, row: { storedAtMs } }: HeldDocument): boolean {
    const checked = this.#with.trust.signatures(signed);
    const seal = checked.at(-1);
    if (seal?.role !== 'seal' || checked.some(({ fault }) => fault !== undefined)) return false;
    const at = { knownMs: storedAtMs, claimedMs: seal.claimedAtMs };
    return this.#with.directory().pastFault(seal.certificateSha256, at, this.#nowMs()) === undefined;
  }

  /** What the directory held here can answer for. */
  #nowMs(): number {
    return Math.min(this.#with.clock.nowMs(), this.#with.directory().validUntilMs);
  }

  async #file(attachment: Attachment, { row }: HeldDocument, room: { bytes: number }): Promise<PdfFileView> {
    const name = hex(attachment.sha256);
    let found = this.#remembered.get(name);
    if (found === undefined) {
      const open = () => this.#open(attachment, row);
      const begins = await beginning(open);
      if (begins === undefined) return note('unreadable');
      if (begins !== HEADER)
        return isNamedPdf(attachment) ? note('not-a-pdf') : { pdfSignatures: null, pdfNote: null };
      if (attachment.size > room.bytes) return note('later');
      room.bytes -= attachment.size;
      found = await this.#examine(name, open).catch(() => undefined);
    }
    if (found === undefined) return note('unreadable');
    const moment = { storedMs: row.storedAtMs, nowMs: this.#nowMs() };
    return {
      pdfSignatures: judgePdf(found, this.#with.directory(), moment),
      pdfNote: found.hasMore ? 'more' : null,
    };
  }

  /** One examination of a file at a time, whoever asks. */
  #examine(name: string, open: () => Promise<OpenFile | undefined>): Promise<PdfExamination> {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const work = examineFile(name, open).then((found) => {
      const bytes = found.signatures.flatMap((one) => [...one.embedded, ...(one.timeStamp?.embedded ?? [])]);
      if (bytes.reduce((sum, { byteLength }) => sum + byteLength, 0) <= MOST_REMEMBERED_BYTES)
        this.#remembered.set(name, found);
      return found;
    });
    this.#running.set(name, work);
    const ended = () => void this.#running.delete(name);
    work.then(ended, ended);
    return work;
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
async function examineFile(name: string, open: () => Promise<OpenFile | undefined>): Promise<PdfExamination> {
  const file = await open();
  if (file === undefined) throw new LienthongError('damaged', { where: 'attachment' });
  const whole = createHash('sha256');
  let hashed = 0;
  try {
    const found = await examinePdf({
      size: file.size,
      read: async (at, length) => {
        const bytes = await file.read(at, length);
        // the first pass over the file is from its beginning to its end
        if (at === hashed) {
          whole.update(bytes);
          hashed += bytes.byteLength;
        }
        return bytes;
      },
    });
    if (hashed !== file.size || whole.digest('hex') !== name)
      throw new LienthongError('damaged', { where: 'attachment' });
    return found;
  } finally {
    await file.close();
  }
}

/** The first bytes, as text; undefined when the file can't be read. */
async function beginning(open: () => Promise<OpenFile | undefined>): Promise<string | undefined> {
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

const note = (pdfNote: PdfNote): PdfFileView => ({ pdfSignatures: null, pdfNote });
