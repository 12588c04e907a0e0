/**
 * Entry of the index's own thread: SQLite works synchronously, and here it stalls nobody. Takes one call at a time,
 * in the order they came. Started by search-index.ts; a program of its own in the bundle.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../core/clock.ts';
import { IndexBox } from './index-box.ts';
import type {
  Box,
  Compared,
  FindRequest,
  IndexAnswer,
  IndexCall,
  IndexCalls,
  IndexEntry,
  MomentRange,
} from './index-calls.ts';
import { isDamage, openIndexFile, removeIndexFile, type Sqlite } from './index-file.ts';

const path = workerData as string;

/** Node says of its SQLite that it is experimental; every other warning is still said. */
async function loadSqlite(): Promise<Sqlite> {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes('SQLite')) emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return (await import('node:sqlite')).DatabaseSync;
  } finally {
    process.emitWarning = emitWarning;
  }
}

interface Opened {
  database: InstanceType<Sqlite>;
  boxes: Record<Box, IndexBox>;
}

class OpenIndex implements IndexCalls {
  readonly #sqlite: Sqlite;
  #opened: Opened | undefined;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  open(): string | undefined {
    const note = this.#open().database.prepare("SELECT value FROM notes WHERE name = 'note'").get();
    return note?.value as string | undefined;
  }

  write(entries: readonly IndexEntry[], note: string): void {
    const { database, boxes } = this.#open();
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const [name, box] of Object.entries(boxes)) box.write(entries.filter((one) => one.box === name));
      database.prepare("INSERT OR REPLACE INTO notes (name, value) VALUES ('note', ?)").run(note);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  find = (request: FindRequest) => this.#open().boxes[request.box].find(request);

  count(): number {
    const { inbox, outbox } = this.#open().boxes;
    return inbox.count + outbox.count;
  }

  countMoments = (ranges: readonly MomentRange[]) =>
    ranges.map((range) => this.#open().boxes[range.box].moments.count(range));

  compare(entries: readonly IndexEntry[]): Compared {
    const result = { missing: 0, different: 0 };
    for (const [name, box] of Object.entries(this.#open().boxes)) {
      const { missing, different } = box.compare(entries.filter((one) => one.box === name));
      result.missing += missing;
      result.different += different;
    }
    return result;
  }

  inspect(): string | undefined {
    const { database } = this.#open();
    const first = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    if (first !== 'ok') return String(first);
    try {
      for (const box of ['inbox', 'outbox'])
        database.exec(`INSERT INTO ${box}_words (${box}_words) VALUES ('integrity-check')`);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  reset(): void {
    this.close();
    removeIndexFile(path);
    this.#open();
  }

  close(): void {
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  #open(): Opened {
    this.#opened ??= this.#begin(true);
    return this.#opened;
  }

  #begin(mayBeDamaged: boolean): Opened {
    const database = openIndexFile(this.#sqlite, path);
    try {
      const box = (name: Box) => new IndexBox(database, name, systemClock.nowMs);
      return { database, boxes: { inbox: box('inbox'), outbox: box('outbox') } };
    } catch (error) {
      database.close();
      if (!mayBeDamaged || !isDamage(error)) throw error;
      removeIndexFile(path);
      return this.#begin(false);
    }
  }
}

function answerOf(index: OpenIndex, { id, name, args }: IndexCall): IndexAnswer {
  try {
    const call = index[name] as (...args: unknown[]) => unknown;
    return { id, value: call.apply(index, args) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { id, error: isDamage(error) ? 'damaged' : 'failed', reason };
  }
}

const port = parentPort!;
const index = new OpenIndex(await loadSqlite());
port.on('message', (call: IndexCall) => {
  port.postMessage(answerOf(index, call));
  if (call.name === 'close') port.close();
});
