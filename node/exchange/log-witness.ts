/**
 * Each dispatch and receipt states its signer's last durable audit log head, so seats witness each other's logs. This
 * keeps, per seat, the statement with the largest head seen, and shows it to that seat in Hello. A node that is shown
 * a larger head of its own log, under its own signature, than it holds has lost what it had acknowledged (restored
 * from a backup, cloned): it stops issuing and says so.
 */

import type { LogHead } from '../../proto/messages.ts';
import {
  dispatch,
  receipt,
  type SeenLogRow,
  seenLogRow,
  signed as signedCodec,
} from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import { KINDS } from '../signing/envelope.ts';
import type { KeyValueStore, Write } from '../store/key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from '../store/keys.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Trust } from './trust.ts';

export type LogWitnessComponents = Pick<
  ExchangeComponents,
  'store' | 'auditLog' | 'self' | 'clock' | 'report'
> & {
  trust: Trust;
};

interface Seen {
  epoch: number;
  size: number;
  statement: Bytes;
}

const isLarger = (
  a: { epoch: number; size: number },
  b: { epoch: number; size: number } | undefined,
): boolean => b === undefined || a.epoch > b.epoch || (a.epoch === b.epoch && a.size > b.size);

export class LogWitness {
  readonly #with: LogWitnessComponents;
  readonly #seen = new Map<string, Seen>();

  constructor(components: LogWitnessComponents) {
    this.#with = components;
  }

  async load(): Promise<void> {
    for await (const { key: row, value } of this.#with.store.range(prefixRange(PREFIX.seenLog))) {
      const [seat] = partsOf(row, ['text']);
      this.#seen.set(seat, seenLogRow.parse(value));
    }
  }

  /** Writes for the commit that keeps the statement anyway: none when a larger head of the seat is known. */
  writesFor(seat: string, head: LogHead | null | undefined, statement: Bytes): Write[] {
    const seen = { epoch: head?.epoch ?? 0, size: head?.size ?? 0, statement };
    if (seen.epoch === 0 || !isLarger(seen, this.#seen.get(seat))) return [];
    this.#seen.set(seat, seen);
    return [{ put: key(PREFIX.seenLog, seat), value: seenLogRow.encode(seen as SeenLogRow) }];
  }

  /** What to show the seat in Hello. */
  statementFor(seat: string): Bytes | undefined {
    return this.#seen.get(seat)?.statement;
  }

  /** A peer showed a statement said to be ours. Believed only under our own signature. */
  shown(statement: Bytes): void {
    const { auditLog, store, trust, self, clock, report } = this.#with;
    const head = headOf(statement);
    if (head === undefined || !isLarger(head, auditLog.head())) return;
    if (trust.serviceFault(signedCodec.parse(statement), self.seat, clock.nowMs()) !== undefined) return;
    const own = auditLog.head();
    const where = `audit log: a peer holds our signed head of ${head.size} entries (epoch ${head.epoch}), here are ${own.size} (epoch ${own.epoch})`;
    report('log.behind', { where });
    (store as KeyValueStore).degrade({ kind: 'database-behind', where });
  }
}

/** The log head a dispatch or receipt states; undefined for anything else. */
function headOf(statement: Bytes): { epoch: number; size: number } | undefined {
  try {
    const { kind, payload } = signedCodec.parse(statement);
    const codec = kind === KINDS.dispatch ? dispatch : kind === KINDS.receipt ? receipt : undefined;
    const head = codec?.parse(payload).logHead;
    return head === undefined || head === null ? undefined : { epoch: head.epoch ?? 0, size: head.size ?? 0 };
  } catch {
    return undefined;
  }
}
