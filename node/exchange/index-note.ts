/** How far an index has come, as it notes itself, and whether that is a place of this node's log. */
import { type Bytes, hex, sha256, utf8 } from '../core/bytes.ts';
import type { WorkingCalendar } from '../core/working-days.ts';
import type { Box } from '../search/index-calls.ts';
import { markOfLog } from '../store/audit-feed.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import type { OwnLog } from './ports.ts';

/** WARNING: persisted, in the index and in the hint beside it. */
export interface Note {
  epoch: number;
  /** Log entries taken in. */
  size: number;
  /** Of the last of these. */
  mark: string;
  /** Names the calendar its moments were reckoned with. */
  calendar: string;
  /** While it is built: after which document of which list. */
  scan: { box: Box; after: { storedAtMs: number; documentId: string } | null; total: number } | null;
}

export const calendarMark = ({ name }: WorkingCalendar): string => hex(sha256(utf8(name)) as Bytes);

export interface NoteComponents {
  store: KeyValueStore;
  auditLog: OwnLog;
  calendar: WorkingCalendar;
}

/** Why an index with this note isn't this node's; undefined where it is. */
export async function whyNotOurs(
  note: Note,
  { store, auditLog, calendar }: NoteComponents,
): Promise<'another calendar' | 'another store' | undefined> {
  if (note.calendar !== calendarMark(calendar)) return 'another calendar';
  const { epoch, size } = auditLog.head();
  if (note.epoch !== epoch || note.size > size) return 'another store';
  return (await markOfLog(store, epoch, note.size)) === note.mark ? undefined : 'another store';
}
