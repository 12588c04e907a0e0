/**
 * Documents that name others: what a submission may name, and what its relations come to. What being named means for a
 * document: naming.ts.
 */
import type { DocumentRow, lienthong } from '../../proto/messages.ts';
import { type Bytes, EMPTY } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import { LienthongError } from '../core/errors.ts';
import { parseTransportState } from '../core/transport.ts';
import type { RelationInput, RelationKind, Submission } from '../core/views.ts';
import { arrivalsOf } from '../store/arrivals.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { inBoxSinceMs } from '../store/documents.ts';
import { RELATION } from '../store/relations.ts';
import { chainsOf } from './chains.ts';
import {
  bearing,
  isBy,
  type NamedDocument,
  namedDocument,
  ownBearing,
  requireOwn,
} from './named-documents.ts';
import type { ExchangeComponents } from './ports.ts';

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
      const isReply = relation.kind === 'answers' && this.#isFromReceiver(target, acting);
      if (isReply) from ??= await this.#receiverOf(target.row);
      const units = await this.#unitsOf(relation, target.row);
      const concerned = isReply
        ? [target.content.issuer.code]
        : await this.#concerned(relation, target, units);
      for (const unit of concerned) to.add(unit);
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

  /** The unit here that received a document; where there were several none: the reply has to say. */
  async #receiverOf({ documentId }: DocumentRow): Promise<string | undefined> {
    const arrivals = await arrivalsOf(this.#with.store, documentId);
    return arrivals.length === 1 ? arrivals[0]!.unit : undefined;
  }

  /** Who answers a document between units of this seat is its receiver, unless its issuer says that it is the one. */
  #isFromReceiver({ row, content }: NamedDocument, acting: string | undefined): boolean {
    if (!row.outgoing) return true;
    return (
      inBoxSinceMs(row, 'inbox') !== undefined &&
      (acting === undefined || this.#unit(acting) !== content.issuer.code)
    );
  }

  /** Whoever the document went to; of a change of it, not those it was recalled from or who refused it. */
  async #concerned(
    { kind }: RelationInput,
    { row }: NamedDocument,
    units: readonly string[],
  ): Promise<readonly string[]> {
    const { store } = this.#with;
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
