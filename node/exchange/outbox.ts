/**
 * The outbox: takes a submission and answers when it is durable. One commit holds the document, its deliveries,
 * their places in the queue, every index and the audit entry, so a crash leaves all or nothing; what has been
 * answered "queued" survives anything short of losing the disk.
 *
 * Same submission (same local system and key, or same content where a door has no key) → the earlier answer again.
 * R9: same issuer, year, number and notation with the same content and new recipients only → more dispatches of the
 * earlier document; anything else under a used number is refused, naming the earlier document.
 * Two submissions that race meet in the commit's preconditions: the later one starts again and finds the earlier.
 */
import { parse as parseUuid, v7 as uuidv7 } from 'uuid';
import {
  type DeliveryRow,
  type Document,
  type DocumentRow,
  document as documentCodec,
} from '../../proto/messages.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { Proposal, Submission, SubmitAnswer } from '../core/views.ts';
import type { BatchSigner } from '../signing/batch-signer.ts';
import { idOf, KINDS } from '../signing/envelope.ts';
import { deliveryAbsent, newDeliveryWrites, type QueuedDelivery, queuedOf } from '../store/deliveries.ts';
import {
  documentWrites,
  getNumberHolder,
  numberUnchanged,
  numberWrite,
  submissionUnchanged,
  submissionWrite,
} from '../store/documents.ts';
import type { Precondition, Write } from '../store/key-value.ts';
import { legalIdWrites, relationWrites } from '../store/relations.ts';
import { keptBy, proposedAttachments, type ResolvedAttachments, resolveAttachments } from './attachments.ts';
import { compose, type Draft } from './compose.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import { newDeliveries } from './dispatching.ts';
import { EarlierSubmissions, type Token, tokenOf } from './earlier-submissions.ts';
import type { FreshOffer } from './fresh-offers.ts';
import { freshOffer, type NewDocument, queuedEntry, recipientWrites } from './new-document.ts';
import { requireSeal } from './own-seal.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Relations, ResolvedRelations } from './relations.ts';
import type { Uploads } from './uploads.ts';
import { namesAs, requireNewRecipients } from './used-number.ts';

/** Races are between a few callers with the same number or key; more rounds than this is something else. */
const MAX_ROUNDS = 5;

export type OutboxComponents = Pick<
  ExchangeComponents,
  'store' | 'auditLog' | 'directory' | 'self' | 'clock' | 'random' | 'room'
> & {
  signer: BatchSigner;
  uploads: Uploads;
  relations: Relations;
  events: DeliveryEvents;
  onQueued: (delivery: QueuedDelivery, fresh: FreshOffer | undefined) => void;
};

export class Outbox {
  readonly #with: OutboxComponents;
  readonly #earlier: EarlierSubmissions;

  constructor(components: OutboxComponents) {
    this.#with = components;
    this.#earlier = new EarlierSubmissions(components);
  }

