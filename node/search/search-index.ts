/**
 * A node's search index: the calls of index-calls.ts, answered by a thread that is there while it is needed. It is
 * started by a call, ended after some seconds without one (an idle node keeps no memory for it), and started again
 * after it died. The index is never the truth: every failure is LienthongError 'search-unavailable' with `damaged`
 * saying whether a new index is the way out, and concerns nobody but who searches. Made by agency.ts.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type {
  Compared,
  FindRequest,
  Found,
  IndexAnswer,
  IndexCall,
  IndexEntry,
  MomentRange,
  Note,
} from './index-calls.ts';
import { IndexHint } from './index-hint.ts';
import { workerProgram } from './worker-program.ts';

/** The thread ends when nothing was asked for so long: starting it again costs some 50 ms. */
const REST_MS = 10_000;
/** No call takes so long once it is its turn, `inspect` of a large index apart; a thread that does is ended. */
const CALL_MS = 30_000;
const INSPECT_MS = 600_000;
/** Calls at once: pages of clerks, one batch of new documents. */
const MAX_WAITING = 256;
/**
 * Its heap holds one batch and one page; SQLite's own memory is beside it. Young objects have little room, or V8 lets them
 * take 128 MB.
 */
const HEAP_MB = 64;
const YOUNG_HEAP_MB = 8;

export interface SearchIndexComponents {
  /** The node's folder; the index rests in `search/` of it. */
  dir: string;
  clock: Clock;
}

interface Waiting {
  worker: Worker;
  mostMs: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class SearchIndex {
  /** Beside the index, for what can be known of it without its thread. */
  readonly hint: IndexHint;
  readonly #path: string;
  readonly #clock: Clock;
  /** In the order they were asked, which is that of the answers. */
  readonly #waiting = new Map<number, Waiting>();
  /** Those, and the ones that wait for a thread. */
  #calls = 0;
  #stopTimer: (() => void) | undefined;
  #worker: Worker | undefined;
  /** Threads that end: the next one begins after them, since one at a time has the file. */
  readonly #leaving = new Set<Promise<unknown>>();
  #cancelRest: (() => void) | undefined;
  #lastId = 0;
  #isStopped = false;

  constructor({ dir, clock }: SearchIndexComponents) {
    this.#path = join(dir, 'search', 'index.sqlite');
    this.hint = new IndexHint(this.#path);
    this.#clock = clock;
  }

  open = () => this.#call<Note | undefined>('open', []);
  write = (entries: readonly IndexEntry[], note: Note) => this.#call<void>('write', [entries, note]);
  find = (request: FindRequest) => this.#call<Found>('find', [request]);
  count = () => this.#call<number>('count', []);
  countMoments = (ranges: readonly MomentRange[]) => this.#call<number[]>('countMoments', [ranges]);
  compare = (entries: readonly IndexEntry[]) => this.#call<Compared>('compare', [entries]);
  inspect = () => this.#call<string | undefined>('inspect', [], INSPECT_MS);
  reset = () => this.#call<void>('reset', []);

  /** Whether its thread is there. */
  get isAwake(): boolean {
    return this.#worker !== undefined;
  }

  /** What is under way is finished first; later calls fail. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#letGo();
    await Promise.all(this.#leaving);
  }

  async #call<T>(name: IndexCall['name'], args: unknown[], mostMs = CALL_MS): Promise<T> {
    if (this.#calls >= MAX_WAITING)
      throw new LienthongError('busy', { reason: 'searches waiting', waiting: this.#calls });
    this.#calls++;
    this.#cancelRest?.();
    try {
      while (this.#leaving.size > 0) await Promise.all(this.#leaving);
      if (this.#isStopped) throw new LienthongError('not-running', { what: 'search' });
      this.#worker ??= this.#start();
      const worker = this.#worker;
      const id = ++this.#lastId;
      return await new Promise<T>((resolve, reject) => {
        worker.postMessage({ id, name, args } satisfies IndexCall);
        this.#waiting.set(id, { worker, mostMs, resolve: resolve as (value: unknown) => void, reject });
        if (this.#waiting.size === 1) this.#timeFirst();
      });
    } finally {
      this.#calls--;
      if (this.#calls === 0 && !this.#isStopped)
        this.#cancelRest = this.#clock.after(REST_MS, () => this.#letGo());
    }
  }

  /** The thread takes one call at a time: the time of a call begins once those before it are answered. */
  #timeFirst(): void {
    this.#stopTimer?.();
    const [first] = this.#waiting.values();
    this.#stopTimer = first && this.#clock.after(first.mostMs, () => this.#end(first.worker, 'no answer'));
  }

  #start(): Worker {
    const worker = new Worker(workerProgram(), {
      workerData: this.#path,
      // what the process was told to load first is not meant for it
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    });
    worker.on('message', (answer: IndexAnswer) => this.#answered(answer));
    worker.on('error', (error) => this.#end(worker, error.message));
    worker.on('exit', (code) => this.#end(worker, `exit ${code}`));
    return worker;
  }

  #answered(answer: IndexAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    this.#timeFirst();
    if ('error' in answer) waiting.reject(unavailable(answer.reason, answer.error === 'damaged'));
    else waiting.resolve(answer.value);
  }

  /** Asks the thread to close its file and end. */
  #letGo(): void {
    this.#cancelRest?.();
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    this.#leave(new Promise((resolve) => worker.once('exit', resolve)));
    worker.postMessage({ id: 0, name: 'close', args: [] } satisfies IndexCall);
  }

  /** It died, hangs, or has ended: whoever still waits for it is told. */
  #end(worker: Worker, reason: string): void {
    if (this.#worker === worker) this.#worker = undefined;
    for (const [id, waiting] of this.#waiting) {
      if (waiting.worker !== worker) continue;
      this.#waiting.delete(id);
      waiting.reject(unavailable(reason, false));
    }
    this.#timeFirst();
    this.#leave(worker.terminate());
  }

  #leave(ended: Promise<unknown>): void {
    const left = ended.then(() => void this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}

const unavailable = (reason: string, damaged: boolean): LienthongError =>
  new LienthongError('search-unavailable', { reason, damaged });
