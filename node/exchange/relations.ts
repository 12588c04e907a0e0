/**
 * Documents that name others: what a submission may name, and what a replacement, an update or a reply means for the
 * document it names, at one unit. A document counts for another only if the same agency sent it (or the one that
 * answers for its units now), and only at units it has reached: both ends find the same, whichever came first.
 */
import { stringify as uuidText } from 'uuid';
import type { DocumentRow, lienthong } from '../../proto/messages.ts';
import { type Bytes, compareBytes, EMPTY } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import { LienthongError } from '../core/errors.ts';
import { parseTransportState } from '../core/transport.ts';
import type { RelationInput, RelationKind, Submission } from '../core/views.ts';
import { arrivalsOf, getArrival } from '../store/arrivals.ts';
import { deliveriesOf, getDelivery } from '../store/deliveries.ts';
import type { Reader } from '../store/key-value.ts';
import { isNamed, type NamingRow, namedBy, RELATION } from '../store/relations.ts';
import { chainsOf } from './chains.ts';
import {
  bearing,
  isBy,
  type NamedDocument,
  namedDocument,
  ownBearing,
  requireOwn,
} from './named-documents.ts';
import type { ExchangeComponents, TrustedDirectory } from './ports.ts';

export type RelationFields = lienthong.v1.Relation.$Properties;

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
  readonly #with: Pick<ExchangeComponents, 'store' | 'directory' | 'self'>;
  readonly #idOf: (id: string) => Promise<Bytes>;

  /** `idOf` finds a document by its exchange id or a beginning of it, or throws. */
  constructor(
    components: Pick<ExchangeComponents, 'store' | 'directory' | 'self'>,
    idOf: (id: string) => Promise<Bytes>,
  ) {
    this.#with = components;
    this.#idOf = idOf;
  }

  /** Throws 'not-found', 'ambiguous', and 'status-not-allowed' for what another unit issued and only that may change. */
  async resolve({
    relations = [],
    from: acting,
  }: Pick<Submission, 'relations' | 'from'>): Promise<ResolvedRelations> {
    if (relations.length > MOST_RELATIONS)
      throw new LienthongError('usage', { field: 'relations', most: MOST_RELATIONS });
    const fields: RelationFields[] = [];
    const to = new Set<string>();
    let from: string | undefined;
    for (const relation of relations) {
      const by = this.#unit(acting ?? from ?? this.#with.self.agency);
      const target = await this.#target(relation, by);
      if (target === undefined) {
        fields.push(fieldsOf(relation, undefined, []));
        continue;
      }
      if (relation.kind === 'answers' && !target.row.outgoing) from ??= await this.#receiverOf(target.row);
      const units = await this.#unitsOf(relation, target.row);
      for (const unit of await this.#concerned(relation, target, units)) to.add(unit);
      fields.push(fieldsOf(relation, target, units));
    }
    return { fields, to: [...to], from };
  }

  /** By its id, or the newest of the author named that bears the DocumentId. Throws 'ambiguous' where several authors do. */
  async #target(
    { id, legalId, organId = '', kind }: RelationInput,
    by: string,
  ): Promise<NamedDocument | undefined> {
    const { store, directory } = this.#with;
    if (id !== undefined) {
      const target = await namedDocument(store, await this.#idOf(id));
      if (target !== undefined && OWN_ONLY.has(kind)) requireOwn(target, by, directory());
      return target;
    }
    if (legalId === undefined) return undefined;
    if (OWN_ONLY.has(kind)) return ownBearing(store, { legalId, organId }, by, directory());
    const unitOf = (text: string) => this.#unit(text);
    const found = (await bearing(store, legalId)).filter(
      ({ content }) => organId === '' || isBy(content, organId, unitOf),
    );
    const authors = new Set(found.map(({ content }) => content.issuer.code!));
    if (authors.size > 1) throw new LienthongError('ambiguous', { id: legalId, units: [...authors] });
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

type AgencyOf = (unit: string) => string | undefined;

/** What names a document and has reached a unit, in the order it was made: the same wherever it is read. */
export interface Effects {
  replacedBy: NamingRow[];
  updatedBy: NamingRow[];
  answeredBy: NamingRow[];
}

/** The documents that name one, read once for all its units. Only its own sender's may change it; anyone may answer. */
export class Naming {
  readonly sources: readonly NamingRow[];
  readonly #store: Reader;
  readonly #target: NamedDocument;
  readonly #agencyOf: AgencyOf;
  #asked: Promise<ReadonlyMap<string, string[]>> | undefined;

  private constructor(
    store: Reader,
    target: NamedDocument,
    agencyOf: AgencyOf,
    sources: readonly NamingRow[],
  ) {
    this.#store = store;
    this.#target = target;
    this.#agencyOf = agencyOf;
    this.sources = sources;
  }

  static async of(store: Reader, target: NamedDocument, directory: TrustedDirectory): Promise<Naming> {
    const { row, content } = target;
    // nearly always nothing names it: one look
    if (!(await isNamed(store, row.documentId))) return new Naming(store, target, agencyIn(directory), []);
    const sources = await namedBy(store, row.documentId, RELATION.answers);
    for (const kind of [RELATION.recalls, RELATION.updates, RELATION.replaces, RELATION.corrects])
      sources.push(...(await namedBy(store, row.documentId, kind, content.senderAgency)));
    sources.sort((a, b) => compareBytes(a.row.exchangeId, b.row.exchangeId));
    return new Naming(store, target, agencyIn(directory), sources);
  }

  /** What they mean at a unit, as far as they have reached it. */
  async at(unit: string): Promise<Effects> {
    const effects: Effects = { replacedBy: [], updatedBy: [], answeredBy: [] };
    for (const source of this.sources) {
      if (source.kind === RELATION.answers) {
        if (await this.#isAnswer(source, unit)) effects.answeredBy.push(source);
      } else if (
        source.row.outgoing === this.#target.row.outgoing &&
        (await this.#hasReached(source, unit))
      ) {
        const isFor = source.row.units.length === 0 || source.row.units.includes(unit);
        if (source.kind === RELATION.replaces && isFor) effects.replacedBy.push(source);
        if (source.kind === RELATION.updates || source.kind === RELATION.corrects)
          effects.updatedBy.push(source);
      }
    }
    return effects;
  }

  /** A reply comes from the unit that was asked, or from its agency where it was the only one of that asked. */
  async #isAnswer({ row, sender }: NamingRow, unit: string): Promise<boolean> {
    if (row.outgoing === this.#target.row.outgoing) return false;
    if (row.issuer === unit) return true;
    this.#asked ??= this.#askedUnits();
    const asked = (await this.#asked).get(sender) ?? [];
    return asked.length === 1 && asked[0] === unit;
  }

  /** Units that were asked, by their agency. */
  async #askedUnits(): Promise<ReadonlyMap<string, string[]>> {
    const { documentId, outgoing } = this.#target.row;
    const rows = outgoing
      ? await deliveriesOf(this.#store, documentId)
      : await arrivalsOf(this.#store, documentId);
    return Map.groupBy(
      rows.map(({ unit }) => unit),
      (unit) => this.#agencyOf(unit) ?? '',
    );
  }

  async #hasReached({ documentId, row }: NamingRow, unit: string): Promise<boolean> {
    if (!row.outgoing) return (await getArrival(this.#store, documentId, unit)) !== undefined;
    const delivery = await getDelivery(this.#store, { documentId, unit });
    return delivery !== undefined && parseTransportState(delivery.state) === 'delivered';
  }
}

/** The agency whose node serves a unit. */
const agencyIn =
  (directory: TrustedDirectory): AgencyOf =>
  (unit) => {
    const service = directory.service(unit);
    return service.kind === 'served' ? service.agency : undefined;
  };

export const nameOf = ({ exchangeId }: { exchangeId: Bytes }): string => uuidText(exchangeId);
