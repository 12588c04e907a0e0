/**
 * Documents that name others: what a submission may name, and what a replacement, an update or a reply means for the
 * document it names, at one unit. A document counts for another only if the same agency sent it (or the one that
 * answers for its units now), and only at units it has reached: both ends find the same, whichever came first.
 */
import { stringify as uuidText } from 'uuid';
import {
  type Document,
  type DocumentRow,
  document as documentCodec,
  type lienthong,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, compareBytes, EMPTY, equalBytes } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import { LienthongError } from '../core/errors.ts';
import { parseTransportState } from '../core/transport.ts';
import type { RelationInput, RelationKind, Submission } from '../core/views.ts';
import { arrivalsOf, getArrival } from '../store/arrivals.ts';
import { type DeliveryKey, deliveriesOf, getDelivery } from '../store/deliveries.ts';
import { getDocument } from '../store/documents.ts';
import type { Reader } from '../store/key-value.ts';
import { findByLegalId, namedBy, RELATION } from '../store/relations.ts';
import { chainsOf } from './chains.ts';
import { kindOfWire } from './compose.ts';
import type { ExchangeComponents } from './ports.ts';

export type RelationFields = lienthong.v1.Relation.$Properties;

/** A recall may bear the DocumentId of what it recalls: that is meant, never the recall. */
const isChangeable = ({ row, content }: NamedDocument): boolean =>
  row.outgoing && kindOfWire(content.businessKind) !== 'recall';

/** What a submission's relations come to. */
export interface ResolvedRelations {
  fields: RelationFields[];
  /** Who is concerned, where the submission doesn't say to whom it goes. */
  to: string[];
  /** The unit a reply comes from, where the submission doesn't say: the one that received what it answers. */
  from?: string | undefined;
}

/** Most documents one may name: as on the wire. */
const MOST_RELATIONS = 1_000;
const OWN_ONLY: ReadonlySet<RelationKind> = new Set<RelationKind>([
  'recalls',
  'updates',
  'replaces',
  'corrects',
]);

export class Relations {
  readonly #with: Pick<ExchangeComponents, 'store' | 'directory'>;
  readonly #idOf: (id: string) => Promise<Bytes>;

  /** `idOf` finds a document by its exchange id or a beginning of it, or throws. */
  constructor(
    components: Pick<ExchangeComponents, 'store' | 'directory'>,
    idOf: (id: string) => Promise<Bytes>,
  ) {
    this.#with = components;
    this.#idOf = idOf;
  }