  /** Throws LienthongError for the first rule broken; nothing is stored then. */
  async submit(submission: Submission): Promise<SubmitAnswer> {
    const nowMs = this.#with.clock.nowMs();
    const token = tokenOf(submission);
    const relations = await this.#resolve(submission, token);
    if ('answer' in relations) return relations.answer;
    const fresh = await this.#takeAsNew(submission, relations, token, nowMs);
    if (fresh !== undefined) return fresh;
    // first of all: what was answered once is answered again, though its uploads, recipients or keys be gone since
    const earlier = await this.#earlier.find(submission, token);
    if (earlier.answer !== undefined) return earlier.answer;
    const draft = this.#draft(submission, relations, nowMs);
    let attachments = resolveAttachments(submission, this.#with.uploads, token.sums);
    for (let round = 1; ; round++) {
      try {
        return await this.#settle(submission, draft, attachments, token, nowMs);
      } catch (error) {
        if (!isLienthongError(error, 'state-changed') || round === MAX_ROUNDS) throw error;
        const { answer } = await this.#earlier.find(submission, token);
        if (answer !== undefined) return answer;
        attachments = resolveAttachments(submission, this.#with.uploads, token.sums);
      }
    }
  }

  /**
   * Throws what `submit` would, and answers what it would where the same was submitted before; stores nothing. Without
   * attachments only the fields are judged: whether a number is free depends on what is sent under it.
   */
  async validate(proposal: Proposal): Promise<SubmitAnswer | undefined> {
    const { store, clock } = this.#with;
    const isWhole = proposal.attachments.length > 0;
    const earlier = isWhole ? await this.#earlier.find(proposal, tokenOf(proposal)) : undefined;
    if (earlier?.answer !== undefined) return earlier.answer;
    const draft = this.#draft(proposal, await this.#with.relations.resolve(proposal), clock.nowMs());
    const holder = isWhole ? await getNumberHolder(store, draft.numberKey) : undefined;
    if (holder !== undefined && !namesAs(draft, holder) && !(await this.#earlier.isVoid(holder)))
      await requireNewRecipients(store, holder, draft, proposedAttachments(proposal.attachments));
    return undefined;
  }

  /** What it names may have moved or become ambiguous since it was answered: then that answer counts. */
  async #resolve(
    submission: Submission,
    token: Token,
  ): Promise<ResolvedRelations | { answer: SubmitAnswer }> {
    try {
      return await this.#with.relations.resolve(submission);
    } catch (error) {
      const { answer } = await this.#earlier.find(submission, token);
      if (answer === undefined) throw error;
      return { answer };
    }
  }

  /** This node's own right to send comes first: to a revoked one everything else would look wrong too. */
  #draft(submission: Omit<Submission, 'attachments'>, relations: ResolvedRelations, nowMs: number): Draft {
    const { directory, self } = this.#with;
    const now = directory();
    if (nowMs > now.validUntilMs) throw new LienthongError('directory-expired');
    const own = now.serviceFault(self.service().certificateSha256, self.seat, nowMs);
    if (own !== undefined) throw new LienthongError(own, { agency: self.agency });
    const draft = compose(submission, relations, now, self, nowMs);
    requireSeal(draft.numberKey.issuer, nowMs, this.#with);
    return draft;
  }

  /**
   * Nearly every submission is new and right: it is committed as that, and the preconditions, which are judged anyway,
   * say when it isn't. Undefined then, and whenever anything is wrong: what to answer is found out in order.
   */
  async #takeAsNew(
    submission: Submission,
    relations: ResolvedRelations,
    token: Token,
    nowMs: number,
  ): Promise<SubmitAnswer | undefined> {
    try {
      const draft = this.#draft(submission, relations, nowMs);
      const attachments = resolveAttachments(submission, this.#with.uploads, token.sums);
      const guard = [
        numberUnchanged(draft.numberKey, undefined),
        submissionUnchanged(token.system, token.name, undefined),
      ];
      return await this.#writeNew(draft, attachments, token, nowMs, guard);
    } catch (error) {
      // a disk that is full or failing isn't found out by looking again
      if (isLienthongError(error) && error.code !== 'disk-full') return undefined;
      throw error;
    }
  }

  async #settle(
    submission: Submission,
    draft: Draft,
    attachments: ResolvedAttachments,
    token: Token,
    nowMs: number,
  ): Promise<SubmitAnswer> {
    const { store } = this.#with;
    // the number first: who sees a racing submission's number then also sees that submission
    const holder = await getNumberHolder(store, draft.numberKey);
    const { answer, remembered } = await this.#earlier.find(submission, token);
    if (answer !== undefined) return answer;
    const guard = [
      numberUnchanged(draft.numberKey, holder),
      submissionUnchanged(token.system, token.name, remembered),
    ];
    if (holder === undefined || (await this.#earlier.isVoid(holder))) {
      return this.#writeNew(draft, attachments, token, nowMs, guard);
    }
    // an update or a recall may bear the number of what it names: the number stays with that
    if (namesAs(draft, holder)) return this.#writeNew(draft, attachments, token, nowMs, guard, holder);
    return this.#addRecipients(holder, draft, attachments, token, nowMs, guard);
  }

  async #writeNew(
    draft: Draft,
    attachments: ResolvedAttachments,
    token: Token,
    nowMs: number,
    guard: Precondition[],
    holder?: Bytes,
  ): Promise<SubmitAnswer> {
    const { self, signer, directory, random } = this.#with;
    const exchangeId = uuidv7({ msecs: nowMs, rng: () => random(16) });
    const payload = documentCodec.encode({
      ...draft.content,
      exchangeId: parseUuid(exchangeId),
      attachments: attachments.fields,
    });
    const seal = requireSeal(draft.numberKey.issuer, nowMs, this.#with);
    const documentId = idOf(KINDS.document, directory().federationId, payload);
    const of = { documentId, exchangeId: parseUuid(exchangeId) };
    // in one turn: batches of both
    const [envelope, rows] = await Promise.all([
      signer.sign({ kind: KINDS.document, payload }, seal),
      newDeliveries(of, draft.recipients, draft, nowMs, this.#with),
    ]);
    const row = {
      ...of,
      envelope,
      outgoing: true,
      storedAtMs: nowMs,
      localSystem: token.system,
      idempotencyKey: token.name,
      submissionHash: token.hash,
      fromSeat: self.seat,
    } as DocumentRow;
    const { small, files } = keptBy(row, attachments);
    const writes = [
      ...documentWrites(row, exchangeId, files),
      ...small,
      numberWrite(draft.numberKey, holder ?? documentId),
      ...relationWrites(draft.content as Document, row),
      ...legalIdWrites(draft.content as Document, row),
    ];
    const base: NewDocument = { require: guard, writes, envelope };
    return this.#queue(base, documentId, exchangeId, draft, rows, token, nowMs, attachments);
  }

  /** R9: the same content to new recipients is the same document, dispatched again. */
  async #addRecipients(
    holder: Bytes,
    draft: Draft,
    attachments: ResolvedAttachments,
    token: Token,
    nowMs: number,
    guard: Precondition[],
  ): Promise<SubmitAnswer> {
    const { row, id } = await requireNewRecipients(this.#with.store, holder, draft, attachments.fields);
    const base: NewDocument = { require: guard, writes: [], envelope: row.envelope };
    const of = { documentId: holder, exchangeId: parseUuid(id) };
    const rows = await newDeliveries(of, draft.recipients, draft, nowMs, this.#with);
    return this.#queue(base, holder, id, draft, rows, token, nowMs, attachments);
  }

  async #queue(
    base: NewDocument,
    documentId: Bytes,
    exchangeId: string,
    draft: Draft,
    rows: readonly DeliveryRow[],
    token: Token,
    nowMs: number,
    attachments: ResolvedAttachments,
  ): Promise<SubmitAnswer> {
    const { store, uploads, events, onQueued, room } = this.#with;
    await room();
    const writes: Write[] = [
      ...base.writes,
      ...attachments.writes,
      ...recipientWrites(documentId, draft.recipients),
      submissionWrite(token.system, token.name, documentId, token.hash),
    ];
    const unsent: Precondition[] = [];
    const fresh = new Map<string, FreshOffer | undefined>();
    for (const row of rows) {
      fresh.set(row.unit, freshOffer(row, base, attachments));
      // one dispatch stands for a delivery: of two submissions that add the same recipient, one finds the other's;
      // a new document has no earlier deliveries
      if (base.writes.length === 0) unsent.push(deliveryAbsent(row));
      writes.push(...newDeliveryWrites(row));
    }
    await store.commit({
      require: [...(base.require ?? []), ...attachments.require, ...unsent],
      writes,
      audit: [queuedEntry(documentId, exchangeId, draft, token, nowMs)],
    });
    for (const lease of attachments.leases) uploads.forget(lease);
    const units = rows.map(({ unit }) => unit);
    if (base.writes.length > 0) events.queued(documentId, units);
    else events.forget(documentId);
    for (const row of rows) onQueued(queuedOf(row), fresh.get(row.unit));
    return {
      id: exchangeId,
      documentHash: hex(documentId),
      deliveries: units.map((to) => ({ to, state: 'queued' })),
      ...(draft.missing.length > 0 ? { missing: draft.missing } : {}),
    };
  }
}
