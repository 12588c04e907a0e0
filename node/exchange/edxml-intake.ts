/**
 * An edXML file as it streams in: the whole of it into one file of the store, byte for byte, and each attachment into
 * another while it passes by; small attachments stay in memory. All under leases: `release` gives back whatever no commit
 * has taken over, so that a refusal, a broken or cancelled transfer leaves nothing (a crash leaves what the collector
 * removes). Memory doesn't grow with the file. Used by imports.ts.
 */
import { LienthongError } from '../core/errors.ts';
import { FIELD_LIMITS } from '../core/field-limits.ts';
import { cleanFileName } from '../core/file-names.ts';
import type { ImportedMetadata } from '../core/imported-metadata.ts';
import type { StoredBlob, SubmittedAttachment } from '../core/views.ts';
import { plainId, type ReadAttachment } from '../edxml/attachments-reader.ts';
import { EDXML_LIMITS } from '../edxml/limits.ts';
import type { EdxmlAttachmentInfo } from '../edxml/message.ts';
import { type EdxmlRead, readEdxml } from '../edxml/read-edxml.ts';
import { SMALL_BLOB_BYTES } from '../store/small-blobs.ts';
import type { Upload, Uploads } from './uploads.ts';

/** Bytes of a media type on the wire. */
const MAX_MEDIA_TYPE_BYTES = 200;

export class EdxmlIntake {
  readonly #uploads: Uploads;
  readonly #leases: string[] = [];
  #original: Upload | undefined;
  readonly files: SubmittedAttachment[] = [];
  /** Of the files, by position, and what of them no field holds. */
  readonly described: NonNullable<ImportedMetadata['attachments']> = [];
  readonly verbatim: NonNullable<ImportedMetadata['verbatim']> = [];
  /** Positions, from 1, of attachments that weren't in a ZIP. */
  readonly #raw: number[] = [];

  constructor(uploads: Uploads) {
    this.#uploads = uploads;
  }

  /** Reads to the end. Throws as `readEdxml`, 'file-empty', 'disk-full'. */
  async read(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<EdxmlRead> {
    const original = await this.#uploads.begin(EDXML_LIMITS.fileBytes);
    this.#original = original;
    const read = await readEdxml(copied(source, original, signal), {
      attachment: (attachment, bytes) => this.#take(attachment, bytes, signal),
    });
    signal?.throwIfAborted();
    if (this.#raw.length > 0)
      this.verbatim.push({ path: 'AttachmentEncoded/raw', text: this.#raw.join(',') });
    return read;
  }

  /** The file itself, durable. */
  async original(): Promise<StoredBlob> {
    const stored = await this.#original!.finish();
    this.#original = undefined;
    this.#leases.push(stored.lease);
    return stored;
  }

  /**
   * An older message names its files, which came by themselves: in its order. Throws 'file-missing' with all names where
   * they didn't, 'usage' where there are more or fewer. Whoever streamed them in gives them back.
   */
  takeSeparate(
    named: readonly EdxmlAttachmentInfo[],
    files: readonly { lease: string; sha256: string }[],
  ): void {
    const names = named.map(({ attachmentName, contentId }) => attachmentName?.trim() || plainId(contentId));
    if (files.length === 0)
      throw new LienthongError('file-missing', { file: names[0]!, files: names, reason: 'edxml-separate' });
    if (files.length !== named.length)
      throw new LienthongError('usage', { field: 'separate', most: named.length });
    for (const [at, { contentId, description }] of named.entries()) {
      const { lease, sha256 } = files[at]!;
      const name = cleanFileName(names[at]!);
      this.files.push({ name, description: description ?? '', lease, sha256 });
      this.described.push(contentId ? { contentId } : {});
    }
  }

  /** What was taken over by a commit stays; the rest goes. Also after it was called before. */
  async release(): Promise<void> {
    await this.#original?.abort();
    this.#original = undefined;
    for (const lease of this.#leases.splice(0)) await this.#uploads.release(lease);
  }

  async #take(
    attachment: ReadAttachment,
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const at = this.files.length + 1;
    const { fileName: name, attachmentName, description = '', form } = attachment;
    const keep = (what: string, text: string) =>
      this.verbatim.push({ path: `AttachmentEncoded/${at}/${what}`, text });
    if (attachmentName !== undefined && attachmentName !== name && attachmentName !== '')
      keep('AttachmentName', attachmentName);
    if ([...description].length > FIELD_LIMITS.attachmentDescription) keep('Description', description);
    const { mediaType } = attachment;
    const isKept = mediaType !== undefined && Buffer.byteLength(mediaType) <= MAX_MEDIA_TYPE_BYTES;
    if (form === 'raw' && isKept) this.#raw.push(at);
    const common = { name, description, ...(isKept && { mediaType }) };
    const content = await this.#stored(bytes, name, signal);
    this.files.push({ ...common, ...content });
    this.described.push(attachment.contentId ? { contentId: attachment.contentId } : {});
  }

  /** Up to 64 KiB as they are, more as a file. */
  async #stored(
    bytes: AsyncIterable<Uint8Array>,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<{ bytes: Uint8Array } | { lease: string; sha256: string }> {
    const first: Uint8Array[] = [];
    let size = 0;
    let upload: Upload | undefined;
    try {
      for await (const piece of bytes) {
        signal?.throwIfAborted();
        size += piece.byteLength;
        if (upload !== undefined) await upload.write(piece);
        else first.push(new Uint8Array(piece));
        if (upload !== undefined || size <= SMALL_BLOB_BYTES) continue;
        upload = await this.#uploads.begin();
        for (const held of first.splice(0)) await upload.write(held);
      }
      if (upload === undefined) {
        if (size === 0) throw new LienthongError('file-empty', { file: name });
        return { bytes: new Uint8Array(Buffer.concat(first)) };
      }
      const { lease, sha256 } = await upload.finish();
      this.#leases.push(lease);
      return { lease, sha256 };
    } catch (error) {
      await upload?.abort();
      throw error;
    }
  }
}

/** The same bytes, each written before it is read. */
async function* copied(
  source: AsyncIterable<Uint8Array>,
  into: Upload,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal?.throwIfAborted();
    await into.write(chunk);
    yield chunk;
  }
}
