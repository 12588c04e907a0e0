/**
 * What this node has seen of other seats' audit logs: the largest head, the one last proven, later epochs, and
 * statements that contradict each other. Rows are bounded for each seat, whatever it signs.
 */
import {
  type LogEvidenceRow,
  logEvidenceRow,
  type SeenGapRow,
  type SeenLogRow,
  seenGapRow,
  seenLogRow,
} from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

/** A later epoch is a loss of data at that seat, a contradiction worse: more of either tell nothing new. */
export const MOST_GAPS_PER_SEAT = 16;
export const MOST_EVIDENCE_PER_SEAT = 16;

export type SeenKind = 'seenLog' | 'provenLog';

export const seenLogWrite = (kind: SeenKind, seat: string, row: SeenLogRow): Write => ({
  put: key(PREFIX[kind], seat),
  value: seenLogRow.encode(row),
});

export const seenGapWrite = (seat: string, epoch: number, row: SeenGapRow): Write => ({
  put: key(PREFIX.seenGap, seat, epoch),
  value: seenGapRow.encode(row),
});

/** `name` is the SHA-256 of the second statement. */
export const logEvidenceWrite = (seat: string, name: Bytes, row: LogEvidenceRow): Write => ({
  put: key(PREFIX.logEvidence, seat, name),
  value: logEvidenceRow.encode(row),
});

export async function* seenLogs(
  store: Reader,
  kind: SeenKind,
): AsyncGenerator<{ seat: string; statement: Bytes }> {
  for await (const { key: row, value } of store.range(prefixRange(PREFIX[kind])))
    yield { seat: partsOf(row, ['text'])[0], statement: seenLogRow.parse(value).statement };
}

export async function* seenGaps(
  store: Reader,
): AsyncGenerator<{ seat: string; epoch: number; row: SeenGapRow }> {
  for await (const { key: row, value } of store.range(prefixRange(PREFIX.seenGap))) {
    const [seat, epoch] = partsOf(row, ['text', 'number']);
    yield { seat, epoch, row: seenGapRow.parse(value) };
  }
}

export async function* logEvidence(store: Reader): AsyncGenerator<{ seat: string; row: LogEvidenceRow }> {
  for await (const { key: row, value } of store.range(prefixRange(PREFIX.logEvidence)))
    yield { seat: partsOf(row, ['text', 'bytes'])[0], row: logEvidenceRow.parse(value) };
}
