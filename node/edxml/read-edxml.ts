/**
 * Reads one edXML file (QCVN 102:2016/BTTTT) from a stream of bytes: the message as plain values, attachments to a sink
 * while they pass by. Tolerant of what is missing, unknown or in another order; strict about XML, Base64 and ZIP; every
 * fault says where. Memory doesn't grow with attachments. Nothing is kept of the file itself: who wants the original
 * copies `chunks` on the way. Older forms (`Status`, SOAP envelope) are read too.
 *
 * Whoever reads for another system judges the values (recipients, classification, lengths) by the rules of submission:
 * check-message.ts says what the format itself requires.
 */
import { AttachmentsReader, type EdxmlSink, plainId, type ReadAttachment } from './attachments-reader.ts';
import { ByteSource } from './byte-source.ts';
import { encodedBytes } from './encoded-text.ts';
import { tooLarge } from './fault.ts';
import { EDXML_LIMITS, type EdxmlLimits } from './limits.ts';
import type { EdxmlAttachmentInfo, EdxmlMessage } from './message.ts';
import { completed, MessageBuilder, type Raw, type UnknownPart } from './message-builder.ts';
import { messageOf } from './read-message.ts';
import { REFERENCE_FIELDS } from './schema.ts';
import { XmlReader } from './xml-reader.ts';

export interface EdxmlRead {
  message: EdxmlMessage;
  /** In the order of the file, also those the manifest doesn't name. */
  attachments: ReadAttachment[];
  /** Lines of the manifest for which there was no attachment. */
  withoutAttachment: EdxmlAttachmentInfo[];
  /** What the schema has no place for: worth a warning, and kept only in the original. */
  unknown: UnknownPart[];
  /** How many more there were than `unknown` lists. */
  unknownLeftOut: number;
  /** An XML signature is there; it was not checked. */
  hasSignature: boolean;
  /** Bytes of the file. */
  bytes: number;
}

/**
 * Throws `edxml-malformed`, `edxml-forbidden`, `edxml-encoding`, `edxml-incomplete`, `edxml-attachment`,
 * `edxml-too-large` with line and byte, and what `chunks` or the sink throw.
 */
export async function readEdxml(
  chunks: AsyncIterable<Uint8Array>,
  sink: EdxmlSink,
  limits: EdxmlLimits = EDXML_LIMITS,
): Promise<EdxmlRead> {
  const source = new ByteSource(within(chunks, limits.fileBytes));
  const builder = new MessageBuilder(limits, () => xml.place());
  const xml: XmlReader = new XmlReader(source, limits, builder);
  const attachments = new AttachmentsReader(sink, limits, () => xml.place());
  try {
    while (await xml.step()) {
      const own = builder.takeEncoded();
      if (own !== undefined)
        await attachments.take(encodedBytes(source, xml), own, references(builder.root, limits));
    }
  } finally {
    await source.close();
  }
  const taken = new Set(attachments.read.map(({ contentId }) => plainId(contentId)));
  return {
    message: messageOf(builder),
    attachments: attachments.read,
    withoutAttachment: references(builder.root, limits).filter(
      ({ contentId }, at) => !taken.has(plainId(contentId)) && at >= attachments.read.length,
    ),
    unknown: builder.unknown,
    unknownLeftOut: builder.unknownLeftOut,
    hasSignature: builder.hasSignature,
    bytes: source.offset,
  };
}

async function* within(chunks: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge('fileBytes', most, { byte: most });
    yield chunk;
  }
}

/** The manifest's lines so far: no more than there may be attachments. */
function references(root: Raw, { attachments }: EdxmlLimits): EdxmlAttachmentInfo[] {
  const envelope = root.edXMLEnvelope as Raw | undefined;
  const body = envelope?.edXMLBody as Raw | undefined;
  const manifest = body?.edXMLManifest as Raw | undefined;
  const lines = (manifest?.references ?? []) as Raw[];
  if (lines.length > attachments) throw tooLarge('attachments', attachments);
  return lines.map((line) => completed(line, REFERENCE_FIELDS) as EdxmlAttachmentInfo);
}
