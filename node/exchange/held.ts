/**
 * What this node holds of itself and another seat, for that seat when it has lost data: settled deliveries in both
 * directions, listed in pages that cost a bounded number of rows however few of them are that seat's, and each in full
 * on request. Only reads. Called by log-server.
 */
import {
  arrivalRow,
  deliveryRow,
  document as documentCodec,
  type HeldKey,
  signed,
} from '../../proto/messages.ts';
import { type Bytes, copyOf, EMPTY } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { parseTransportState } from '../core/transport.ts';
import { getArrival } from '../store/arrivals.ts';
import { type DeliveryKey, getDelivery } from '../store/deliveries.ts';
import { getDocument } from '../store/documents.ts';
import { PREFIX, prefixRange } from '../store/keys.ts';
import { countEntries, entriesOf } from '../store/statuses.ts';
import { readAttachment } from './attachments.ts';
import { inlinedOf } from './attempt.ts';
import type { ExchangeComponents } from './ports.ts';

/** Rows one page may read: 30 ms here. */
const SCAN_MOST = 1_024;
/** WARNING: on the wire (HeldList.keys). */
const KEYS_MOST = 512;
/** WARNING: on the wire (HeldItem.statuses). */
const STATUS_BYTES = 256 * 1024;
/** In this order; the place a page ends at is a key of ours, and its first byte says in which of the two. */
const SPACES: readonly number[] = [PREFIX.delivery, PREFIX.arrival];

export type HeldKeyFields = Pick<HeldKey, 'documentId' | 'unit' | 'sent' | 'statuses'>;

export interface HeldItemFields {
  document: Bytes;
  dispatch: Bytes;
  receipt: Bytes;
  inlineBlobs: Bytes[];
  statuses: Bytes[];
}

/** A page after a place an earlier page ended at; `next` is empty at the end. Undefined when the place is none of ours. */
export async function heldPage(
  { store }: Pick<ExchangeComponents, 'store'>,
  seat: string,
  after: Bytes,
): Promise<{ keys: HeldKeyFields[]; next: Bytes } | undefined> {
  const start = after.byteLength === 0 ? 0 : SPACES.indexOf(after[0]!);
  if (start < 0) return undefined;
  const keys: HeldKeyFields[] = [];
  let left = SCAN_MOST;
  for (const space of SPACES.slice(start)) {
    const { gte, lt } = prefixRange(space);
    const from = space === after[0] ? { gt: after } : { gte };
    for await (const { key, value } of store.range({ ...from, lt, limit: left })) {
      const held = space === PREFIX.delivery ? ofDelivery(value, seat) : ofArrival(value, seat);
      if (held !== undefined) keys.push({ ...held, statuses: await countEntries(store, held) });
      if (--left === 0 || keys.length === KEYS_MOST) return { keys, next: copyOf(key) };
    }
  }
  return { keys, next: EMPTY };
}

/** One of them in full; undefined when this node holds no such thing of that seat. */
export async function heldItem(
  { store, blobs }: Pick<ExchangeComponents, 'store' | 'blobs'>,
  seat: string,
  { documentId, unit, sent }: Pick<HeldKeyFields, 'documentId' | 'unit' | 'sent'>,
): Promise<HeldItemFields | undefined> {
  const pair = sent
    ? await received(store, seat, documentId, unit)
    : await delivered(store, seat, documentId, unit);
  const document = pair && (await getDocument(store, documentId));
  if (document === undefined) return undefined;
  const { attachments } = documentCodec.parse(signed.parse(document.envelope).payload);
  const inlineBlobs: Bytes[] = [];
  for (const attachment of inlinedOf(attachments).inline) {
    try {
      inlineBlobs.push(await readAttachment(attachment as never, document, store, blobs));
    } catch (error) {
      // the statements are worth having without it
      if (!isLienthongError(error, 'damaged')) throw error;
    }
  }
  const statuses = await statusesOf(store, { documentId, unit });
  return { ...pair!, document: document.envelope, inlineBlobs, statuses };
}

/** Both chains, as far as there is room for them. */
async function statusesOf(store: ExchangeComponents['store'], of: DeliveryKey): Promise<Bytes[]> {
  const found: Bytes[] = [];
  let room = STATUS_BYTES;
  for (const { row } of await entriesOf(store, of)) {
    room -= row.envelope.byteLength;
    if (room < 0) break;
    found.push(row.envelope);
  }
  return found;
}

async function received(store: ExchangeComponents['store'], seat: string, documentId: Bytes, unit: string) {
  const row = await getArrival(store, documentId, unit);
  return row?.fromSeat === seat ? { dispatch: row.dispatch, receipt: row.receipt } : undefined;
}

async function delivered(store: ExchangeComponents['store'], seat: string, documentId: Bytes, unit: string) {
  const row = await getDelivery(store, { documentId, unit });
  if (row?.seat !== seat || parseTransportState(row.state) !== 'delivered') return undefined;
  return { dispatch: row.dispatch, receipt: row.outcome };
}

type Named = Pick<HeldKeyFields, 'documentId' | 'unit' | 'sent'>;

function ofDelivery(value: Bytes, of: string): Named | undefined {
  const { documentId, unit, seat, state } = deliveryRow.parse(value);
  const isTheirs = seat === of && parseTransportState(state) === 'delivered';
  return isTheirs ? { documentId, unit, sent: false } : undefined;
}

function ofArrival(value: Bytes, of: string): Named | undefined {
  const { documentId, unit, fromSeat } = arrivalRow.parse(value);
  return fromSeat === of ? { documentId, unit, sent: true } : undefined;
}
