/**
 * Attachments as they pass by: Base64, then perhaps a ZIP, to the caller's sink, each with what its own element and its
 * line of the manifest say. Counts sizes against the limits. Called by read-edxml.ts for each Base64 element.
 */
import { LienthongError } from '../core/errors.ts';
import { cleanFileName } from '../core/file-names.ts';
import { contents } from './attachment-content.ts';
import { ByteSource } from './byte-source.ts';
import { type Place, tooLarge } from './fault.ts';
import type { EdxmlLimits } from './limits.ts';
import type { EdxmlAttachmentInfo } from './message.ts';

export interface ReadAttachment extends EdxmlAttachmentInfo {
  /** `zip`: it lay in a ZIP within the Base64. */
  form: 'raw' | 'zip';
  /** Fit for a file system: from the name, else the ZIP entry's; never from two attachments the same by chance alone. */
  fileName: string;
  /** As declared, or as our own writer keeps it in a ZIP; undefined: to be told from the name. */
  mediaType?: string;
  /** Name within the ZIP, as it stands there. */
  innerName?: string;
  /** Bytes, set once they all passed. */
  size: number;
}

export interface EdxmlSink {
  /**
   * Takes one attachment's bytes, to their end. They come as they are read: what it waits for, the reader waits for.
   * Bytes it leaves are read past.
   */
  attachment(attachment: ReadAttachment, bytes: AsyncIterable<Uint8Array>): Promise<void>;
}

export class AttachmentsReader {
  readonly #sink: EdxmlSink;
  readonly #limits: EdxmlLimits;
  readonly #place: () => Place;
  #allBytes = 0;
  /** Base64 elements so far. */
  #elements = 0;
  readonly read: ReadAttachment[] = [];

  /** `place`: where the file is being read. */
  constructor(sink: EdxmlSink, limits: EdxmlLimits, place: () => Place) {
    this.#sink = sink;
    this.#limits = limits;
    this.#place = place;
  }

  /** `own`: what the attachment's element said so far; `references`: the manifest, as far as it is known. */
  async take(
    encoded: AsyncIterable<Uint8Array>,
    own: EdxmlAttachmentInfo,
    references: readonly EdxmlAttachmentInfo[],
  ): Promise<void> {
    const info = { ...referenceOf(own, references, this.#elements), ...written(own) };
    this.#elements += 1;
    const source = new ByteSource(encoded);
    let number = 0;
    try {
      for await (const { innerName, mediaType, bytes } of contents(source, info, this.#limits)) {
        number += 1;
        const attachment: ReadAttachment = {
          ...info,
          form: innerName === undefined ? 'raw' : 'zip',
          fileName: cleanFileName(nameOf(info, innerName, number)),
          size: 0,
          ...(mediaType !== undefined && { mediaType }),
          ...(innerName !== undefined && { innerName }),
        };
        await this.#pass(attachment, bytes);
      }
      // behind a ZIP's end
      for (let rest = await source.some(); rest !== undefined; rest = await source.some())
        source.take(rest.length);
    } catch (error) {
      throw located(error, info, this.#place());
    }
  }

  async #pass(attachment: ReadAttachment, bytes: AsyncGenerator<Buffer>): Promise<void> {
    if (this.read.length >= this.#limits.attachments) throw tooLarge('attachments', this.#limits.attachments);
    this.read.push(attachment);
    const counted = this.#counted(attachment, bytes);
    // without `return`: a sink that stops early doesn't end what must be read past
    await this.#sink.attachment(attachment, {
      [Symbol.asyncIterator]: () => ({ next: () => counted.next() }),
    });
    for await (const _ of counted);
  }

  async *#counted(attachment: ReadAttachment, bytes: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
    const { attachmentBytes, allAttachmentBytes } = this.#limits;
    for await (const piece of bytes) {
      attachment.size += piece.length;
      this.#allBytes += piece.length;
      if (attachment.size > attachmentBytes) throw tooLarge('attachmentBytes', attachmentBytes);
      if (this.#allBytes > allAttachmentBytes) throw tooLarge('allAttachmentBytes', allAttachmentBytes);
      yield piece;
    }
  }
}

/** The manifest's line of the same content id ("cid:209", "209" and "<209>" are one), else the one at the same place. */
function referenceOf(
  { contentId }: EdxmlAttachmentInfo,
  references: readonly EdxmlAttachmentInfo[],
  at: number,
): EdxmlAttachmentInfo {
  const wanted = plainId(contentId);
  const same = wanted === '' ? undefined : references.find((one) => plainId(one.contentId) === wanted);
  return same ?? references[at] ?? {};
}

export const plainId = (contentId: string | undefined): string =>
  (contentId ?? '')
    .trim()
    .replace(/^<(.*)>$/, '$1')
    .replace(/^cid:/i, '')
    .trim();

/** Fields that say something. */
function written(info: EdxmlAttachmentInfo): EdxmlAttachmentInfo {
  const { contentId, attachmentName, description, contentType } = info;
  const given = Object.entries({ contentId, attachmentName, description, contentType });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== ''));
}

/** A second entry of one ZIP has only its own name. */
function nameOf(info: EdxmlAttachmentInfo, innerName: string | undefined, number: number): string {
  const given = info.attachmentName?.trim() || info.description?.trim();
  return number === 1 ? given || innerName || '' : innerName || given || '';
}

/** Says which attachment it is about, and where the file was being read. */
function located(error: unknown, info: EdxmlAttachmentInfo, { byte, line }: Place): unknown {
  if (!(error instanceof LienthongError) || !error.code.startsWith('edxml-')) return error;
  const name = (info.attachmentName ?? info.contentId)?.slice(0, 200);
  const details = { ...(name !== undefined && { name }), byte, line: line ?? 1, ...error.details };
  return new LienthongError(error.code, details, { cause: error });
}
