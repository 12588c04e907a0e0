/**
 * Each dispatch and receipt states its signer's last durable audit log head, so seats witness each other's logs. This
 * keeps, per seat, the statement with the largest head seen, and shows it to that seat in Hello; and the head from
 * which the log was last proven to go on (log-examiner). What holds:
 * - One epoch and size with two roots is a rewritten log: both statements are kept and the operator is told. Exchange
 *   goes on: it is evidence, not a trust decision.
 * - A smaller head in a newer statement may be a clock's fault: it is a suspect, and the examiner asks for its proof.
 * - A later epoch is a seat that lost data. It declares what it goes on after in a log head signed alone.
 * A node that is shown a larger head of its own log, under its own signature, than it holds has lost what it had
 * acknowledged (restored from a backup, cloned): it stops issuing and says so.
 */
import {
  type LogEvidenceRow,
  type LogHead,
  type SeenGapRow,
  type SeenLogRow,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, copyOf, EMPTY, equalBytes, hex, sha256 } from '../core/bytes.ts';
import type { KeyValueStore, Write } from '../store/key-value.ts';
import {
  logEvidence,
  logEvidenceWrite,
  MOST_EVIDENCE_PER_SEAT,
  MOST_GAPS_PER_SEAT,
  seenGaps,
  seenGapWrite,
  seenLogs,
  seenLogWrite,
} from '../store/seen-logs.ts';
import {
  type DeclaredHead,
  declaredHead,
  headIn,
  isLarger,
  isSameHead,
  type StatedHead,
  statedHead,
} from './log-heads.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Trust } from './trust.ts';

export type LogWitnessComponents = Pick<
  ExchangeComponents,
  'store' | 'auditLog' | 'self' | 'clock' | 'report' | 'directory'
> & {
  trust: Trust;
  /** There is something to ask a seat about its log, soon. */
  onDoubt: (seat: string) => void;
};

/** Why two statements can't both be of one log. WARNING: persisted. */
export type Contradiction = 'another-root' | 'smaller' | 'not-continued' | 'undeclared';

/** What is known of a seat's log. */
interface Seen {
  latest: StatedHead;
  proven: StatedHead;
  /** Newer than `latest` by its clock, and smaller: to be proven or kept as evidence. */
  suspect: StatedHead | undefined;
}

export class LogWitness {
  readonly #with: LogWitnessComponents;
  readonly #seen = new Map<string, Seen>();
  /** Later epochs of a seat → the statement seen before, while the seat hasn't said yet after what it goes on. */
  readonly #gaps = new Map<string, Map<number, StatedHead | 'declared'>>();
  /** Statements of a seat kept as evidence, by their hash. */
  readonly #evidence = new Map<string, Set<string>>();
  /** Our own, of what peers showed. */
  #shown: Pick<StatedHead, 'epoch' | 'size'> | undefined;

  constructor(components: LogWitnessComponents) {
    this.#with = components;
  }

