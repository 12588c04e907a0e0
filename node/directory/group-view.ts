/**
 * One group of the directory decoded: an agency with its units, seats and seals, or what belongs to the registry.
 * Immutable; a change makes a new view that shares what didn't change. Holds facts only, no bytes of entries.
 */
import type {
  AgencyFacts,
  AnchorFacts,
  CrlFacts,
  Entry,
  RegistryFacts,
  SealFacts,
  SeatFacts,
  UnitFacts,
} from './entries.ts';

export interface GroupView {
  readonly name: string;
  readonly registry: RegistryFacts | undefined;
  readonly agency: AgencyFacts | undefined;
  /** By code. */
  readonly units: ReadonlyMap<string, UnitFacts>;
  /** Old code → code, of the agency and its units. */
  readonly legacy: ReadonlyMap<string, string>;
  /** By seat id, in order of their keys. */
  readonly seats: ReadonlyMap<string, SeatFacts>;
  /** By entry key. */
  readonly seals: ReadonlyMap<string, SealFacts>;
  readonly anchors: ReadonlyMap<string, AnchorFacts>;
  readonly crls: ReadonlyMap<string, CrlFacts>;
}

export const emptyGroup = (name: string): GroupView => ({
  name,
  registry: undefined,
  agency: undefined,
  units: new Map(),
  legacy: new Map(),
  seats: new Map(),
  seals: new Map(),
  anchors: new Map(),
  crls: new Map(),
});

/** Adds entries to a group while it is being read or changed; `view()` may be taken once. */
export class GroupBuilder {
  readonly #name: string;
  #registry: RegistryFacts | undefined;
  #agency: AgencyFacts | undefined;
  readonly #units: Map<string, UnitFacts>;
  readonly #legacy: Map<string, string>;
  readonly #seats: Map<string, SeatFacts>;
  readonly #seals: Map<string, SealFacts>;
  readonly #anchors: Map<string, AnchorFacts>;
  readonly #crls: Map<string, CrlFacts>;

  constructor(base: GroupView) {
    this.#name = base.name;
    this.#registry = base.registry;
    this.#agency = base.agency;
    this.#units = new Map(base.units);
    this.#legacy = new Map(base.legacy);
    this.#seats = new Map(base.seats);
    this.#seals = new Map(base.seals);
    this.#anchors = new Map(base.anchors);
    this.#crls = new Map(base.crls);
  }

  set({ key, facts }: Pick<Entry, 'key' | 'facts'>): void {
    if (facts.deleted) this.#remove(key);
    else if (facts.registry) this.#registry = facts.registry;
    else if (facts.agency) {
      this.#forgetLegacy(this.#agency?.legacyCodes);
      this.#agency = facts.agency;
      for (const old of facts.agency.legacyCodes) this.#legacy.set(old, facts.agency.code);
    } else if (facts.unit) {
      this.#forgetLegacy(this.#units.get(facts.unit.code)?.legacyCodes);
      this.#units.set(facts.unit.code, facts.unit);
      for (const old of facts.unit.legacyCodes) this.#legacy.set(old, facts.unit.code);
    } else if (facts.seat) this.#seats.set(facts.seat.seat, facts.seat);
    else if (facts.seal) this.#seals.set(key, facts.seal);
    else if (facts.anchor) this.#anchors.set(key, facts.anchor);
    else if (facts.crl) this.#crls.set(key, facts.crl);
  }

  view(): GroupView {
    return {
      name: this.#name,
      registry: this.#registry,
      agency: this.#agency,
      units: this.#units,
      legacy: this.#legacy,
      seats: this.#seats,
      seals: this.#seals,
      anchors: this.#anchors,
      crls: this.#crls,
    };
  }

  #forgetLegacy(codes: readonly string[] | undefined): void {
    for (const code of codes ?? []) this.#legacy.delete(code);
  }

  #remove(key: string): void {
    const name = key.slice(key.indexOf('/') + 1);
    if (key === 'agency') {
      this.#forgetLegacy(this.#agency?.legacyCodes);
      this.#agency = undefined;
    } else if (key.startsWith('unit/')) {
      this.#forgetLegacy(this.#units.get(name)?.legacyCodes);
      this.#units.delete(name);
    } else if (key.startsWith('seat/')) this.#seats.delete(name);
    else if (key.startsWith('seal/')) this.#seals.delete(key);
    else if (key.startsWith('anchor/')) this.#anchors.delete(key);
    else if (key.startsWith('crl/')) this.#crls.delete(key);
  }
}
