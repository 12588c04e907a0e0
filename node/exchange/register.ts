/**
 * The registers: incoming documents by their number of arrival, outgoing ones in the order they were handed in. Read page
 * by page; a page costs what it shows, outgoing also what it passes over, at most SCAN_MOST. Only reads.
 *
 * An outgoing document belongs to the year of its date (R9), however late it was handed in: the scan begins a month before
 * that year and goes on to the end of the store.
 */
import { stringify as uuidText } from 'uuid';
import { leastSettled } from '../core/business-status.ts';
import { type Bytes, readUint64be, uint64be } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import { dayOf, startOfDayMs } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import type { RegisterPage, RegisterQuery, RegisterRow } from '../core/register-views.ts';
import { parseTransportState } from '../core/transport.ts';
import { getArrival } from '../store/arrivals.ts';
import { type DeliveryKey, deliveriesOf } from '../store/deliveries.ts';
import { documentsAfter, type ListPosition } from '../store/documents.ts';
import { registerEntries } from '../store/statuses.ts';
import { chainsOf } from './chains.ts';
import { type Standing, standingOf } from './custody.ts';
import { standingAt } from './life-view.ts';
import { type NamedDocument, namedDocument } from './named-documents.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Registers } from './status-desk.ts';

const PAGE = 100;
const PAGE_MOST = 500;
/** Rows a page of outgoing documents may pass over: about 0.2 s. */
const SCAN_MOST = 5_000;
/** A document may be handed in before its date. */
const EARLY_MS = 31 * 86_400_000;
const YEARS = { first: 1945, last: 9999 };

export type RegisterComponents = Pick<ExchangeComponents, 'store' | 'directory' | 'self' | 'clock'> & {
  registers: Registers;
};

export class Register {
  readonly #with: RegisterComponents;

  constructor(components: RegisterComponents) {
    this.#with = components;
  }

  /** Throws 'usage' for a year or cursor that is none, 'invalid-code'. */
  async page(query: RegisterQuery): Promise<RegisterPage> {
    const { clock, self } = this.#with;
    const year = query.year ?? Number(dayOf(clock.nowMs()).slice(0, 4));
    if (!Number.isInteger(year) || year < YEARS.first || year > YEARS.last)
      throw new LienthongError('usage', { field: 'year', value: String(query.year) });
    const unit = query.unit === undefined ? undefined : parseUnitCode(query.unit);
    const limit = Math.min(PAGE_MOST, Math.max(1, query.limit ?? PAGE));
    const read = query.box === 'inbox' ? this.#incoming : this.#outgoing;
    const { items, cursor } = await read.call(this, { year, unit, limit, cursor: query.cursor });
    return { box: query.box, year, unit: unit ?? self.agency, items, cursor };
  }

  async #incoming({ year, unit, limit, cursor }: Asked): Promise<Found> {
    const { store, self, registers } = this.#with;
    const ownSeries = registers === 'unit' && unit !== undefined;
    const after = cursor === undefined ? 0 : parseNumber(cursor);
    const items: RegisterRow[] = [];
    let last = after;
    let scanned = 0;
    for await (const entry of registerEntries(store, { unit: ownSeries ? unit : self.agency, year }, after)) {
      if (items.length === limit || scanned++ === SCAN_MOST) return { items, cursor: String(last) };
      last = entry.number;
      if (unit !== undefined && !ownSeries && entry.unit !== unit) continue;
      items.push(await this.#arrived(entry));
    }
    return { items, cursor: null };
  }