  async load(): Promise<void> {
    const { store } = this.#with;
    for await (const { seat, statement } of seenLogs(store, 'seenLog')) {
      const latest = statedHead(statement);
      if (latest !== undefined) this.#seen.set(seat, { latest, proven: latest, suspect: undefined });
    }
    for await (const { seat, statement } of seenLogs(store, 'provenLog')) {
      const [seen, proven] = [this.#seen.get(seat), statedHead(statement)];
      if (seen !== undefined && proven?.epoch === seen.latest.epoch) seen.proven = proven;
    }
    for await (const { seat, epoch, row } of seenGaps(store)) {
      const before = row.statement.byteLength > 0 ? 'declared' : statedHead(row.before);
      if (before !== undefined) this.#gapsOf(seat).set(epoch, before);
    }
    for await (const { seat, row } of logEvidence(store)) this.#evidenceOf(seat).add(nameOf(row.second));
  }

  /** Writes for the commit that keeps the statement anyway: mostly none when a larger head of the seat is known. */
  writesFor(seat: string, head: LogHead | null | undefined, statement: Bytes): Write[] {
    // nobody witnesses itself
    if (seat === this.#with.self.seat) return [];
    const stated = { epoch: head?.epoch ?? 0, size: head?.size ?? 0, root: head?.root ?? EMPTY };
    const known = this.#seen.get(seat)?.latest;
    // documents of one group state one head
    if (stated.epoch === 0 || (known !== undefined && isSameHead(known, stated))) return [];
    return this.#weigh(seat, headIn({ ...stated, root: copyOf(stated.root) }, copyOf(statement)));
  }

  /** What to show the seat in Hello. */
  statementFor(seat: string): Bytes | undefined {
    return this.#seen.get(seat)?.latest.statement;
  }

  /** Heads from which the seat's log must go on, the most telling first. */
  toProve(seat: string): { suspect: StatedHead | undefined; heads: StatedHead[] } | undefined {
    const seen = this.#seen.get(seat);
    if (seen === undefined) return undefined;
    const { latest, proven, suspect } = seen;
    const heads = latest === proven ? [proven] : [proven, latest];
    return { suspect, heads: heads.filter(({ size }) => size > 0) };
  }

  get seats(): string[] {
    return [...this.#seen.keys()];
  }

  /** Whether a seat has gone on in a later epoch and hasn't said yet after what, or has a suspect to be proven. */
  isInDoubt(seat: string): boolean {
    const seen = this.#seen.get(seat);
    const gap = seen && this.#gapsOf(seat).get(seen.latest.epoch);
    return seen?.suspect !== undefined || (gap !== undefined && gap !== 'declared');
  }

  /** A log head a seat signed for this node; undefined when it isn't that seat's. What it tells is kept. */
  async told(seat: string, statement: Bytes): Promise<DeclaredHead | undefined> {
    const { trust, clock, directory, store } = this.#with;
    const head = declaredHead(copyOf(statement));
    if (head === undefined || head.seat !== seat || head.agency !== directory().agencyOfSeat(seat))
      return undefined;
    const fault = trust.serviceFault(signedCodec.parse(statement), seat, clock.nowMs());
    if (fault !== undefined) return undefined;
    const writes = [...this.#weigh(seat, head), ...this.#declare(seat, head)];
    // a read-only node still helps others; it will be told again
    if (writes.length > 0 && store.health.state === 'ok') await store.commit({ writes });
    return head;
  }

  /** The log was proven to go on from all that is kept to this head. */
  async proved(seat: string, head: StatedHead): Promise<void> {
    const seen = this.#seen.get(seat);
    if (seen === undefined || seen.proven.epoch > head.epoch) return;
    seen.proven = head;
    await this.#with.store.commit({ writes: [seenLogWrite('provenLog', seat, rowOf(head))] });
  }

  /** A suspect turned out to be part of the log, or has become evidence. */
  cleared(seat: string): void {
    const seen = this.#seen.get(seat);
    if (seen !== undefined) seen.suspect = undefined;
  }

  /** Keeps two statements of a seat that can't both be of one log. */
  async contradicted(
    seat: string,
    first: StatedHead,
    second: StatedHead,
    reason: Contradiction,
  ): Promise<void> {
    const writes = this.#contradiction(seat, first, second, reason);
    if (writes.length > 0) await this.#with.store.commit({ writes });
  }

  /** A peer showed a statement said to be ours. Believed only under our own signature. */
  shown(statement: Bytes): void {
    const { auditLog, store, trust, self, clock, report } = this.#with;
    const head = statedHead(statement);
    if (head === undefined || !isLarger(head, auditLog.head())) return;
    if (trust.serviceFault(signedCodec.parse(statement), self.seat, clock.nowMs()) !== undefined) return;
    const own = auditLog.head();
    const where = `audit log: a peer holds our signed head of ${head.size} entries (epoch ${head.epoch}), here are ${own.size} (epoch ${own.epoch})`;
    report('log.behind', { where });
    if (this.#shown === undefined || isLarger(head, this.#shown)) {
      this.#shown = { epoch: head.epoch, size: head.size };
      auditLog.keepShown(statement);
    }
    (store as KeyValueStore).degrade({ kind: 'database-behind', where });
  }

  /** A head of a seat, signature checked, against what is known. */
  #weigh(seat: string, head: StatedHead): Write[] {
    const seen = this.#seen.get(seat);
    if (seen === undefined) {
      this.#seen.set(seat, { latest: head, proven: head, suspect: undefined });
      return [seenLogWrite('seenLog', seat, rowOf(head)), seenLogWrite('provenLog', seat, rowOf(head))];
    }
    const { latest } = seen;
    if (isLarger(head, latest)) {
      const writes = [seenLogWrite('seenLog', seat, rowOf(head))];
      seen.latest = head;
      if (head.epoch === latest.epoch) return writes;
      seen.proven = head;
      writes.push(seenLogWrite('provenLog', seat, rowOf(head)), ...this.#gap(seat, latest, head));
      return writes;
    }
    if (head.epoch === latest.epoch && head.size === latest.size)
      return equalBytes(head.root, latest.root)
        ? []
        : this.#contradiction(seat, latest, head, 'another-root');
    if (head.claimedAtMs > latest.claimedAtMs) {
      seen.suspect = head;
      this.#with.onDoubt(seat);
    }
    return [];
  }

  /** The seat's log went on in a later epoch: what was seen before is kept beside it. */
  #gap(seat: string, before: StatedHead, head: StatedHead): Write[] {
    const gaps = this.#gapsOf(seat);
    if (gaps.size >= MOST_GAPS_PER_SEAT) return [];
    gaps.set(head.epoch, before);
    this.#with.onDoubt(seat);
    return [seenGapWrite(seat, head.epoch, this.#gapRow(before, EMPTY))];
  }

  /** A log head signed alone says after what its epoch goes on. */
  #declare(seat: string, head: DeclaredHead): Write[] {
    const gaps = this.#gapsOf(seat);
    const before = gaps.get(head.epoch);
    if (before === undefined || before === 'declared') return [];
    gaps.set(head.epoch, 'declared');
    if (head.gapAfter === undefined || head.gapAfter.epoch >= head.epoch)
      return this.#contradiction(seat, before, head, 'undeclared');
    const { epoch, size } = head.gapAfter;
    const lost = Math.max(0, before.size - (epoch === before.epoch ? size : 0));
    this.#with.report('log.continued', { seat, epoch: head.epoch, lost });
    return [seenGapWrite(seat, head.epoch, this.#gapRow(before, head.statement))];
  }

  #gapRow(before: StatedHead, statement: Bytes): SeenGapRow {
    return { before: before.statement, statement, seenAtMs: this.#with.clock.nowMs() } as SeenGapRow;
  }

  #contradiction(seat: string, first: StatedHead, second: StatedHead, reason: Contradiction): Write[] {
    const { report, clock } = this.#with;
    const known = this.#evidenceOf(seat);
    const name = nameOf(second.statement);
    if (known.has(name)) return [];
    const [older, newer] = [first, second].map(({ epoch, size }) => `${epoch}/${size}`);
    report('log.rewritten', { seat, reason, first: older!, second: newer! });
    if (known.size >= MOST_EVIDENCE_PER_SEAT) return [];
    known.add(name);
    const row = {
      first: first.statement,
      second: second.statement,
      reason,
      seenAtMs: clock.nowMs(),
    } as LogEvidenceRow;
    return [logEvidenceWrite(seat, sha256(second.statement), row)];
  }

  #gapsOf(seat: string): Map<number, StatedHead | 'declared'> {
    const gaps = this.#gaps.get(seat) ?? new Map<number, StatedHead | 'declared'>();
    this.#gaps.set(seat, gaps);
    return gaps;
  }

  #evidenceOf(seat: string): Set<string> {
    const known = this.#evidence.get(seat) ?? new Set<string>();
    this.#evidence.set(seat, known);
    return known;
  }
}

const nameOf = (statement: Bytes): string => hex(sha256(statement));

const rowOf = ({ epoch, size, statement }: StatedHead): SeenLogRow =>
  ({ epoch, size, statement }) as SeenLogRow;
