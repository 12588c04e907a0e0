/**
 * `node check`: reads everything a folder holds and names what doesn't fit. Rows by their checksums, tables by theirs,
 * the audit log against its file and its tree, each attachment against its SHA-256. Changes nothing, but that a running
 * node fetches damaged attachments again from whoever has them.
 */
import {
  type Document,
  document as documentCodec,
  documentRow,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import type { CheckReport } from '../core/node-views.ts';
import type { AuditLog } from './audit-log.ts';
import type { BlobStore } from './blobs.ts';
import { blobReferenceKey, documentsWithBlob, getDocument } from './documents.ts';
import type { KeyValueStore, StoreHealth } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange, spaceOf } from './keys.ts';
import { originalsOf } from './originals.ts';
import { checkedSmallBlob } from './small-blobs.ts';

/** Problems listed at most: beyond that a disk is gone, and one knows. */
const MOST_PROBLEMS = 1_000;
/** Documents named of one damaged file. */
const MOST_NAMES = 5;

export interface FolderParts {
  store: KeyValueStore & { check(signal?: AbortSignal): Promise<StoreHealth> };
  audit: AuditLog;
  blobs: BlobStore;
}

export async function checkParts(
  { store, audit, blobs }: FolderParts,
  signal?: AbortSignal,
): Promise<CheckReport> {
  const problems: CheckReport['problems'] = [];
  const note: Note = (kind, where, more = {}) => {
    if (problems.length < MOST_PROBLEMS) problems.push({ kind, where, ...more });
  };
  const health = await store.check(signal);
  for (const { kind, where } of health.problems) note(kind, where);
  const rows = await checkRows(store, note, signal);
  const auditProblem = await audit.check(signal);
  if (auditProblem !== undefined && !problems.some(({ where }) => where === auditProblem.where)) {
    note(auditProblem.kind, auditProblem.where);
  }
  const checked = await checkBlobs(store, blobs, note, signal);
  return {
    ok: problems.every(({ mended }) => mended === true),
    problems,
    checked: { rows, blobs: checked, auditLeaves: audit.head().size },
  };
}

type Note = (kind: string, where: string, more?: { files?: string[]; mended?: boolean }) => void;

/** Every row of every space but that of attachments; a damaged one is named by its space and passed over. */
async function checkRows(store: KeyValueStore, note: Note, signal: AbortSignal | undefined): Promise<number> {
  let rows = 0;
  for (const prefix of Object.values(PREFIX)) {
    if (prefix === PREFIX.smallBlob) continue;
    try {
      for await (const _ of store.range(prefixRange(prefix))) {
        signal?.throwIfAborted();
        rows++;
      }
    } catch (error) {
      if (!isLienthongError(error, 'damaged')) throw error;
      note('row-damaged', `${spaceOf(key(prefix))}: ${error.details.where ?? ''}`);
    }
  }
  return rows;
}

/** Every attachment: small ones in their rows, files once each. */
async function checkBlobs(
  store: KeyValueStore,
  blobs: BlobStore,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<number> {
  let checked = 0;
  let last: Bytes | undefined;
  for await (const { key: reference } of store.range(prefixRange(PREFIX.blobReference))) {
    const [sum] = partsOf(reference, ['bytes', 'bytes']);
    if (last !== undefined && equalBytes(last, sum)) continue;
    last = sum;
    checked++;
    const verdict = await blobs.verify(sum, signal);
    if (verdict === 'ok') continue;
    note(`blob-${verdict}`, hex(sum), { files: await namesOf(store, sum), mended: await blobs.mend(sum) });
  }
  try {
    await checkOriginals(store, blobs, note);
    return checked + (await checkSmallBlobs(store, blobs, note, signal));
  } catch (error) {
    // a damaged row was named by checkRows
    if (!isLienthongError(error, 'damaged')) throw error;
    return checked;
  }
}

/** What documents call a file: "phu-luc.pdf (274/QĐ-TTg)". */
async function namesOf(store: KeyValueStore, sum: Bytes): Promise<string[]> {
  const names: string[] = [];
  for await (const documentId of documentsWithBlob(store, sum, MOST_NAMES)) {
    const row = await getDocument(store, documentId);
    if (row === undefined) continue;
    const { attachments, ...document } = documentCodec.parse(signedCodec.parse(row.envelope).payload);
    names.push(
      nameIn(
        document,
        attachments.find((one) => equalBytes(one.sha256!, sum)),
      ),
    );
  }
  return names;
}

const nameIn = (
  { number, notation }: Pick<Document, 'number' | 'notation'>,
  attachment: { name?: string | null } | undefined,
): string => `${attachment?.name ?? 'edXML'} (${number}/${notation})`;

/** Imported messages: that each is referred to, and as long as its row says; its bytes were read with all files. */
async function checkOriginals(store: KeyValueStore, blobs: BlobStore, note: Note): Promise<void> {
  for await (const { documentId, row } of originalsOf(store)) {
    const isKept = (await store.get(blobReferenceKey(row.sha256, documentId))) !== undefined;
    const reader = isKept ? await blobs.open(row.sha256) : undefined;
    if (!isKept) note('blob-missing', hex(row.sha256));
    else if (reader !== undefined && reader.size !== row.size) note('blob-damaged', hex(row.sha256));
    await reader?.close();
  }
}

/** Those of every document that aren't files. */
async function checkSmallBlobs(
  store: KeyValueStore,
  blobs: BlobStore,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<number> {
  let checked = 0;
  for await (const { value } of store.range(prefixRange(PREFIX.document))) {
    signal?.throwIfAborted();
    const row = documentRow.parse(value);
    const { attachments, ...document } = documentCodec.parse(signedCodec.parse(row.envelope).payload);
    for (const attachment of attachments) {
      const sum = attachment.sha256!;
      const small = await checkedSmallBlob(store, row, sum);
      if (small === undefined) continue;
      checked++;
      if (typeof small !== 'string') continue;
      const files = [nameIn(document, attachment)];
      note(`blob-${small}`, hex(sum), { files, mended: await blobs.mend(sum, row) });
    }
  }
  return checked;
}
