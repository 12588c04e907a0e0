/**
 * The document the sandbox sends: a real PDF of a Quyết định of the Prime Minister in the layout of Decree
 * 30/2020/NĐ-CP, Appendix I (page, fonts, national name, number, place and date, title, articles, Nơi nhận, signature
 * block), after the one sent on the axis' opening day. Its text is the project's own and every page says BẢN MẪU: it
 * can't pass for the real one. The same input gives the same bytes.
 */
import { createRequire } from 'node:module';
import PDFDocument from 'pdfkit';
import { SAMPLE_ARTICLES, SAMPLE_LEGAL_BASES, SAMPLE_SUBJECT } from './decision-text.ts';

const require = createRequire(import.meta.url);
const font = (style: string) => require.resolve(`dejavu-fonts-ttf/ttf/DejaVuSerifCondensed${style}.ttf`);
const FONTS = {
  regular: font(''),
  bold: font('-Bold'),
  italic: font('-Italic'),
  boldItalic: font('-BoldItalic'),
} as const;
type Font = keyof typeof FONTS;
type Pdf = InstanceType<typeof PDFDocument>;

const POINTS_PER_MM = 72 / 25.4;
const mm = (millimetres: number) => millimetres * POINTS_PER_MM;
/** Decree 30, Appendix I, I.2: top and bottom 20–25 mm, left 30–35 mm, right 15–20 mm. */
const MARGINS = { top: mm(20), bottom: mm(20), left: mm(30), right: mm(18) };
/** Decree 30 asks for 13–14 of Times New Roman; this face is wider, so 11.5 fills the line as 13 does there. */
const BODY_SIZE = 11.5;
const SMALL_SIZE = 10;
const INDENT = mm(10);
const STAMP_RED = '#b00020';

export interface Decision {
  /** Number of the document, 1 or more: "274" of 274/QĐ-TTg. */
  number: number;
  /** ISO date, e.g. 2019-03-12. */
  date: string;
  /** Names printed under Nơi nhận, in order. */
  recipients: readonly string[];
}

/** A field of the first page's two columns: half the text width each, centred. */
function column(pdf: Pdf, side: 'left' | 'right', y: number, text: string, face: Font, size: number): number {
  const all = pdf.page.width - MARGINS.left - MARGINS.right;
  const leftWidth = all * 0.42;
  const x = side === 'left' ? MARGINS.left : MARGINS.left + leftWidth;
  const width = side === 'left' ? leftWidth : all - leftWidth;
  pdf
    .font(FONTS[face])
    .fontSize(size)
    .text(text, x - mm(4), y, { width: width + mm(8), align: 'center' });
  return x + width / 2;
}

/** The thin rule under a heading, centred at `x`. */
function rule(pdf: Pdf, x: number, y: number, width: number): void {
  pdf
    .lineWidth(0.6)
    .moveTo(x - width / 2, y)
    .lineTo(x + width / 2, y)
    .stroke();
}

function centred(pdf: Pdf, text: string, face: Font, size: number): void {
  pdf
    .font(FONTS[face])
    .fontSize(size)
    .text(text, MARGINS.left, pdf.y, {
      align: 'center',
      width: pdf.page.width - MARGINS.left - MARGINS.right,
    });
}

/** Decree 30: days below 10 and the months 1 and 2 are written with a leading zero. */
function writtenDate(date: string): string {
  const [year, month, day] = date.split('-').map(Number);
  if (!year || !month || !day) throw new RangeError(`not a date: ${date}`);
  const monthText = month < 3 ? `0${month}` : `${month}`;
  return `Hà Nội, ngày ${String(day).padStart(2, '0')} tháng ${monthText} năm ${year}`;
}

