/**
 * PDFs with signatures, put together by hand as signing programs do: objects, an incremental revision for each
 * signature, room for it in /Contents, the byte range written in place. Every number can be overridden, so that a test
 * makes the files attacks are made of.
 */
export type Sign = (covered: Uint8Array) => Promise<Uint8Array>;

export interface SignatureOptions {
  field?: string;
  subFilter?: string;
  /** Further entries of the dictionary. */
  entries?: string;
  contentsBytes?: number;
  /** What is written instead of the right byte range; the signature is made over the right one all the same. */
  byteRange?: (right: readonly number[]) => readonly (number | string)[];
  /** Changes the dictionary's text after the byte range is set and before it is signed; the same length. */
  alter?: (text: string) => string;
  /** Instead of the padded hex digits. */
  contents?: (signature: Uint8Array, digits: number) => string;
}

const BYTE_RANGE_DIGITS = 60;

/** A page of a document, unsigned; with a picture of so many bytes. */
export function plainPdf(text = 'Quyet dinh', pictureBytes = 0): Uint8Array {
  const content = `BT /F1 12 Tf 72 720 Td (${text}) Tj ET`;
  const pdf = new PdfWriter(Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'));
  pdf.object(1, '<< /Type /Catalog /Pages 2 0 R >>');
  pdf.object(2, '<< /Type /Pages /Kids [3 0 R] /Count 1 >>');
  pdf.object(
    3,
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
  );
  pdf.object(4, `<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  pdf.object(5, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>');
  const picture = Buffer.alloc(pictureBytes, 'picture ').toString('latin1');
  pdf.object(6, `<< /Length ${pictureBytes} >>\nstream\n${picture}\nendstream`);
  return pdf.finish(undefined, 7);
}

/** Adds a revision that signs everything before it. */
export async function addSignature(
  before: Uint8Array,
  sign: Sign,
  options: SignatureOptions = {},
): Promise<Uint8Array> {
  const {
    field = 'Signature1',
    subFilter = 'ETSI.CAdES.detached',
    entries = '',
    contentsBytes = 8192,
  } = options;
  const earlier = Buffer.from(before).toString('latin1');
  const fields = [...earlier.matchAll(/(\d+) 0 obj\n<< \/FT \/Sig/g)].map((match) => `${match[1]} 0 R`);
  const size = Number([...earlier.matchAll(/\/Size (\d+)/g)].at(-1)?.[1]);
  const [fieldNumber, signatureNumber] = [size, size + 1];
  const pdf = new PdfWriter(Buffer.from(before));
  const all = [...new Set([...fields, `${fieldNumber} 0 R`])].join(' ');
  pdf.object(1, `<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [${all}] >> >>`);
  pdf.object(
    fieldNumber,
    `<< /FT /Sig /T (${field}) /V ${signatureNumber} 0 R /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /F 132 /P 3 0 R >>`,
  );
  const room = `<${'0'.repeat(2 * contentsBytes)}>`;
  const type = subFilter === 'ETSI.RFC3161' ? 'DocTimeStamp' : 'Sig';
  const head = `<< /Type /${type} /Filter /Adobe.PPKLite /SubFilter /${subFilter} ${entries} /ByteRange `;
  const text = `${head}${' '.repeat(BYTE_RANGE_DIGITS)} /Contents ${room} >>`;
  const at = pdf.object(signatureNumber, text);
  const file = Buffer.from(pdf.finish(before, size + 2));
  const start = at + text.indexOf(room);
  const end = start + room.length;
  const right = [0, start, end, file.length - end];
  const written = options.byteRange?.(right) ?? right;
  file.write(`[${written.join(' ')}]`.padEnd(BYTE_RANGE_DIGITS), at + head.length, 'latin1');
  if (options.alter) {
    const dictionary = options.alter(file.toString('latin1', at, at + text.length));
    if (dictionary.length !== text.length) throw new Error('another length');
    file.write(dictionary, at, 'latin1');
  }
  const signature = await sign(Buffer.concat([file.subarray(0, start), file.subarray(end)]));
  const digits = options.contents ?? ((der, most) => Buffer.from(der).toString('hex').padEnd(most, '0'));
  const inside = digits(signature, 2 * contentsBytes);
  if (inside.length !== 2 * contentsBytes) throw new Error(`${inside.length} digits`);
  file.write(inside, start + 1, 'latin1');
  return new Uint8Array(file);
}

/** Adds a revision that replaces the page's content, as somebody would after signing. */
export function addRevision(before: Uint8Array, content = 'BT (changed) Tj ET'): Uint8Array {
  const size = Number(
    [
      ...Buffer.from(before)
        .toString('latin1')
        .matchAll(/\/Size (\d+)/g),
    ].at(-1)?.[1],
  );
  const pdf = new PdfWriter(Buffer.from(before));
  pdf.object(4, `<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  return pdf.finish(before, size);
}

class PdfWriter {
  #parts: Buffer[];
  #length: number;
  #offsets = new Map<number, number>();

  constructor(start: Buffer) {
    this.#parts = [start];
    this.#length = start.length;
  }

  /** Answers where the value begins. */
  object(number: number, value: string): number {
    this.#offsets.set(number, this.#length);
    const head = `${number} 0 obj\n`;
    const at = this.#length + head.length;
    this.#add(`${head}${value}\nendobj\n`);
    return at;
  }

  finish(before: Uint8Array | undefined, size: number): Uint8Array {
    const table = this.#length;
    const numbers = [...this.#offsets.keys()].sort((a, b) => a - b);
    const row = (offset: number) => `${String(offset).padStart(10, '0')} 00000 n \n`;
    const first = before === undefined ? '0 1\n0000000000 65535 f \n' : '';
    const rows = numbers.map((number) => `${number} 1\n${row(this.#offsets.get(number) as number)}`).join('');
    const earlier = before && Buffer.from(before).toString('latin1');
    const previous = earlier && [...earlier.matchAll(/startxref\n(\d+)/g)].at(-1)?.[1];
    const trailer = `<< /Size ${size} /Root 1 0 R${previous ? ` /Prev ${previous}` : ''} >>`;
    this.#add(`xref\n${first}${rows}trailer\n${trailer}\nstartxref\n${table}\n%%EOF\n`);
    return new Uint8Array(Buffer.concat(this.#parts));
  }

  #add(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}
