/**
 * Attachments between a submission, the store and an offer: small ones (up to 64 KiB) are rows of the document's
 * own commit, larger ones files. Reading always checks the bytes against the signed hash: a node never hands on what
 * it can't vouch for.
 */
import mime from 'mime/lite';
import type { Attachment } from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex, sha256 } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { FIELD_LIMITS, MAX_ATTACHMENTS } from '../core/field-limits.ts';
import { cleanFileName } from '../core/file-names.ts';
import { leafHash } from '../core/merkle.ts';
import type { ProposedAttachment, Submission, SubmittedAttachment } from '../core/views.ts';
import { CHUNK_BYTES, chunkCount } from '../store/blob-facts.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { KeyValueStore, Precondition, Write } from '../store/key-value.ts';
import { originalWrites } from '../store/originals.ts';
import {
  checkedSmallBlob,
  SMALL_BLOB_BYTES,
  type SmallBlobOwner,
  smallBlobWrite,
} from '../store/small-blobs.ts';
import { type AttachmentFields, businessKindOf } from './compose.ts';
import { importedAttachments } from './imported-fields.ts';
import type { Uploads } from './uploads.ts';

type Described = Pick<SubmittedAttachment, 'name' | 'mediaType' | 'description'>;

export interface ResolvedAttachments {
  fields: AttachmentFields[];
  /** Into the document's own commit: the end of the leases of large ones. */
  writes: Write[];
  /** Leases whose rows `writes` ends. */
  leases: string[];
  /** That these leases hold: one may run out, or be given back, while the document is being signed. */
  require: Precondition[];
  /** Bytes that came along, by position in `fields`. */
  bytes: (Bytes | undefined)[];
  /** The imported message, to be kept with the document. */
  original?: { sha256: Bytes; size: number };
}

/** Kinds that may come without a file: what they do is said in their fields. */
const WITHOUT_FILES: readonly string[] = ['recall', 'update'];

/** `sums`: of each, as its bytes give it. Throws 'file-missing', 'file-empty', 'file-too-large', 'not-found' (an upload whose lease is over). */
export function resolveAttachments(
  submission: Pick<Submission, 'attachments' | 'kind' | 'relations' | 'imported'>,
  uploads: Uploads,
  sums: readonly Bytes[],
): ResolvedAttachments {
  const { attachments: submitted, imported } = submission;
  if (submitted.length === 0 && !WITHOUT_FILES.includes(businessKindOf(submission)))
    throw new LienthongError('file-missing', { file: '' });
  if (submitted.length > MAX_ATTACHMENTS)
    throw new LienthongError('usage', { field: 'attachments', most: MAX_ATTACHMENTS });
  const resolved: ResolvedAttachments = { fields: [], writes: [], leases: [], require: [], bytes: [] };
  for (const [i, attachment] of submitted.entries()) {
    const common = described(attachment);
    const { name } = common;
    if ('bytes' in attachment) {
      const { bytes } = attachment;
      if (bytes.byteLength === 0) throw new LienthongError('file-empty', { file: name });
      if (bytes.byteLength > SMALL_BLOB_BYTES) {
        throw new LienthongError('file-too-large', {
          file: name,
          size: bytes.byteLength,
          most: SMALL_BLOB_BYTES,
        });
      }
      const sum = sums[i]!;
      resolved.fields.push({ ...common, sha256: sum, size: bytes.byteLength, chunkRoot: leafHash(bytes) });
      resolved.bytes.push(bytes);
    } else {
      const blob = uploads.require(attachment.lease, attachment.sha256);
      resolved.fields.push({ ...common, sha256: blob.sha256, size: blob.size, chunkRoot: blob.chunkRoot });
      resolved.writes.push(...blob.lease.writes);
      resolved.require.push(...blob.lease.require);
      resolved.leases.push(attachment.lease);
      resolved.bytes.push(undefined);
    }
  }
  resolved.fields = importedAttachments(resolved.fields, imported);
  if (imported?.original !== undefined) resolveOriginal(imported.original, resolved, uploads);
  return resolved;
}

/** Where the message travels too, its lease is among the attachments' already. */
function resolveOriginal(
  { lease, sha256: sum }: { lease: string; sha256: string },
  resolved: ResolvedAttachments,
  uploads: Uploads,
): void {
  const blob = uploads.require(lease, sum);
  resolved.original = { sha256: blob.sha256, size: blob.size };
  if (resolved.leases.includes(lease)) return;
  resolved.writes.push(...blob.lease.writes);
  resolved.require.push(...blob.lease.require);
  resolved.leases.push(lease);
}