  /** Throws 'not-found', 'ambiguous', and 'status-not-allowed' for what another agency sent and only it may change. */
  async resolve({ relations = [] }: Pick<Submission, 'relations'>): Promise<ResolvedRelations> {
    if (relations.length > MOST_RELATIONS)
      throw new LienthongError('usage', { field: 'relations', most: MOST_RELATIONS });
    const fields: RelationFields[] = [];
    const to = new Set<string>();
    let from: string | undefined;
    for (const relation of relations) {
      const target = await this.#target(relation);
      if (target === undefined) {
        fields.push(fieldsOf(relation, undefined, []));
        continue;
      }
      if (OWN_ONLY.has(relation.kind) && !target.row.outgoing)
        throw new LienthongError('status-not-allowed', {
          id: uuidText(target.row.exchangeId),
          side: 'receiver',
        });
      if (relation.kind === 'answers' && !target.row.outgoing) from ??= await this.#receiverOf(target.row);
      const units = await this.#unitsOf(relation, target.row);
      for (const unit of await this.#concerned(relation, target, units)) to.add(unit);
      fields.push(fieldsOf(relation, target, units));
    }
    return { fields, to: [...to], from };
  }

  async #target({ id, legalId, kind }: RelationInput): Promise<NamedDocument | undefined> {
    const { store } = this.#with;
    if (id !== undefined) return namedDocument(store, await this.#idOf(id));
    if (legalId === undefined) return undefined;
    const found: NamedDocument[] = [];
    for (const documentId of await findByLegalId(store, legalId, 20)) {
      const named = await namedDocument(store, documentId);
      if (named !== undefined && (!OWN_ONLY.has(kind) || isChangeable(named))) found.push(named);
    }
    return found[0];
  }

  async #unitsOf({ units = [] }: RelationInput, row: DocumentRow): Promise<string[]> {
    const codes = units.map((unit) => this.#unit(unit));
    const sent = new Set((await deliveriesOf(this.#with.store, row.documentId)).map(({ unit }) => unit));
    const stranger = codes.find((code) => row.outgoing && !sent.has(code));
    if (stranger !== undefined) throw new LienthongError('not-found', { what: 'delivery', id: stranger });
    return codes;
  }

  #unit(text: string): string {
    const code = parseUnitCode(text);
    const service = this.#with.directory().service(code);
    return service.kind === 'served' ? service.unit : code;
  }

  /** The unit that received a document; where there were several none: the reply has to say. */
  async #receiverOf({ documentId }: DocumentRow): Promise<string | undefined> {
    const arrivals = await arrivalsOf(this.#with.store, documentId);
    return arrivals.length === 1 ? arrivals[0]!.unit : undefined;
  }

  /** Of a reply, who asked; else whoever has the document: not those it was recalled from or who refused it. */
  async #concerned(
    { kind }: RelationInput,
    { row, content }: NamedDocument,
    units: readonly string[],
  ): Promise<readonly string[]> {
    const { store } = this.#with;
    if (kind === 'answers' && !row.outgoing) return [content.issuer.code];
    if (units.length > 0) return units;
    const open: string[] = [];
    for (const delivery of await deliveriesOf(store, row.documentId)) {
      if (['refused', 'cancelled'].includes(parseTransportState(delivery.state))) continue;
      const { state } = await chainsOf(store, { documentId: row.documentId, unit: delivery.unit });
      const isGone = state.stage === '02' || state.recall === 'requested' || state.recall === 'agreed';
      if (kind === 'answers' || kind === 'recalls' || !isGone) open.push(delivery.unit);
    }
    return open;
  }
}

export interface NamedDocument {
  row: DocumentRow;
  content: Document;
}

export async function namedDocument(store: Reader, documentId: Bytes): Promise<NamedDocument | undefined> {
  const row = await getDocument(store, documentId);
  return row && { row, content: documentCodec.parse(signedCodec.parse(row.envelope).payload) };
}

function fieldsOf(
  input: RelationInput,
  target: NamedDocument | undefined,
  units: readonly string[],
): RelationFields {
  const { content, row } = target ?? {};
  return {
    kind: RELATION[input.kind],
    documentId: row?.documentId ?? EMPTY,
    organId: input.organId ?? content?.issuer.legacyCode ?? '',
    legalId: input.legalId ?? content?.legalId ?? '',
    number: input.number ?? content?.number ?? '',
    notation: input.notation ?? content?.notation ?? '',
    date: input.date ?? content?.date ?? '',
    units: units.length > 0 ? [...units] : [...(target === undefined ? (input.units ?? []) : [])],
  };
}

/** The agency whose node serves a unit, by the directory. */
export type AgencyOf = (unit: string) => string | undefined;

/** What names a document and has reached a unit: documents, oldest first. */
export interface Effects {
  replacedBy: NamedDocument[];
  updatedBy: NamedDocument[];
  answeredBy: NamedDocument[];
}

/** What other documents mean for one at a unit, as far as they have reached it. */
export async function effectsOn(
  store: Reader,
  of: DeliveryKey,
  target: NamedDocument,
  agencyOf: AgencyOf,
): Promise<Effects> {
  const effects: Effects = { replacedBy: [], updatedBy: [], answeredBy: [] };
  for (const { kind, documentId } of await namedBy(store, of.documentId)) {
    const source = await namedDocument(store, documentId);
    if (source === undefined) continue;
    if (kind === RELATION.answers) {
      if (await isAnswerOf(store, of.unit, source, target, agencyOf)) effects.answeredBy.push(source);
    } else if (isSameSender(source, target) && (await hasReached(store, of.unit, source))) {
      if (kind === RELATION.replaces && isFor(source, of)) effects.replacedBy.push(source);
      if (kind === RELATION.updates || kind === RELATION.corrects) effects.updatedBy.push(source);
    }
  }
  // in the order they were made, which is the same wherever it is read
  const byId = (a: NamedDocument, b: NamedDocument) => compareBytes(a.row.exchangeId, b.row.exchangeId);
  for (const list of Object.values(effects) as NamedDocument[][]) list.sort(byId);
  return effects;
}

/** A reply comes from the unit that was asked, or from its agency where it was the only one of that asked. */
async function isAnswerOf(
  store: Reader,
  unit: string,
  source: NamedDocument,
  target: NamedDocument,
  agencyOf: AgencyOf,
): Promise<boolean> {
  if (source.row.outgoing === target.row.outgoing) return false;
  if (source.content.issuer.code === unit) return true;
  const { senderAgency } = source.content;
  const { documentId, outgoing } = target.row;
  const asked = outgoing ? await deliveriesOf(store, documentId) : await arrivalsOf(store, documentId);
  const ofAgency = asked.filter((one) => agencyOf(one.unit) === senderAgency);
  return ofAgency.length === 1 && ofAgency[0]!.unit === unit;
}

/** Only its sender may change a document: the agency that sent it, over the same pair of seats. */
export const isSameSender = (source: NamedDocument, target: NamedDocument): boolean =>
  source.row.outgoing === target.row.outgoing && source.content.senderAgency === target.content.senderAgency;

function isFor(source: NamedDocument, { documentId, unit }: DeliveryKey): boolean {
  return source.content.relations.some(
    (relation) =>
      relation.kind === RELATION.replaces &&
      equalBytes(relation.documentId ?? EMPTY, documentId) &&
      ((relation.units ?? []).length === 0 || relation.units!.includes(unit)),
  );
}

async function hasReached(store: Reader, unit: string, { row }: NamedDocument): Promise<boolean> {
  const of = { documentId: row.documentId, unit };
  if (!row.outgoing) return (await getArrival(store, row.documentId, unit)) !== undefined;
  const delivery = await getDelivery(store, of);
  return delivery !== undefined && parseTransportState(delivery.state) === 'delivered';
}

export const nameOf = ({ row }: NamedDocument): string => uuidText(row.exchangeId);
