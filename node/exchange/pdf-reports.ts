/**
 * What `show` says of the PDFs of a document: the signatures inside them, and what the document is worth by law
 * (Decision 28/2018): one whose agency's seal verifies, or whose every PDF carries a good signature over the whole file,
 * replaces paper; any other is for information only.
 *
 * What the bytes say is examined once (pdf-examiner.ts), within one budget for the answer; whom to believe is judged at
 * each question by the directory of now.
 */
import type { Attachment } from '../../proto/messages.ts';
import { hex } from '../core/bytes.ts';
import type { LegalBasis, LegalEffect, PdfFileView, PdfSignatureView } from '../core/pdf-views.ts';
import type { DocumentView } from '../core/views.ts';
import type { PdfExamination } from '../pdf/pdf-examination.ts';
import { judgePdf } from '../pdf/pdf-judgement.ts';
import { WorkBudget } from '../pdf/work-budget.ts';
import { ORIGINAL_MESSAGE } from './imported-fields.ts';
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
    /** Of each PDF: whether it is signed as a whole by someone who may. */
    const signed: boolean[] = [];
    for (const attachment of document.content.attachments as Attachment[]) {
      const { name, mediaType, size, sha256 } = attachment;
      const examined = await this.#examiner.of(attachment, document.row, work);
      const pdf = this.#judged(examined, document);
      const role = attachment.role === ORIGINAL_MESSAGE ? { role: 'original-message' as const } : {};
      files.push({ name, mediaType, size, sha256: hex(sha256), ...role, ...pdf });
      if (examined !== 'no-pdf') signed.push(this.#isSigned(examined, pdf.pdfSignatures ?? [], document));
    }
    const areSigned = signed.length > 0 && signed.every(Boolean);
    const legalBasis: LegalBasis | null = this.#sealHolds(document)
      ? 'seal'
      : areSigned
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

  /**
   * Whether one of the signatures is good for the whole file. A certificate the directory lists is an agency's own, and
   * must be the issuer's; who any other signer is to the issuer, the directory can't say.
   */
  #isSigned(examined: Examined, views: PdfSignatureView[], { content }: HeldDocument): boolean {
    if (typeof examined === 'string') return false;
    const directory = this.#with.directory();
    const issuer = directory.service(content.issuer?.code ?? '');
    return views.some(({ kind, covers, valid }, index) => {
      if (kind !== 'signature' || covers !== 'whole-file' || !valid) return false;
      const agency = this.#listedAgency(examined, index);
      return agency === undefined || (issuer.kind === 'served' && issuer.agency === agency);
    });
  }

  #listedAgency({ signatures }: PdfExamination, index: number): string | undefined {
    const sha256 = signatures[index]?.cms?.certificate?.sha256;
    if (sha256 === undefined) return undefined;
    return this.#with.directory().certificate(new Uint8Array(Buffer.from(sha256, 'hex')))?.agency;
  }
}
