/**
 * Reading what a node holds: finding a document by its id, what a list shows of one, one document in full. Only
 * reads; every answer is plain data for the doors. Lists are the finder's.
 */
import { stringify as uuidText } from 'uuid';
import {
  type Document,
  type DocumentRow,
  dispatch as dispatchCodec,
  document as documentCodec,
  receipt as receiptCodec,
  refusal as refusalCodec,
  type Scope,
  type Signed,
  scope as scopeCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { leastSettled } from '../core/business-status.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import { leastAdvanced, parseTransportState, storedTransportState } from '../core/transport.ts';
import { urgencyOfWire } from '../core/urgency.ts';
import type { DeliveryView, DocumentItem, DocumentView, SignatureView } from '../core/views.ts';
import { arrivalsOf } from '../store/arrivals.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import {
  type Box,
  boxesOf,
  findByExchangeId,
  getByExchangeId,
  getDocument,
  inBoxSinceMs,
} from '../store/documents.ts';
import type { Reader } from '../store/key-value.ts';
import type { ClockReader } from './clock-reader.ts';
import type { Standing } from './custody.ts';
import { lifeAt, lifeOf, standingAt } from './life-view.ts';
import { Naming } from './naming.ts';
import type { PdfReports } from './pdf-reports.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Trust } from './trust.ts';

/** Characters of a UUID as text. */
const FULL_ID = 36;
const CANCELLED = storedTransportState('cancelled');
const KINDS = ['', 'new', 'recall', 'update', 'replace'];

export interface HeldDocument {
  row: DocumentRow;
  signed: Signed;
  content: Document;
}

export type LibraryComponents = Pick<ExchangeComponents, 'store' | 'directory'> & {
  trust: Trust;
  pdfs: PdfReports;
  clocks: ClockReader;
};

export class Library {
  readonly #with: LibraryComponents;

  constructor(components: LibraryComponents) {
    this.#with = components;
  }

