/**
 * What `show` says of the PDFs of a document: the signatures inside them, and what the document is worth by law
 * (Decision 28/2018): one whose agency's seal verifies, or with a good signature over a whole PDF, replaces paper; one
 * with neither is for information only.
 *
 * What the bytes say is examined once (pdf-examiner.ts), within one budget for the answer; whom to believe is judged at
 * each question by the directory of now.
 */
import type { Attachment } from '../../proto/messages.ts';
import { hex } from '../core/bytes.ts';
import type { LegalBasis, LegalEffect, PdfFileView } from '../core/pdf-views.ts';
import type { DocumentView } from '../core/views.ts';
import { judgePdf } from '../pdf/pdf-judgement.ts';
import { WorkBudget } from '../pdf/work-budget.ts';
import type { HeldDocument } from './library.ts';
import { type Examined, PdfExaminer } from './pdf-examiner.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Trust } from './trust.ts';

export type PdfReport = Pick<DocumentView, 'files' | 'legalEffect' | 'legalBasis'>;
export type PdfReportsComponents = Pick<ExchangeComponents, 'store' | 'blobs' | 'directory' | 'clock'> & {
  trust: Trust;
  /** For one answer (pdf/work-budget.ts). */
  mostWork?: number;
};

export class PdfReports {
  readonly #with: PdfReportsComponents;
  readonly #examiner: PdfExaminer;

  constructor(components: PdfReportsComponents) {
    this.#with = components;
    this.#examiner = new PdfExaminer(components);
  }

  async of(document: HeldDocument): Promise<PdfReport> {
    const work = new WorkBudget(this.#with.mostWork);
    const files: DocumentView['files'] = [];
    for (const attachment of document.content.attachments as Attachment[]) {
      const { name, mediaType, size, sha256 } = attachment;
      const examined = await this.#examiner.of(attachment, document.row, work);
      const pdf = this.#judged(examined, document);
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

  #judged(examined: Examined, { row }: HeldDocument): PdfFileView {
    if (examined === 'no-pdf') return { pdfSignatures: null, pdfNote: null };
    if (typeof examined === 'string') return { pdfSignatures: null, pdfNote: examined };
    const moment = { storedMs: row.storedAtMs, nowMs: this.#nowMs() };
    return {
      pdfSignatures: judgePdf(examined, this.#with.directory(), moment),
      pdfNote: examined.hasMore ? 'more' : null,
    };
  }
}
