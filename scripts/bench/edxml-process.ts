/**
 * One edXML file read or written in a process of its own, so that its peak memory is its own: ours, or the way a
 * developer would do it with a DOM parser (xmldom) and whole Buffers. Started by edxml-files.ts as JOB SIDE FORM DIR;
 * prints `{ms, peakBytes}`.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
import type { EdxmlDocument } from '../../node/edxml/message.ts';
import { readEdxml } from '../../node/edxml/read-edxml.ts';
import { writeEdxml } from '../../node/edxml/write-edxml.ts';
import { peakBytes } from './resident.ts';

/** Read and written at once. */
const PIECE_BYTES = 262_144;
const MIME = { zip: 'application/zip', raw: 'application/octet-stream' };
export type Form = keyof typeof MIME;

const MESSAGE: EdxmlDocument = {
  kind: 'document',
  from: { organId: '000.00.00.H90' },
  to: [{ organId: '000.00.00.H91' }],
  documentId: '000.00.00.H90,2019/03/12,118/KH-SLT',
  subject: 'Kế hoạch kiểm tra công tác lưu trữ',
  responseFor: [],
  toPlaces: [],
  traceHeaders: [{ organId: '000.00.00.H90' }],
  bussiness: { bussinessDocType: '0', replacementInfoList: [] },
};
const pieces = (file: string) => createReadStream(file, { highWaterMark: PIECE_BYTES });
const into = (file: string) => createWriteStream(file, { highWaterMark: PIECE_BYTES });

const JOBS: Record<string, Record<string, (dir: string, form: Form) => Promise<unknown>>> = {
  import: {
    ours: (dir) =>
      readEdxml(pieces(path.join(dir, 'in.edxml')), {
        attachment: (_, bytes) => pipeline(bytes, into(path.join(dir, 'out.bin'))),
      }),
    dom: async (dir, form) => {
      const xml = await readFile(path.join(dir, 'in.edxml'), 'utf8');
      const document = new DOMParser().parseFromString(xml, 'text/xml');
      const encoded = document.getElementsByTagName('edXML:ContentTransferEncoded')[0]!.textContent!;
      const bytes = Buffer.from(encoded, 'base64');
      await writeFile(path.join(dir, 'out.bin'), form === 'zip' ? unzipped(bytes) : bytes);
    },
  },
  export: {
    ours: (dir, form) => {
      const attachment = { contentId: 'cid:1', attachmentName: 'phu-luc.bin', mediaType: MIME.raw, form };
      const open = () => pieces(path.join(dir, 'in.bin'));
      return pipeline(writeEdxml(MESSAGE, [{ ...attachment, open }]), into(path.join(dir, 'out.edxml')));
    },
    dom: async (dir, form) => {
      const bytes = await readFile(path.join(dir, 'in.bin'));
      const content = form === 'zip' ? zipped(bytes) : bytes;
      const document = new DOMParser().parseFromString(await emptyMessage(form), 'text/xml');
      const encoded = document.getElementsByTagName('edXML:ContentTransferEncoded')[0]!;
      encoded.appendChild(document.createTextNode(content.toString('base64')));
      await writeFile(path.join(dir, 'out.edxml'), new XMLSerializer().serializeToString(document));
    },
  },
};

async function emptyMessage(form: Form): Promise<string> {
  const nothing = async function* () {};
  const attachment = {
    contentId: 'cid:1',
    attachmentName: 'phu-luc.bin',
    mediaType: MIME.raw,
    form: 'raw' as const,
  };
  let text = '';
  for await (const part of writeEdxml(MESSAGE, [{ ...attachment, open: nothing }])) text += part.toString();
  return text.replaceAll(MIME.raw, MIME[form]);
}

function unzipped(zip: Buffer): Buffer {
  const start = 30 + zip.readUInt16LE(26) + zip.readUInt16LE(28);
  return inflateRawSync(zip.subarray(start));
}

/** Level and checksum as ours; the trailing directory costs nothing. */
function zipped(bytes: Buffer): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt32LE(crc32(bytes), 14);
  return Buffer.concat([header, deflateRawSync(bytes, { level: 1 })]);
}

const [job, side, form, dir] = process.argv.slice(2) as [string, string, Form, string];
const startedAt = performance.now();
await JOBS[job]![side]!(dir, form);
const ms = performance.now() - startedAt;
process.stdout.write(JSON.stringify({ ms, peakBytes: peakBytes() }));
