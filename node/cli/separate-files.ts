/**
 * Attachments of an older edXML message (the SOAP form), which only names them: looked for in the message's own folder, by
 * name alone, and handed to the node before the message. Only where the user says so (`--beside`): a message from
 * elsewhere must not pick files of the folder it happens to lie in. Used by import.
 */
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MOST_SEPARATE_FILES } from '../core/edxml-views.ts';
import { LienthongError } from '../core/errors.ts';
import { MAX_ATTACHMENT_BYTES } from '../core/field-limits.ts';
import { cleanFileName } from '../core/file-names.ts';
import type { NodeClient } from './node-client.ts';
import { piecesOf, requireFile } from './sent-file.ts';

export interface FoundFile {
  path: string;
  size: number;
}

/** In the order of `names`. Throws 'file-missing', 'invalid-file' (a link, a folder), 'oversize' and as `requireFile`. */
export async function findBeside(message: string, names: readonly string[]): Promise<FoundFile[]> {
  if (names.length > MOST_SEPARATE_FILES)
    throw new LienthongError('oversize', {
      what: 'attachments',
      files: names.length,
      mostFiles: MOST_SEPARATE_FILES,
    });
  const folder = dirname(message);
  const held = new Map((await readdir(folder)).map((name) => [name.normalize('NFC'), name]));
  const found: FoundFile[] = [];
  for (const name of names) {
    const there = held.get(cleanFileName(name));
    const path = join(folder, there ?? cleanFileName(name));
    if (there === undefined)
      throw new LienthongError('file-missing', { file: path, reason: 'edxml-separate' });
    if (!(await lstat(path)).isFile())
      throw new LienthongError('invalid-file', { file: path, reason: 'special' });
    found.push({ path, size: await requireFile(path, MAX_ATTACHMENT_BYTES) });
  }
  return found;
}

/** Streams the files in and gives `use` their leases as the door takes them; what it leaves is given back. */
export async function withUploaded<T>(
  files: readonly FoundFile[],
  node: NodeClient,
  use: (separate: string) => Promise<T>,
): Promise<T> {
  const taken: { lease: string; sha256: string }[] = [];
  try {
    for (const { path, size } of files) taken.push(await node.upload(piecesOf(path, size), size));
    return await use(taken.map(({ lease, sha256 }) => `${lease}.${sha256}`).join());
  } finally {
    // best effort: one that was used up is unknown, one that can't be given back runs out by itself
    for (const { lease } of taken) await node.release(lease).catch(() => undefined);
  }
}
