/** What the product says of a PDF in memory, with trust made of given anchors and lists as a directory makes it. */

import type { PdfSignatureView } from '../../node/core/pdf-views.ts';
import { CertificateTrust } from '../../node/directory/certificate-trust.ts';
import { SignerTrust } from '../../node/directory/signer-verdict.ts';
import { examinePdf, type PdfExamination } from '../../node/pdf/pdf-examination.ts';
import { judgePdf, type PdfTrust } from '../../node/pdf/pdf-judgement.ts';
import { WorkBudget } from '../../node/pdf/work-budget.ts';
import type { Holder } from './openssl-pki.ts';

export function trusting(anchors: readonly Holder[], crls: readonly Uint8Array[] = []): PdfTrust {
  const material = {
    roots: [],
    intermediates: [],
    foreignRoots: anchors.map(({ certificate }) => certificate.bytes),
    foreignIntermediates: [],
    sealChains: [],
    crls,
  };
  const signers = new SignerTrust(new CertificateTrust(material), crls);
  return { signerVerdict: (certificate, embedded, moment) => signers.verdict(certificate, embedded, moment) };
}

export const examined = (pdf: Uint8Array, work = new WorkBudget()): Promise<PdfExamination> => {
  const read = async (offset: number, length: number) => {
    if (length > 1024 * 1024 || offset < 0 || offset + length > pdf.length) throw new RangeError('read');
    return pdf.subarray(offset, offset + length);
  };
  return examinePdf({ size: pdf.length, read }, work);
};

export async function judged(
  pdf: Uint8Array,
  trust: PdfTrust,
  moment: { storedMs?: number; nowMs?: number } = {},
): Promise<PdfSignatureView[]> {
  const now = Date.now();
  const { storedMs = now, nowMs = now } = moment;
  return judgePdf(await examined(pdf), trust, { storedMs, nowMs });
}
