/**
 * What names a document, and what that means for it at one unit: replaced, updated, answered. Read, never written: a document
 * counts for another only if the same agency sent it (or the one that answers for its units now), and only at units it has
 * reached, so both ends find the same, whichever came first. A reply is anyone's who was asked.
 */
import { stringify as uuidText } from 'uuid';
import { type Bytes, compareBytes } from '../core/bytes.ts';
import { parseTransportState } from '../core/transport.ts';
import { arrivalsOf, getArrival } from '../store/arrivals.ts';
import { deliveriesOf, getDelivery } from '../store/deliveries.ts';
import type { Reader } from '../store/key-value.ts';
import { isNamed, type NamingRow, namedBy, RELATION } from '../store/relations.ts';
import type { NamedDocument } from './named-documents.ts';
import type { TrustedDirectory } from './ports.ts';

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
      } else if (await this.#hasReached(source, unit)) {
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
    if (row.issuer === unit) return true;
    // within the agency that asks, others may add to the question: it still waits
    if (sender === this.#target.content.senderAgency) return false;
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
    if ((await getArrival(this.#store, documentId, unit)) !== undefined) return true;
    if (!row.outgoing) return false;
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
