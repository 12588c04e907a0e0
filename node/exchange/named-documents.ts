/**
 * Documents by what names them, and the one rule of who may change one: recall, update, replace, correct it, or send it to
 * more. The unit that issued it may, or whoever answers for that unit now, and the agency that sent it; another unit of
 * the same node may not. Only reads. Used by relations, recalls, more-recipients and the imports, by command and by file alike.
 */
import { stringify as uuidText } from 'uuid';
import {
  type Document,
  type DocumentRow,
  document as documentCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { organKey } from '../edxml/organ-id.ts';
import { getDocument } from '../store/documents.ts';
import type { Reader } from '../store/key-value.ts';
import { findByLegalId } from '../store/relations.ts';
import { kindOfWire } from './compose.ts';
import type { TrustedDirectory } from './ports.ts';

export interface NamedDocument {
  row: DocumentRow;
  content: Document;
}

export async function namedDocument(store: Reader, documentId: Bytes): Promise<NamedDocument | undefined> {
  const row = await getDocument(store, documentId);
  return row && { row, content: documentCodec.parse(signedCodec.parse(row.envelope).payload) };
}

/** Documents of one DocumentId and sender that are looked through. */
const MOST_NAMESAKES = 20;

/** Documents that bear a DocumentId, of each sender the newest first. */
export async function bearing(store: Reader, legalId: string): Promise<NamedDocument[]> {
  const found: NamedDocument[] = [];
  for (const documentId of await findByLegalId(store, legalId, MOST_NAMESAKES)) {
    const named = await namedDocument(store, documentId);
    if (named !== undefined) found.push(named);
  }
  return found;
}

/** Whether the author an imported message names issued it, or sent it for its unit. `unitOf` knows today's codes. */
export function isBy(
  { issuer, senderAgency }: NamedDocument['content'],
  organId: string,
  unitOf: (organId: string) => string,
): boolean {
  const named = organKey(organId);
  const unit = unitOf(organId);
  return (
    named === organKey(issuer.legacyCode ?? '') ||
    unit === issuer.code ||
    (named === senderAgency && unit === named)
  );
}

/** Whether a unit of this node may change a document that was sent from here. `unit` as the directory writes it. */
export function mayChange(
  unit: string,
  { issuer, senderAgency }: Pick<Document, 'issuer' | 'senderAgency'>,
  directory: Pick<TrustedDirectory, 'service'>,
): boolean {
  return unit === senderAgency || unit === issuer.code || unit === answering(issuer.code!, directory);
}

/** A unit under today's code. */
function answering(unit: string, directory: Pick<TrustedDirectory, 'service'>): string {
  const service = directory.service(unit);
  if (service.kind === 'merged') return service.into;
  return service.kind === 'served' ? service.unit : unit;
}

/** Throws 'status-not-allowed' for what was received here, or another unit issued. */
export function requireOwn(
  { row, content }: NamedDocument,
  unit: string,
  directory: Pick<TrustedDirectory, 'service'>,
): void {
  const id = uuidText(row.exchangeId);
  if (!row.outgoing) throw new LienthongError('status-not-allowed', { id, side: 'receiver' });
  if (!mayChange(unit, content, directory))
    throw new LienthongError('status-not-allowed', { id, issuer: content.issuer.code!, unit });
}

/**
 * What a DocumentId means to a unit that changes a document: of those sent from here that it may change, the newest. A
 * recall may bear the DocumentId of what it recalls and is never meant. Where several units issued one, the unit named
 * counts (`organId`, which some messages use for a recipient instead), then the acting one. Undefined where none is
 * here. Throws 'ambiguous', naming the units, and 'status-not-allowed' where all are of others.
 */
export async function ownBearing(
  store: Reader,
  { legalId, organId }: { legalId: string; organId: string },
  unit: string,
  directory: Pick<TrustedDirectory, 'service'>,
): Promise<NamedDocument | undefined> {
  const sent = (await bearing(store, legalId)).filter(
    ({ row, content }) => row.outgoing && kindOfWire(content.businessKind) !== 'recall',
  );
  if (sent[0] === undefined) return undefined;
  const own = sent.filter(({ content }) => mayChange(unit, content, directory));
  if (own[0] === undefined) requireOwn(sent[0], unit, directory);
  const named = own.filter(({ content: { issuer } }) => isIssuer(issuer, organId));
  const acting = own.filter(({ content: { issuer } }) => issuer.code === unit);
  const meant = [named, acting, own].find((some) => some.length > 0) ?? [];
  const issuers = new Set(meant.map(({ content: { issuer } }) => issuer.code!));
  if (issuers.size > 1) throw new LienthongError('ambiguous', { id: legalId, units: [...issuers] });
  return meant[0];
}

const isIssuer = ({ code, legacyCode }: Document['issuer'], organId: string): boolean =>
  organId !== '' && [code, legacyCode].some((one) => organKey(one ?? '') === organKey(organId));