/** What a new document keeps: rows of the attachments that came along, and the files of the others, by SHA-256. */
export function keptBy(
  row: SmallBlobOwner,
  { fields, bytes, original }: ResolvedAttachments,
): { small: Write[]; files: Bytes[] } {
  const small: Write[] = [];
  const files: Bytes[] = [];
  for (const [i, { sha256: sum }] of fields.entries()) {
    const along = bytes[i];
    if (along === undefined) files.push(sum!);
    else small.push(smallBlobWrite(row, sum!, along));
  }
  if (original !== undefined)
    small.push(...originalWrites(row.documentId, { ...original, importedAtMs: row.storedAtMs }));
  return { small, files };
}

/** As `resolveAttachments`, of files that aren't handed over yet: without chunk roots. */
export const proposedAttachments = (proposed: readonly ProposedAttachment[]): AttachmentFields[] =>
  proposed.map((one) => ({
    ...described(one),
    sha256: new Uint8Array(Buffer.from(one.sha256, 'hex')),
    size: one.size,
  }));

const described = ({ name: given, mediaType, description = '' }: Described) => {
  const name = cleanFileName(given);
  return {
    name,
    mediaType: mediaType || mime.getType(name) || 'application/octet-stream',
    description: [...description.normalize('NFC')].slice(0, FIELD_LIMITS.attachmentDescription).join(''),
    role: 1,
    chunkSize: CHUNK_BYTES,
  };
};

/** All of a small attachment. Throws 'damaged', naming it, when it isn't here whole; it is brought back meanwhile. */
export async function readAttachment(
  attachment: Attachment,
  of: SmallBlobOwner,
  store: KeyValueStore,
  blobs: BlobStore,
): Promise<Bytes> {
  const small = await checkedSmallBlob(store, of, attachment.sha256);
  if (typeof small === 'string') {
    void blobs.mend(attachment.sha256, of);
    throw damaged(attachment);
  }
  const bytes = small ?? (await readFile(attachment, blobs));
  if (bytes === undefined || !equalBytes(sha256(bytes), attachment.sha256)) throw damaged(attachment);
  return bytes;
}

/**
 * The attachment's bytes as a stream, each checked before it is handed on; what is damaged or missing is brought back first,
 * where somebody has it. Throws 'damaged' when it can't be had whole.
 */
export async function* streamAttachment(
  attachment: Attachment,
  of: SmallBlobOwner,
  store: KeyValueStore,
  blobs: BlobStore,
): AsyncGenerator<Bytes> {
  const read = () => checkedSmallBlob(store, of, attachment.sha256);
  let small = await read();
  if (typeof small === 'string' && (await blobs.mend(attachment.sha256, of))) small = await read();
  if (typeof small === 'string') throw damaged(attachment);
  if (small === undefined) yield* streamFile(attachment, blobs);
  else yield small;
}

/** What is read of a file besides its name; an imported message has no signed chunk root. */
type NamedFile = Pick<Attachment, 'name' | 'sha256' | 'size'> & Partial<Pick<Attachment, 'chunkRoot'>>;

/** As `streamAttachment`, of a file. */
export async function* streamFile(file: NamedFile, blobs: BlobStore): AsyncGenerator<Bytes> {
  let opened = await openFile(file, blobs);
  let isMended = false;
  try {
    for (let index = 0; index < chunkCount(file.size); ) {
      const chunk = await opened?.chunk(index).catch((error) => {
        if (!isLienthongError(error, 'damaged')) throw error;
      });
      if (chunk !== undefined) {
        yield chunk.chunk;
        index++;
        continue;
      }
      if (isMended || !(await blobs.mend(file.sha256))) throw damaged(file);
      isMended = true;
      await opened?.close();
      opened = await openFile(file, blobs);
    }
  } finally {
    await opened?.close();
  }
}

/** Undefined when it isn't here, or not as long as it was signed. */
async function openFile({ sha256: sum, size, chunkRoot }: NamedFile, blobs: BlobStore) {
  const facts = await blobs.facts(sum);
  const isSigned = facts?.size === size && (!chunkRoot || equalBytes(facts.chunkRoot, chunkRoot));
  const reader = isSigned ? await blobs.open(sum) : undefined;
  if (facts === undefined || reader === undefined) return undefined;
  return { chunk: (index: number) => reader.chunk(facts, index), close: () => reader.close() };
}

async function readFile(attachment: Attachment, blobs: BlobStore): Promise<Bytes | undefined> {
  const reader = await blobs.open(attachment.sha256);
  try {
    return reader?.size === attachment.size ? await reader.read(0, attachment.size) : undefined;
  } finally {
    await reader?.close();
  }
}

const damaged = ({ name, sha256 }: Pick<Attachment, 'name' | 'sha256'>): LienthongError =>
  new LienthongError('damaged', { where: `attachment ${name} (${hex(sha256).slice(0, 16)}…)` });
