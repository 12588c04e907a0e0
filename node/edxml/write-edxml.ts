/**
 * Writes one edXML file (QCVN 102:2016/BTTTT) as a stream of bytes, in exactly the layout of real messages: the default
 * namespace at the root, the prefix `edXML` declared again at the envelope and at each Base64 element, UTF-8, elements
 * in the standard's order. Strict: a message the format doesn't allow is refused before the first byte. Memory doesn't
 * grow with attachments. No XML signature is written: what is signed here lies outside edXML.
 */
import { LienthongError } from '../core/errors.ts';
import { cleanFileName } from '../core/file-names.ts';
import { isZipType } from './attachment-content.ts';
import { base64Text } from './base64-text.ts';
import { checkLengths, checkMessage } from './check-message.ts';
import { EDXML_LIMITS } from './limits.ts';
import type { EdxmlAttachmentInfo, EdxmlMessage } from './message.ts';
import { NAMESPACE, PREFIX } from './namespaces.ts';
import {
  ATTACHMENT_FIELDS,
  DOCUMENT_FIELDS,
  ENCODED,
  REFERENCE_FIELDS,
  STATUS_FIELDS,
  TRACE_FIELDS,
} from './schema.ts';
import { fieldLines } from './xml-text.ts';
import { zipped } from './zip-writer.ts';

export interface OutgoingAttachment {
  /** "cid:209"; the prefix is added where it is missing. Unique within the message. */
  contentId: string;
  attachmentName: string;
  description?: string;
  mediaType: string;
  /**
   * `zip` (without: this): application/zip around the file, as real messages and the vendors' client have it. `raw`: the
   * file as it is, under its own media type; not for ZIP archives, which would be taken for the former.
   */
  form?: 'zip' | 'raw';
  /** Asked for once, when its turn comes. */
  open(): AsyncIterable<Uint8Array>;
}

/**
 * Throws at once `no-recipient`, `duplicate-recipient`, `field-missing`, `field-too-long`, `edxml-value`,
 * `edxml-too-large`; while written, `file-too-large` and what an attachment's bytes throw.
 */
export function writeEdxml(
  message: EdxmlMessage,
  attachments: readonly OutgoingAttachment[] = [],
): AsyncGenerator<Buffer> {
  checkMessage(message);
  if (message.kind === 'status' && attachments.length > 0) {
    throw new RangeError('a status has no attachments');
  }
  checkAttachments(attachments);
  return bytesOf(message, attachments);
}

function checkAttachments(attachments: readonly OutgoingAttachment[]): void {
  const most = EDXML_LIMITS.attachments;
  if (attachments.length > most) {
    throw new LienthongError('edxml-too-large', { reason: 'edxml-limit-attachments', most });
  }
  const ids = new Set<string>();
  for (const attachment of attachments) {
    const info = infoOf(attachment);
    for (const field of ['attachmentName', 'mediaType', 'contentId'] as const) {
      if (attachment[field].trim() === '') throw new LienthongError('field-missing', { field });
    }
    checkLengths(info, ATTACHMENT_FIELDS);
    if (ids.has(info.contentId!)) {
      throw new LienthongError('edxml-value', { field: 'ContentId', value: info.contentId! });
    }
    ids.add(info.contentId!);
  }
}

const isZipped = ({ form, mediaType }: OutgoingAttachment) => form !== 'raw' || isZipType(mediaType);

function infoOf(attachment: OutgoingAttachment): EdxmlAttachmentInfo {
  const { contentId, attachmentName, description, mediaType } = attachment;
  return {
    contentId: /^cid:/i.test(contentId) ? contentId : `cid:${contentId}`,
    attachmentName,
    ...(description !== undefined && { description }),
    contentType: isZipped(attachment) ? 'application/zip' : mediaType,
  };
}

async function* bytesOf(
  message: EdxmlMessage,
  attachments: readonly OutgoingAttachment[],
): AsyncGenerator<Buffer> {
  const infos = attachments.map(infoOf);
  yield Buffer.from(head(message, infos));
  if (message.kind === 'document') {
    yield Buffer.from('  <AttachmentEncoded>\n');
    for (const [at, attachment] of attachments.entries()) yield* attachmentBytes(attachment, infos[at]!);
    yield Buffer.from('  </AttachmentEncoded>\n');
  }
  yield Buffer.from('</edXML>\n');
}

/** Up to the end of the envelope. */
function head(message: EdxmlMessage, infos: readonly EdxmlAttachmentInfo[]): string {
  const p = `${PREFIX}:`;
  const isDocument = message.kind === 'document';
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<edXML xmlns="${NAMESPACE}">\n`,
    `  <${p}edXMLEnvelope xmlns:${PREFIX}="${NAMESPACE}">\n`,
    `    <${p}edXMLHeader>\n`,
    `      <${p}MessageHeader>\n`,
    fieldLines(message, isDocument ? DOCUMENT_FIELDS : STATUS_FIELDS, 4, p),
    `      </${p}MessageHeader>\n`,
  ];
  if (isDocument) {
    lines.push(
      `      <${p}TraceHeaderList>\n`,
      fieldLines(message, TRACE_FIELDS, 4, p),
      `      </${p}TraceHeaderList>\n`,
    );
  }
  lines.push(`    </${p}edXMLHeader>\n`);
  if (isDocument) {
    lines.push(`    <${p}edXMLBody>\n      <${p}edXMLManifest version="1.0">\n`);
    for (const info of infos) {
      const reference = fieldLines(info, REFERENCE_FIELDS, 5, p);
      lines.push(`        <${p}Reference>\n${reference}        </${p}Reference>\n`);
    }
    lines.push(`      </${p}edXMLManifest>\n    </${p}edXMLBody>\n`);
  }
  lines.push(`  </${p}edXMLEnvelope>\n`);
  return lines.join('');
}

async function* attachmentBytes(
  attachment: OutgoingAttachment,
  info: EdxmlAttachmentInfo,
): AsyncGenerator<Buffer> {
  const name = `${PREFIX}:${ENCODED}`;
  yield Buffer.from(
    `    <Attachment>\n${fieldLines(info, ATTACHMENT_FIELDS, 3, '')}      <${name} xmlns:${PREFIX}="${NAMESPACE}">`,
  );
  const bytes = within(attachment.open(), attachment.attachmentName);
  const content = isZipped(attachment)
    ? zipped(cleanFileName(attachment.attachmentName), attachment.mediaType, bytes)
    : bytes;
  yield* base64Text(content);
  yield Buffer.from(`</${name}>\n    </Attachment>\n`);
}

async function* within(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const maxBytes = EDXML_LIMITS.attachmentBytes;
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > maxBytes) throw new LienthongError('file-too-large', { name, maxBytes });
    yield piece;
  }
}