function heading(pdf: Pdf, decision: Decision): void {
  const top = MARGINS.top;
  const leftX = column(pdf, 'left', top, 'THỦ TƯỚNG CHÍNH PHỦ', 'bold', BODY_SIZE);
  column(pdf, 'right', top, 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM', 'bold', BODY_SIZE - 0.5);
  const rightX = column(pdf, 'right', top + 17, 'Độc lập - Tự do - Hạnh phúc', 'bold', BODY_SIZE);
  rule(pdf, leftX, top + 19, mm(25));
  rule(pdf, rightX, top + 34, pdf.widthOfString('Độc lập - Tự do - Hạnh phúc'));
  column(pdf, 'left', top + 46, `Số: ${decision.number}/QĐ-TTg`, 'regular', BODY_SIZE);
  column(pdf, 'right', top + 46, writtenDate(decision.date), 'italic', BODY_SIZE);
  sampleStamp(pdf, top + 70);
  pdf.y = top + 106;
  centred(pdf, 'QUYẾT ĐỊNH', 'bold', 13);
  centred(pdf, SAMPLE_SUBJECT, 'bold', 12);
  rule(pdf, pdf.page.width / 2 + (MARGINS.left - MARGINS.right) / 2, pdf.y + 5, mm(40));
  pdf.y += 22;
}

function body(pdf: Pdf): void {
  const options = { align: 'justify', indent: INDENT, paragraphGap: 5, lineGap: 2 } as const;
  centred(pdf, 'THỦ TƯỚNG CHÍNH PHỦ', 'bold', 12);
  pdf.y += 8;
  for (const basis of SAMPLE_LEGAL_BASES) {
    pdf.font(FONTS.italic).fontSize(BODY_SIZE).text(basis, MARGINS.left, pdf.y, options);
  }
  pdf.y += 4;
  centred(pdf, 'QUYẾT ĐỊNH:', 'bold', 12);
  pdf.y += 8;
  for (const [at, article] of SAMPLE_ARTICLES.entries()) {
    pdf
      .font(FONTS.bold)
      .fontSize(BODY_SIZE)
      .text(`Điều ${at + 1}. `, MARGINS.left, pdf.y, { ...options, continued: true })
      .font(FONTS.regular)
      .text(article, options);
  }
}

function closing(pdf: Pdf, decision: Decision): void {
  const lines = [...decision.recipients.map((name) => `- ${name};`), '- Lưu: VT.'];
  const heightNeeded = Math.max(24 + lines.length * 14, 120);
  if (pdf.y + heightNeeded > pdf.page.height - MARGINS.bottom) pdf.addPage();
  const top = pdf.y + 12;
  column(pdf, 'right', top, 'THỦ TƯỚNG', 'bold', 12);
  column(pdf, 'right', top + 44, '(BẢN MẪU - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ)', 'italic', SMALL_SIZE);
  pdf.font(FONTS.boldItalic).fontSize(SMALL_SIZE).text('Nơi nhận:', MARGINS.left, top);
  const width = mm(72);
  for (const line of lines) {
    pdf.font(FONTS.regular).fontSize(SMALL_SIZE).text(line, MARGINS.left, pdf.y, { width });
  }
}

/** The stamp on every page, in the place of the stamps for urgency: under the number. */
function sampleStamp(pdf: Pdf, y: number): void {
  const text = 'BẢN MẪU';
  pdf.font(FONTS.bold).fontSize(13).fillColor(STAMP_RED);
  const width = pdf.widthOfString(text);
  const x = MARGINS.left + mm(34) - width / 2;
  pdf.text(text, x, y, { lineBreak: false });
  pdf
    .lineWidth(1.2)
    .rect(x - 6, y - 3, width + 12, 22)
    .stroke(STAMP_RED);
  pdf.fillColor('black').strokeColor('black');
}

/** The document as PDF bytes (one page for a few recipients). */
export async function decisionPdf(decision: Decision): Promise<Uint8Array> {
  const pdf = new PDFDocument({
    size: 'A4',
    margins: MARGINS,
    lang: 'vi-VN',
    bufferPages: true,
    font: FONTS.regular,
    info: {
      Title: `Quyết định ${decision.number}/QĐ-TTg (bản mẫu): ${SAMPLE_SUBJECT}`,
      Author: 'lienthong sandbox',
      CreationDate: new Date(`${decision.date}T00:00:00Z`),
    },
  });
  const parts: Buffer[] = [];
  pdf.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise<void>((resolve, reject) => {
    pdf.once('end', resolve);
    pdf.once('error', reject);
  });
  heading(pdf, decision);
  body(pdf);
  closing(pdf, decision);
  for (let page = 1; page < pdf.bufferedPageRange().count; page++) {
    pdf.switchToPage(page);
    sampleStamp(pdf, MARGINS.top - mm(10));
  }
  pdf.end();
  await ended;
  return new Uint8Array(Buffer.concat(parts));
}
