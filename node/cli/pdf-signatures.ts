/** Signatures inside PDF attachments as a person reads them: one line each, whether it holds, else why not. */
import type { PdfSignatureView } from '../core/pdf-views.ts';
import type { DocumentView } from '../core/views.ts';
import { timeText } from './amounts.ts';
import type { Cli } from './cli.ts';
import { wordText } from './faults.ts';
import { printHeading } from './sheet.ts';
import { printable, wrap } from './terminal.ts';

/** What the document is worth by law, for its sheet. */
export const legalText = (cli: Cli, { legalBasis }: DocumentView): string =>
  wordText(cli.language, 'legal', legalBasis ?? 'information-only');

/** Nothing for a document without PDFs. */
export function printPdfSignatures(cli: Cli, { files }: DocumentView): void {
  const shown = files.filter(({ pdfSignatures, pdfNote }) => pdfSignatures !== null || pdfNote !== null);
  if (shown.length === 0) return;
  printHeading(cli, cli.text('label.pdfSignatures'));
  for (const { name, pdfSignatures, pdfNote } of shown) {
    const note = pdfNote ?? (pdfSignatures?.length === 0 ? 'none' : undefined);
    const after = note === undefined ? '' : `: ${wordText(cli.language, 'pdfNote', note)}`;
    printWrapped(cli, '', `${name}${after}`);
    for (const one of pdfSignatures ?? []) {
      const mark = cli.paint(one.valid ? 'green' : 'red', one.valid ? '✓' : '✗');
      printWrapped(
        cli,
        `  ${mark} `,
        [signerText(cli, one), signedAtText(cli, one)].filter(Boolean).join(', '),
      );
      printWrapped(cli, '    ', validityText(cli, one));
    }
  }
}

/** Text behind a beginning, its further lines below its first. */
function printWrapped(cli: Cli, start: string, text: string): void {
  const indent = start === '' ? '' : '    ';
  const room = cli.io.out.isTTY ? Math.max(20, cli.io.out.columns() - indent.length) : WIDEST_PLAIN;
  wrap(printable(text), room).forEach((line, index) => {
    cli.print(`${index === 0 ? start : indent}${line}`);
  });
}

const WIDEST_PLAIN = Number.POSITIVE_INFINITY;

function signerText(cli: Cli, { kind, signer }: PdfSignatureView): string {
  if (signer === null) return '?';
  const name = [signer.commonName ?? signer.subject, signer.organization].filter(Boolean).join(', ');
  return kind === 'timestamp' ? cli.text('pdf.timestamp', { by: name }) : name;
}

function signedAtText(cli: Cli, { claimedAt, timestamp }: PdfSignatureView): string {
  if (timestamp?.valid && timestamp.at !== null)
    return cli.text('pdf.stamped', { at: timeText(timestamp.at) });
  return claimedAt === null ? '' : cli.text('pdf.claimed', { at: timeText(claimedAt) });
}

function validityText(cli: Cli, one: PdfSignatureView): string {
  const { valid, covers, problems, weak, chain, bytesMatch, timestamp } = one;
  const aside =
    timestamp !== null && !timestamp.valid && one.kind === 'signature' ? [cli.text('pdf.badStamp')] : [];
  if (valid) {
    const { revision, revisions } = one;
    const holds =
      covers === 'whole-file'
        ? cli.text('pdf.whole-file')
        : cli.text('pdf.changed-after', { revision, revisions });
    const unasked = chain?.revocation === 'no-list' ? [cli.text('pdf.noList')] : [];
    return [holds, ...unasked, ...aside].join('; ');
  }
  const why = [
    ...new Set(problems.map((problem) => wordText(cli.language, 'pdfProblem', problem))),
    ...(weak.length > 0 ? [cli.text('pdf.weak', { what: weak.join(', ') })] : []),
    ...(chain?.reason ? [chainText(cli, chain.reason)] : []),
  ];
  const text = cli.text('pdf.invalid', { why: why.join('; ') });
  return [text, ...(bytesMatch ? [cli.text('pdf.bytes')] : []), ...aside].join('; ');
}

function chainText(cli: Cli, reason: string): string {
  const known = wordText(cli.language, 'pdfChain', reason);
  return known === reason ? cli.text('pdfChain.other', { reason }) : known;
}