  async #outgoing({ year, unit, limit, cursor }: Asked): Promise<Found> {
    const { store } = this.#with;
    const first = {
      storedAtMs: Math.max(0, startOfDayMs(`${year}-01-01`) - EARLY_MS),
      documentId: new Uint8Array(0),
    };
    const position = cursor === undefined ? first : parsePosition(cursor);
    const items: RegisterRow[] = [];
    let last = position;
    let scanned = 0;
    for await (const next of documentsAfter(store, 'outbox', position, undefined)) {
      if (items.length === limit || scanned++ === SCAN_MOST) return { items, cursor: textOf(last) };
      last = next;
      const named = await namedDocument(store, next.documentId);
      if (named === undefined) throw new LienthongError('damaged', { where: 'document' });
      const { date, issuer } = named.content;
      if (!date.startsWith(`${year}-`) || (unit !== undefined && issuer.code !== unit)) continue;
      items.push(await this.#sent(named));
    }
    return { items, cursor: null };
  }

  async #arrived({ number, ...of }: DeliveryKey & { number: number }): Promise<RegisterRow> {
    const { store } = this.#with;
    const arrival = await getArrival(store, of.documentId, of.unit);
    const named = await namedDocument(store, of.documentId);
    const chains = await chainsOf(store, of);
    const assigned = chains.receiver.findLast(({ entry }) => entry.code === '04')?.content.staff;
    const accepted = chains.receiver.find(({ content }) => content.arrivalNumber === number)?.content;
    return {
      ...this.#row(named, standingOf(chains, false)),
      arrivalNumber: number,
      arrivedOn: arrival === undefined ? null : dayOf(arrival.storedAtMs),
      to: [this.#unit(of.unit)],
      staff: assigned ? { name: assigned.name ?? '', department: assigned.department ?? '' } : null,
      note: accepted?.note || null,
    };
  }

  async #sent(named: NamedDocument): Promise<RegisterRow> {
    const { store } = this.#with;
    const deliveries = await deliveriesOf(store, named.row.documentId);
    const standings: Standing[] = [];
    for (const row of deliveries)
      standings.push(await standingAt(store, row, parseTransportState(row.state) === 'cancelled'));
    const recalls = standings.map(({ recall }) => recall);
    const recall = recalls.every((one) => one === 'agreed')
      ? 'agreed'
      : (recalls.find((one) => one === 'requested') ?? 'none');
    return {
      ...this.#row(named, { status: leastSettled(standings.map(({ status }) => status)), recall }),
      to: deliveries.map((row) => this.#unit(row.unit)),
      note: named.content.note || null,
    };
  }

  #row(named: NamedDocument | undefined, standing: Standing): RegisterRow {
    const { row, content } = named ?? {};
    return {
      id: row === undefined ? null : uuidText(row.exchangeId),
      arrivalNumber: null,
      arrivedOn: null,
      from: content?.issuer.code ?? '',
      fromName: content?.issuer.name ?? '',
      number: content?.number ?? '',
      notation: content?.notation ?? '',
      date: content?.date ?? '',
      type: content?.type.name ?? '',
      subject: content?.subject ?? '',
      signer: content?.signer?.name || null,
      to: [],
      staff: null,
      note: null,
      ...standing,
    };
  }

  #unit(code: string): { code: string; name: string } {
    const service = this.#with.directory().service(code);
    return { code, name: service.kind === 'served' ? service.name : '' };
  }
}

interface Asked {
  year: number;
  unit: string | undefined;
  limit: number;
  cursor: string | undefined;
}
type Found = Pick<RegisterPage, 'items' | 'cursor'>;

const noCursor = (text: string): LienthongError =>
  new LienthongError('usage', { field: 'cursor', value: text.slice(0, 60) });

function parseNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw noCursor(text);
  return Number(text);
}

const textOf = ({ storedAtMs, documentId }: ListPosition): string =>
  Buffer.concat([uint64be(storedAtMs), documentId]).toString('base64url');

function parsePosition(text: string): ListPosition {
  const bytes: Bytes = new Uint8Array(Buffer.from(text.slice(0, 100), 'base64url'));
  if (bytes.byteLength !== 40) throw noCursor(text);
  try {
    return { storedAtMs: readUint64be(bytes), documentId: bytes.subarray(8) };
  } catch {
    throw noCursor(text);
  }
}
