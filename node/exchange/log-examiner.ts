/**
 * Asks seats whether their audit logs still go on from the heads they signed before (RFC 6962 consistency proofs): each
 * once a day while there is a connection, and soon where the witness is in doubt. An answer that is signed and doesn't
 * follow is evidence; a seat that can't be asked or refuses is asked again. Nothing else depends on the verdict. Made
 * by exchange; ended by stop().
 */
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { verifyConsistency } from '../core/merkle.ts';
import { isLarger, type StatedHead } from './log-heads.ts';
import { askLog } from './log-stream.ts';
import type { LogWitness } from './log-witness.ts';
import type { ExchangeComponents, Frames } from './ports.ts';

const DAY_MS = 86_400_000;
/** A doubt is settled soon, and a seat that goes on giving doubts isn't asked without end. */
const DOUBT_EVERY_MS = 60_000;

export type LogExaminerComponents = Pick<ExchangeComponents, 'store' | 'peers' | 'clock' | 'report'> & {
  witness: LogWitness;
};

export class LogExaminer {
  readonly #with: LogExaminerComponents;
  readonly #askedAtMs = new Map<string, number>();
  readonly #under = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #cancelSweep = () => {};

  constructor(components: LogExaminerComponents) {
    this.#with = components;
  }

  start(): void {
    this.#cancelSweep = this.#with.clock.after(DOUBT_EVERY_MS, () => {
      for (const seat of this.#with.witness.seats) this.consider(seat);
      this.start();
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running'));
    this.#cancelSweep();
    await Promise.all(this.#under.values());
  }

  /** Asks the seat if it is time to and there is a connection. */
  consider(seat: string): void {
    const { witness, peers, clock, store } = this.#with;
    const nowMs = clock.nowMs();
    const askedAtMs = this.#askedAtMs.get(seat) ?? Number.NEGATIVE_INFINITY;
    const everyMs = witness.isInDoubt(seat) ? DOUBT_EVERY_MS : DAY_MS;
    if (this.#stopping.signal.aborted || this.#under.has(seat) || nowMs - askedAtMs < everyMs) return;
    if (store.health.state !== 'ok' || witness.toProve(seat) === undefined || !peers.isConnected(seat))
      return;
    this.#askedAtMs.set(seat, nowMs);
    const work = this.#examine(seat).finally(() => this.#under.delete(seat));
    this.#under.set(seat, work);
  }

  async #examine(seat: string): Promise<void> {
    const { peers, report } = this.#with;
    const { signal } = this.#stopping;
    let frames: Frames | undefined;
    try {
      frames = await peers.openLog(seat, signal);
      await this.#ask(seat, frames);
    } catch (error) {
      if (!signal.aborted)
        report('log.unproven', { seat, reason: isLienthongError(error) ? error.code : 'malformed' });
    } finally {
      await frames?.close().catch(() => {});
    }
  }

  async #ask(seat: string, frames: Frames): Promise<void> {
    const { witness, report } = this.#with;
    const { suspect, heads } = witness.toProve(seat) ?? { suspect: undefined, heads: [] };
    let isWhole = true;
    let last: StatedHead | undefined;
    for (const from of suspect === undefined ? heads : [...heads, suspect]) {
      const [answer] = await askLog(
        frames,
        [{ proof: { epoch: from.epoch, size: from.size } }],
        this.#stopping.signal,
      );
      const { proof, refused } = answer!;
      if (!proof) {
        if (!refused) throw new LienthongError('malformed', { field: 'LogResponse' });
        report('log.unproven', { seat, reason: refused.code ?? '' });
        // two statements that contradict each other, and nobody to explain them
        if (suspect !== undefined) await this.#keep(seat, heads.at(-1) ?? suspect, suspect, 'smaller');
        return;
      }
      const now = await witness.told(seat, proof.statement!);
      if (now === undefined) throw new LienthongError('signature-invalid', { seat });
      last = now;
      // of a later epoch its declaration tells; a suspect of an earlier one was signed after that began
      if (now.epoch > from.epoch && from !== suspect) continue;
      if (now.epoch !== from.epoch || now.size < from.size) {
        isWhole = false;
        const [larger, smaller] = isLarger(now, from) ? [now, from] : [from, now];
        await this.#keep(seat, larger, smaller, 'smaller');
      } else if (!verifyConsistency(from, now, proof.path ?? [])) {
        isWhole = false;
        await this.#keep(seat, from, now, 'not-continued');
      } else if (from === suspect) witness.cleared(seat);
    }
    if (isWhole && last !== undefined) await witness.proved(seat, last);
  }

  async #keep(
    seat: string,
    first: StatedHead,
    second: StatedHead,
    reason: 'smaller' | 'not-continued',
  ): Promise<void> {
    await this.#with.witness.contradicted(seat, first, second, reason);
    this.#with.witness.cleared(seat);
  }
}
