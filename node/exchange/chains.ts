/**
 * The two chains of a document at a unit as this node holds them, and the entries it adds to its own. Each entry is
 * signed and names the one before; the state is what both chains say together (core/business-status). An entry and its
 * place in the courier's queue are one commit, made by the caller; two that append at once meet in its preconditions.
 */
import {
  type DeliveryRow,
  type lienthong,
  type Status,
  type StatusRow,
  signed as signedCodec,
  status as statusCodec,
} from '../../proto/messages.ts';
import {
  automaticAnswer,
  type BusinessState,
  businessState,
  type ChainEntry,
  type ChainSide,
  RECEIVER_SIDE,
  SENDER_SIDE,
  type Stage,
  type StatusCode,
  statusCodeOf,
  wireOfStatus,
} from '../core/business-status.ts';
import { type Bytes, EMPTY, hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { BatchSigner } from '../signing/batch-signer.ts';
import { idOf, KINDS } from '../signing/envelope.ts';
import {
  type DeliveryKey,
  type QueuedDelivery,
  queuedOf,
  statusDeliveryWrites,
} from '../store/deliveries.ts';
import type { AuditEntry, Precondition, Reader, Write } from '../store/key-value.ts';
import { entriesOf, MOST_ENTRIES, nextAbsent, statusWrite } from '../store/statuses.ts';
import { type KeptMessage, keepingMessage } from './kept-message.ts';
import type { ExchangeComponents } from './ports.ts';

/** One entry of a chain, read. */
export interface ChainStatement {
  entry: ChainEntry;
  content: Status;
  row: StatusRow;
}

export interface Chains {
  of: DeliveryKey;
  sender: ChainStatement[];
  receiver: ChainStatement[];
  state: BusinessState;
}

export async function chainsOf(store: Reader, of: DeliveryKey): Promise<Chains> {
  const found = await entriesOf(store, of);
  const chain = (wanted: ChainSide): ChainStatement[] =>
    found.filter(({ side }) => side === wanted).map(({ row }) => readStatement(row));
  return chainsFrom(of, chain(SENDER_SIDE), chain(RECEIVER_SIDE));
}

/** Entries in any order, with holes or without. */
export function chainsFrom(
  of: DeliveryKey,
  sender: readonly ChainStatement[],
  receiver: readonly ChainStatement[],
): Chains {
  const [first, second] = [sender, receiver].map((chain) =>
    [...chain].sort((one, other) => one.entry.sequence - other.entry.sequence),
  ) as [ChainStatement[], ChainStatement[]];
  return {
    of,
    sender: first,
    receiver: second,
    state: businessState(first.map(entryOf), second.map(entryOf)),
  };
}

/** Of a row that was checked when it was stored. */
export function readStatement(row: StatusRow): ChainStatement {
  const content = statusCodec.parse(signedCodec.parse(row.envelope).payload);
  const code = statusCodeOf(content.code);
  if (code === undefined) throw new LienthongError('damaged', { where: 'status' });
  const entry = { id: hex(row.statusId), sequence: content.sequence, code, answers: hex(content.answers) };
  return { entry, content, row };
}

const entryOf = ({ entry }: ChainStatement): ChainEntry => entry;

/** What a chain's next entry follows: the newest held. */
const lastOf = (chain: readonly ChainStatement[]): ChainStatement | undefined => chain.at(-1);

export const nextSequence = (chain: readonly ChainStatement[]): number =>
  (lastOf(chain)?.entry.sequence ?? 0) + 1;

/** Neither chain has gone on since it was read: what was decided still holds. */
export const unchanged = ({ of, sender, receiver }: Chains): Precondition[] => [
  nextAbsent(of, SENDER_SIDE, nextSequence(sender)),
  nextAbsent(of, RECEIVER_SIDE, nextSequence(receiver)),
];

/** What the receiver's node says by itself at a stage to recalls nobody has answered. */
export function automaticAnswers({ sender, state }: Chains, stage: Stage): Said[] {
  const code = automaticAnswer(stage);
  if (code === undefined || state.recall !== 'requested') return [];
  const waiting = sender.filter(({ entry }) => entry.code === '13' && !state.answers.has(entry.id));
  const reasonCode = stage === 'sent' ? 'nobody-has-taken-it' : `after-${stage}`;
  // agreeing to one ends it
  return (code === '15' ? waiting.slice(-1) : waiting).map(({ row }) => ({
    code,
    answers: row.statusId,
    reasonCode,
  }));
}

/** What is said in one entry. */
export interface Said {
  code: StatusCode;
  /** Of a recall or an update document. */
  answers?: Bytes | undefined;
  reason?: string | undefined;
  reasonCode?: string | undefined;
  note?: string | undefined;
  staff?: lienthong.v1.StatusStaff.$Properties | undefined;
  arrival?: { number: number; year: number; unit: string } | undefined;
  importedText?: string | undefined;
  /** The file it was imported from. */
  message?: KeptMessage | undefined;
}

/** Where an entry goes: `held` until its document's outcome is known; undefined seat: nowhere, it is a record only. */
export interface Carrying {
  seat: string | undefined;
  urgency: number;
  exchangeId: Bytes;
  held?: boolean;
}

/** One commit's share of new entries. */
export interface Made {
  require: Precondition[];
  writes: Write[];
  audit: AuditEntry[];
  carried: QueuedDelivery[];
  statements: ChainStatement[];
}

export type StatusMakerComponents = Pick<ExchangeComponents, 'directory' | 'self' | 'clock' | 'auditLog'> & {
  signer: BatchSigner;
};

/** Signs this node's own entries. */
export class StatusMaker {
  readonly #with: StatusMakerComponents;

  constructor(components: StatusMakerComponents) {
    this.#with = components;
  }

  /** Throws 'quota' past MOST_ENTRIES of a chain. */
  async make(
    chains: Chains,
    side: ChainSide,
    said: readonly Said[],
    { seat, urgency, exchangeId, held }: Carrying,
  ): Promise<Made> {
    const { clock } = this.#with;
    const made: Made = { require: unchanged(chains), writes: [], audit: [], carried: [], statements: [] };
    let last = lastOf(side === SENDER_SIDE ? chains.sender : chains.receiver);
    for (const one of said) {
      const nowMs = clock.nowMs();
      const statement = await this.#sign(chains.of, side, one, last, nowMs);
      const { sequence } = statement.entry;
      made.statements.push(statement);
      made.writes.push(statusWrite(chains.of, side, sequence, statement.row));
      const kept = keepingMessage(chains.of, { side, sequence }, one.message);
      made.require.push(...kept.require);
      made.writes.push(...kept.writes);
      made.audit.push(auditOf(chains.of, statement, 'status.made', nowMs));
      if (seat !== undefined) {
        const row = {
          ...chains.of,
          exchangeId,
          seat,
          urgency,
          dispatchId: statement.row.statusId,
          dispatch: statement.row.envelope,
          state: 1,
          queuedAtMs: nowMs,
          statusSide: side,
          statusSequence: sequence,
        } as unknown as DeliveryRow;
        made.writes.push(...statusDeliveryWrites(row, held ?? false));
        if (!held) made.carried.push(queuedOf(row));
      }
      last = statement;
    }
    return made;
  }

  async #sign(
    { documentId, unit }: DeliveryKey,
    side: ChainSide,
    said: Said,
    last: ChainStatement | undefined,
    nowMs: number,
  ): Promise<ChainStatement> {
    const { directory, self, auditLog, signer } = this.#with;
    const sequence = (last?.entry.sequence ?? 0) + 1;
    if (sequence > MOST_ENTRIES) throw new LienthongError('quota', { what: 'statuses', most: MOST_ENTRIES });
    const payload = statusCodec.encode({
      documentId,
      unit,
      side,
      sequence,
      previous: last?.row.statusId ?? EMPTY,
      code: wireOfStatus(said.code),
      answers: said.answers ?? EMPTY,
      reasonCode: said.reasonCode ?? '',
      reason: said.reason ?? '',
      staff: said.staff,
      note: said.note ?? '',
      arrivalNumber: said.arrival?.number ?? 0,
      arrivalYear: said.arrival?.year ?? 0,
      registerUnit: said.arrival?.unit ?? '',
      happenedAtMs: nowMs,
      logHead: auditLog.head(),
      importedText: said.importedText ?? '',
    });
    const envelope = await signer.sign({ kind: KINDS.status, payload }, self.service());
    const statusId = idOf(KINDS.status, directory().federationId, payload);
    return readStatement({ statusId, envelope, fromSeat: '', storedAtMs: nowMs } as StatusRow);
  }
}

export function auditOf(
  { documentId, unit }: DeliveryKey,
  { entry, content }: ChainStatement,
  event: 'status.made' | 'status.received',
  atMs: number,
): AuditEntry {
  const fields = [
    { name: 'document', value: hex(documentId) },
    { name: 'unit', value: unit },
    { name: 'code', value: entry.code },
    { name: 'status', value: entry.id },
    ...(content.reason === '' ? [] : [{ name: 'reason', value: content.reason.slice(0, 400) }]),
  ];
  return { atMs, event, fields };
}
