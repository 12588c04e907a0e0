/**
 * What an attachment's decoded bytes are: the file itself, or a ZIP wrapped around it (what real messages hold: declared
 * application/zip, one entry of any name). Decided from the declared type and the first header, before anything is
 * handed on. Called by attachments-reader.ts.
 */
import { cleanFileName } from '../core/file-names.ts';
import type { ByteSource } from './byte-source.ts';
import type { EdxmlLimits } from './limits.ts';
import type { EdxmlAttachmentInfo } from './message.ts';
import { zipEntries } from './unzip.ts';
import { localHeaderAhead } from './zip-format.ts';

export interface Content {
  /** Name within the ZIP; undefined for the file itself. */
  innerName?: string;
  mediaType?: string;
  bytes: AsyncGenerator<Buffer>;
}

const ZIP_TYPES = /^application\/(x-)?zip(-compressed)?$/i;
/** First entries of formats that are ZIP archives themselves (Office, OpenDocument, ASiC). */
const FORMAT_ENTRIES = new Set(['[Content_Types].xml', 'mimetype']);

export async function* contents(
  source: ByteSource,
  info: EdxmlAttachmentInfo,
  limits: EdxmlLimits,
): AsyncGenerator<Content> {
  const declared = info.contentType?.trim() ?? '';
  if (isZipType(declared) && (await isWrapper(source, info.attachmentName ?? ''))) {
    for await (const { name, mediaType, bytes } of zipEntries(source, limits)) {
      yield { innerName: name, bytes, ...(mediaType !== undefined && { mediaType }) };
    }
    return;
  }
  const isKnown = declared !== '' && !isZipType(declared);
  yield { bytes: all(source), ...(isKnown && { mediaType: declared }) };
}

/** Whether a media type, with or without parameters, says ZIP. */
export const isZipType = (mediaType: string): boolean => ZIP_TYPES.test(mediaType.split(';', 1)[0]!.trim());

/**
 * Whether the bytes are a ZIP made for transport: its first entry has the attachment's name (our own writer's always has);
 * or it lies in no folder, isn't the first of a format, and, where the attachment is called .zip itself, is called
 * .edxml, as the national client calls it.
 */
async function isWrapper(source: ByteSource, name: string): Promise<boolean> {
  const first = await localHeaderAhead(source);
  if (first === undefined) return false;
  if (first.name === cleanFileName(name)) return true;
  if (first.name.includes('/') || FORMAT_ENTRIES.has(first.name)) return false;
  return !/\.zip$/i.test(name.trim()) || /\.edxml$/i.test(first.name);
}

async function* all(source: ByteSource): AsyncGenerator<Buffer> {
  for (let piece = await source.some(); piece !== undefined; piece = await source.some()) {
    yield source.take(piece.length);
  }
}