  /** By exchange id or a unique beginning of it. Throws 'not-found', 'ambiguous', 'usage'. */
  async require(id: string): Promise<HeldDocument> {
    const row = await getDocument(this.#with.store, await this.requireId(id));
    if (row === undefined) throw new LienthongError('damaged', { where: 'document' });
    return held(row);
  }

  /** The document id an exchange id or a unique beginning of it stands for. Throws as `require`. */
  async requireId(id: string): Promise<Bytes> {
    const start = id.trim().toLowerCase();
    if (!/^[0-9a-f-]{1,36}$/.test(start))
      throw new LienthongError('usage', { field: 'id', value: id.slice(0, 60) });
    if (start.length === FULL_ID) {
      const found = await getByExchangeId(this.#with.store, start);
      if (found !== undefined) return found;
    }
    const found = await findByExchangeId(this.#with.store, start, 2);
    if (found.length > 1) throw new LienthongError('ambiguous', { id: start });
    if (found[0] === undefined) throw new LienthongError('not-found', { what: 'document', id: start });
    return found[0];
  }

  async show(id: string): Promise<DocumentView> {
    const document = await this.require(id);
    const { row, content, signed } = document;
    const naming = await Naming.of(this.#with.store, document, this.#with.directory());
    const deliveries = row.outgoing
      ? await this.#sent(document, naming)
      : await this.#received(document, naming);
    const life = await lifeOf(
      document,
      deliveries.map(({ view }) => view.to),
      naming,
      this.#with,
    );
    const { signer } = content;
    return {
      ...(await this.itemOf(document)),
      box: boxesOf(row)[0]!,
      boxes: boxesOf(row),
      documentHash: hex(row.documentId),
      content: content.content || null,
      place: content.place || null,
      signer: signer
        ? { name: signer.name ?? '', position: signer.position ?? '', competence: signer.competence ?? '' }
        : null,
      due: deliveries[0]?.due || null,
      circular: deliveries.some(({ circular }) => circular),
      printedRecipients: content.printedRecipients,
      deliveries: await this.#withClocks(document, deliveries),
      ...life,
      ...(await this.#with.pdfs.of(document)),
      signatures: this.signatures(signed),
    };
  }

  /** Signatures of an envelope as a person reads them: whether each verifies, and whether its certificate is listed. */
  signatures(signed: Signed): SignatureView[] {
    return this.#with.trust.signatures(signed).map((checked) => ({
      role: checked.role ?? 'unknown',
      agency: checked.certificate?.agency ?? null,
      serial: checked.certificate?.serial ?? null,
      claimedAt: isoTime(checked.claimedAtMs),
      valid: checked.fault === undefined,
      reason: checked.fault ?? null,
    }));
  }

  /** What the list of a box shows of a document, as the store holds it now. */
  async itemOf(
    { row, content }: HeldDocument,
    box: Box = boxesOf(row)[0]!,
    store: Reader = this.#with.store,
  ): Promise<DocumentItem> {
    const isSent = box === 'outbox';
    const deliveries = isSent ? await deliveriesOf(store, row.documentId) : [];
    const arrivals = isSent ? [] : await arrivalsOf(store, row.documentId);
    const urgency = deliveries[0]?.urgency ?? arrivals[0]?.urgency ?? 1;
    const standings: Standing[] = [];
    for (const of of [...deliveries, ...arrivals])
      standings.push(await standingAt(store, of, 'state' in of && of.state === CANCELLED));
    return {
      id: uuidText(row.exchangeId),
      legalId: content.legalId,
      kind: KINDS[content.businessKind] ?? '',
      from: content.issuer!.code!,
      fromName: content.issuer!.name ?? '',
      to: [...deliveries, ...arrivals].map(({ unit }) => unit),
      type: content.type!.name!,
      number: content.number,
      notation: content.notation,
      subject: content.subject,
      date: content.date,
      urgency: urgencyOfWire(urgency),
      state: isSent ? leastAdvanced(deliveries.map(({ state }) => parseTransportState(state))) : 'delivered',
      status: leastSettled(standings.map(({ status }) => status)),
      attachments: content.attachments.length,
      storedAt: isoTime(inBoxSinceMs(row, box) ?? row.storedAtMs),
    };
  }

  async #sent(document: HeldDocument, naming: Naming): Promise<Shown[]> {
    const isHere = boxesOf(document.row).includes('inbox');
    const arrivals = isHere ? await arrivalsOf(this.#with.store, document.row.documentId) : [];
    return Promise.all(
      (await deliveriesOf(this.#with.store, document.row.documentId)).map(async (row) => {
        const { due, circular } = dispatchCodec.parse(signedCodec.parse(row.dispatch).payload);
        const state = parseTransportState(row.state);
        const view: DeliveryView = {
          to: row.unit,
          seat: row.seat,
          here: arrivals.some(({ unit }) => unit === row.unit),
          state,
          ...(await lifeAt(row, state === 'cancelled', naming, this.#with.store)),
          attempts: row.attempts,
          nextAttemptAt: row.nextAttemptAtMs > 0 ? isoTime(row.nextAttemptAtMs) : null,
          lastError: row.lastError || null,
          elapsedMs: row.settledAtMs > 0 ? row.settledAtMs - row.queuedAtMs : null,
          receipt: state === 'delivered' ? this.#receipt(row.outcome, row.seat) : null,
          refusal: state === 'refused' ? this.#refusal(row.outcome, row.seat) : null,
        };
        return { view, due, circular };
      }),
    );
  }

  async #received(document: HeldDocument, naming: Naming): Promise<Shown[]> {
    return Promise.all(
      (await arrivalsOf(this.#with.store, document.row.documentId)).map(async (row) => {
        const { due, circular } = dispatchCodec.parse(signedCodec.parse(row.dispatch).payload);
        const view: DeliveryView = {
          to: row.unit,
          seat: row.fromSeat,
          here: true,
          state: 'delivered',
          ...(await lifeAt(row, false, naming, this.#with.store)),
          attempts: 1,
          nextAttemptAt: null,
          lastError: null,
          elapsedMs: null,
          receipt: this.#receipt(row.receipt, row.unit),
          refusal: null,
        };
        return { view, due, circular };
      }),
    );
  }

  async #withClocks(document: HeldDocument, shown: readonly Shown[]): Promise<DeliveryView[]> {
    const { clocks } = this.#with;
    const byUnit = new Map((await clocks.of(document)).map((one) => [one.unit, one]));
    return shown.map(({ view }) => {
      const one = byUnit.get(view.to);
      return one === undefined ? view : { ...view, clocks: clocks.viewOf(one) };
    });
  }

  #receipt(bytes: Bytes, fallback: string): { at: string; by: string } {
    const signed = signedCodec.parse(bytes);
    return { at: isoTime(receiptCodec.parse(signed.payload).storedAtMs), by: this.#signer(signed, fallback) };
  }

  #refusal(bytes: Bytes, fallback: string): NonNullable<DeliveryView['refusal']> {
    const signed = signedCodec.parse(bytes);
    const { code, text, retry, refusedAtMs } = refusalCodec.parse(signed.payload);
    const by = this.#signer(signed, fallback);
    return { at: isoTime(refusedAtMs), by, code, text, retry: retry === 1 ? 'never' : 'later' };
  }

  #signer(signed: Signed, fallback: string): string {
    const scope: Scope = scopeCodec.parse(signed.signatures[0]!.scope!);
    return this.#with.directory().certificate(scope.certificateSha256)?.agency ?? fallback;
  }
}

interface Shown {
  view: DeliveryView;
  due: string;
  circular: boolean;
}

export function held(row: DocumentRow): HeldDocument {
  const signed = signedCodec.parse(row.envelope);
  return { row, signed, content: documentCodec.parse(signed.payload) };
}
