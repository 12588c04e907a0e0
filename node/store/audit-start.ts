/**
 * Holds the audit file against the database when the log is opened. The database is durable first, and says how far the
 * file was synced when its last group came, so only one difference is a crash: what came after that is missing from the
 * file, or part of it. Reads that and a bounded number of leaves before it, whatever the age of the log.
 */
import { type Bytes, concat, equalBytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { Frontier } from '../core/merkle.ts';
import { type AuditFile, frame, unframe } from './audit-file.ts';
import { type AuditState, decodeState, leafKey } from './audit-tree.ts';
import type { Problem, Reader } from './key-value.ts';
import { PREFIX, partsOf, prefixRange } from './keys.ts';

/** Leaves compared before what may be missing. */
const TAIL_LEAVES = 64;

/** The state of the newest epoch; that of an empty log when there is none. */
export async function newestState(reader: Reader): Promise<{ epoch: number; state: AuditState }> {
  for await (const { key, value } of reader.range({
    ...prefixRange(PREFIX.auditState),
    reverse: true,
    limit: 1,
  }))
    return { epoch: partsOf(key, ['number'])[0], state: decodeState(value) };
  return { epoch: 1, state: { fileBytes: 0, syncedSize: 0, syncedFileBytes: 0, frontier: new Frontier() } };
}

/** Brings the file up to the database after a crash, or says what can't be explained by one. */
export async function reconcile(
  store: Reader,
  epoch: number,
  state: AuditState,
  file: AuditFile,
): Promise<Problem | undefined> {
  const size = state.frontier.size;
  const problem = (kind: Problem['kind'], text: string): Problem => ({
    kind,
    where: `audit epoch ${epoch}: ${text}`,
  });
  const ahead = await file.beyond(state.fileBytes);
  if (ahead > 0) return problem('audit-ahead', `the file is ${ahead} bytes ahead of the database`);
  if (file.length < state.syncedFileBytes)
    return problem(
      'audit-damaged',
      `the file lacks ${state.syncedFileBytes - file.length} acknowledged bytes`,
    );

  // What was synced must be there; of what came after it any part may be missing, as after a loss of power.
  const first = Math.max(0, state.syncedSize - TAIL_LEAVES);
  const frames = (await leavesOf(store, epoch, first, size)).map((leaf, i) => {
    if (leaf === undefined) throw new LienthongError('damaged', { where: `audit entry ${first + i}` });
    return frame(leaf);
  });
  const expected = concat(...frames);
  const start = state.fileBytes - expected.byteLength;
  const found = await file.read(start, expected.byteLength);
  const durable = state.syncedFileBytes - start;
  if (!equalBytes(found.subarray(0, durable), expected.subarray(0, durable)))
    return problem('audit-damaged', `the file differs within entries ${first} to ${state.syncedSize - 1}`);
  if (equalBytes(found, expected)) return undefined;
  // A torn frame fails its CRC; a whole one that says something else was never written by a crash.
  for (let i = state.syncedSize - first, at = durable; i < frames.length; at += frames[i]!.byteLength, i++) {
    const leaf = unframe(found.subarray(at));
    if (leaf !== undefined && !equalBytes(frame(leaf), frames[i]!))
      return problem('audit-damaged', `the file differs at entry ${first + i}`);
  }
  await file.append(expected.subarray(durable), state.syncedFileBytes);
  return undefined;
}

/** Leaf bytes `from` … `to` - 1. */
export async function leavesOf(
  reader: Reader,
  epoch: number,
  from: number,
  to: number,
): Promise<(Bytes | undefined)[]> {
  return reader.getMany(Array.from({ length: to - from }, (_, i) => leafKey(epoch, from + i)));
}
