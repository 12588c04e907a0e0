/**
 * Lists of agencies and units an admin imports: read with clear errors, then held against the present directory;
 * what differs becomes entries of the next version. A list never deletes: who isn't named stays as it was; retired
 * and merged are said. A plain array is a list of agencies.
 */
import { isAgencyCode, isUnitCode } from '../core/codes.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import {
  AGENCY_KEY,
  type AgencyFacts,
  STATE,
  seatKey,
  type UnitFacts,
  unitKey,
} from '../directory/entries.ts';
import { isAnnounceAddress } from '../network/addresses.ts';
import provided from './agencies.json' with { type: 'json' };
import type { Act } from './publisher.ts';

/** The participants of 2019; `provisional` marks a code nobody could confirm. */
export const PROVIDED_AGENCIES: unknown = provided;

/** As many entries as a directory may have. */
const MAX_ITEMS = 1_000_000;
const STATES: Readonly<Record<string, number>> = {
  active: STATE.active,
  retired: STATE.retired,
  merged: STATE.merged,
};
const AGENCY_FIELDS = [
  'code',
  'legacyCode',
  'legacyCodes',
  'name',
  'kind',
  'state',
  'mergedInto',
  'provisional',
  'email',
  'telephone',
];
const UNIT_FIELDS = ['code', 'legacyCode', 'legacyCodes', 'name', 'parent', 'seat', 'state', 'mergedInto'];
const SEAT_FIELDS = ['seat', 'addresses', 'successor'];

type Item = Record<string, unknown>;

/**
 * Entries that bring the directory to what the list says; empty when it says so already. Throws 'invalid-file' naming
 * list, index, code, field and reason.
 */
export function importEntries(json: unknown, current: Directory | undefined): Act['entries'] {
  const lists = listsOf(json);
  const agencies = new Map(lists.agencies.map((item, i) => named(agencyOf(item, i), 'agencies', i)));
  unique(lists.agencies, agencies.size, 'agencies');
  const units = new Map(lists.units.map((item, i) => named(unitOf(item, i), 'units', i)));
  unique(lists.units, units.size, 'units');
  const agencyAt = (code: string) => agencies.get(code) ?? current?.agency(code);
  const unitAt = (code: string) => units.get(code) ?? current?.unit(code);
  for (const agency of agencies.values()) checkMerge(agency, (code) => agencyAt(code), 'agencies');
  for (const unit of units.values()) {
    const { code, parent, seat } = unit;
    if (agencyAt(parent) === undefined && unitAt(parent) === undefined)
      throw bad('units', code, 'parent', 'unknown');
    if (agencyAt(code.split('.', 1)[0]!) === undefined) throw bad('units', code, 'code', 'unknown-agency');
    if (seat !== '' && current?.seat(seat) === undefined) throw bad('units', code, 'seat', 'unknown');
    checkMerge(unit, (into) => unitAt(into) ?? agencyAt(into), 'units');
  }
  for (const unit of units.values()) checkLoop(unit, unitAt);
  return [
    ...[...agencies.values()]
      .filter((agency) => !same(agency, current?.agency(agency.code)))
      .map((agency) => ({ group: agency.code, key: AGENCY_KEY, agency })),
    ...[...units.values()]
      .filter((unit) => !same(unit, current?.unit(unit.code)))
      .map((unit) => ({ group: unit.code.split('.', 1)[0]!, key: unitKey(unit.code), unit })),
    ...lists.seats.flatMap((item, i) => seatEntry(item, i, current)),
  ];
}

function listsOf(json: unknown): { agencies: Item[]; units: Item[]; seats: Item[] } {
  if (Array.isArray(json)) return { agencies: items(json, 'agencies'), units: [], seats: [] };
  if (typeof json !== 'object' || json === null) throw bad('file', '', '', 'not-a-list');
  const { agencies = [], units = [], seats = [], ...others } = json as Item;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw bad('file', '', unknown, 'unknown-field');
  return {
    agencies: items(agencies, 'agencies'),
    units: items(units, 'units'),
    seats: items(seats, 'seats'),
  };
}

function items(list: unknown, name: string): Item[] {
  if (!Array.isArray(list)) throw bad(name, '', '', 'not-a-list');
  if (list.length > MAX_ITEMS) throw bad(name, '', '', 'too-many');
  return list.map((item, i) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item))
      throw bad(name, `#${i + 1}`, '', 'not-an-object');
    return item as Item;
  });
}

function agencyOf(item: Item, index: number): AgencyFacts {
  const at = reader(item, 'agencies', index, AGENCY_FIELDS);
  const code = at.text('code', true);
  if (!isAgencyCode(code)) throw bad('agencies', code, 'code', 'invalid-code');
  return {
    code,
    legacyCodes: at.legacy(),
    name: at.text('name', true, 800),
    kind: at.text('kind', false, 40),
    state: at.state(),
    mergedInto: at.text('mergedInto'),
    provisional: at.flag('provisional'),
    email: at.text('email', false, 400),
    telephone: at.text('telephone', false, 200),
  } as AgencyFacts;
}

function unitOf(item: Item, index: number): UnitFacts {
  const at = reader(item, 'units', index, UNIT_FIELDS);
  const code = at.text('code', true);
  if (!isUnitCode(code) || !code.includes('.')) throw bad('units', code, 'code', 'invalid-code');
  return {
    code,
    legacyCodes: at.legacy(),
    name: at.text('name', true, 800),
    parent: at.text('parent') || code.slice(0, code.lastIndexOf('.')),
    seat: at.text('seat'),
    state: at.state(),
    mergedInto: at.text('mergedInto'),
  } as UnitFacts;
}

function seatEntry(item: Item, index: number, current: Directory | undefined): Act['entries'] {
  const at = reader(item, 'seats', index, SEAT_FIELDS);
  const name = at.text('seat', true, 60);
  const seat = current?.seat(name);
  if (seat === undefined) throw bad('seats', name, 'seat', 'unknown');
  const successor = at.text('successor') || seat.successor;
  if (successor !== '' && (successor === name || current?.seat(successor) === undefined)) {
    throw bad('seats', name, 'successor', 'unknown');
  }
  const addresses = item.addresses === undefined ? seat.addresses : at.list('addresses');
  if (!addresses.every(isAnnounceAddress)) throw bad('seats', name, 'addresses', 'invalid-address');
  if (successor === seat.successor && same(addresses, seat.addresses)) return [];
  return [{ group: seat.agency, key: seatKey(name), seat: { ...seat, addresses, successor } }];
}

/** Reads fields of one item, each with its error. */
function reader(item: Item, list: string, index: number, known: readonly string[]) {
  const who =
    typeof item.code === 'string' ? item.code : typeof item.seat === 'string' ? item.seat : `#${index + 1}`;
  const unknown = Object.keys(item).find((field) => !known.includes(field));
  if (unknown !== undefined) throw bad(list, who, unknown, 'unknown-field');
  const text = (field: string, needed = false, maxBytes = 60): string => {
    const value = item[field] ?? '';
    if (typeof value !== 'string') throw bad(list, who, field, 'not-a-text');
    const clean = value.normalize('NFC').trim();
    if (needed && clean === '') throw bad(list, who, field, 'missing');
    if (Buffer.byteLength(clean) > maxBytes) throw bad(list, who, field, 'too-long');
    return clean;
  };
  const texts = (field: string): string[] => {
    const value = item[field] ?? [];
    if (!Array.isArray(value) || value.length > 16 || !value.every((one) => typeof one === 'string')) {
      throw bad(list, who, field, 'not-a-list-of-texts');
    }
    return value.map((one: string) => one.normalize('NFC').trim());
  };
  return {
    text,
    list: texts,
    legacy(): string[] {
      const one = text('legacyCode');
      return [...new Set([...(one === '' ? [] : [one]), ...texts('legacyCodes')])].map((code) =>
        code.toUpperCase(),
      );
    },
    state(): number {
      const state = STATES[text('state') || (item.mergedInto ? 'merged' : 'active')];
      if (state === undefined) throw bad(list, who, 'state', 'unknown');
      if ((state === STATE.merged) !== (text('mergedInto') !== ''))
        throw bad(list, who, 'mergedInto', 'state-differs');
      return state;
    },
    flag(field: string): boolean {
      const value = item[field] ?? false;
      if (typeof value !== 'boolean') throw bad(list, who, field, 'not-true-or-false');
      return value;
    },
  };
}

function checkMerge(
  facts: { code: string; mergedInto: string },
  find: (code: string) => { mergedInto: string } | undefined,
  list: string,
): void {
  const seen = new Set([facts.code]);
  for (let into = facts.mergedInto; into !== ''; ) {
    if (seen.has(into)) throw bad(list, facts.code, 'mergedInto', 'loop');
    seen.add(into);
    const next = find(into);
    if (next === undefined) throw bad(list, facts.code, 'mergedInto', 'unknown');
    into = next.mergedInto;
  }
}

function checkLoop(unit: UnitFacts, find: (code: string) => UnitFacts | undefined): void {
  const seen = new Set([unit.code]);
  for (let at = find(unit.parent); at !== undefined; at = find(at.parent)) {
    if (seen.has(at.code)) throw bad('units', unit.code, 'parent', 'loop');
    seen.add(at.code);
  }
}

function unique(list: readonly Item[], distinct: number, name: string): void {
  if (distinct === list.length) return;
  const seen = new Set<unknown>();
  for (const { code } of list) {
    if (seen.has(code)) throw bad(name, String(code), 'code', 'twice');
    seen.add(code);
  }
}

const named = <T extends { code: string }>(facts: T, _list: string, _index: number): [string, T] => [
  facts.code,
  facts,
];

/** Whether two entries say the same, whatever order or absence of empty fields. */
function same(a: object, b: object | undefined): boolean {
  return b !== undefined && canonical(a) === canonical(b);
}

function canonical(value: object): string {
  const kept = Object.entries(value).filter(
    ([, one]) => one !== '' && one !== false && !(Array.isArray(one) && one.length === 0),
  );
  return JSON.stringify(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const bad = (list: string, code: string, field: string, reason: string): LienthongError =>
  new LienthongError('invalid-file', { list, code, field, reason });
