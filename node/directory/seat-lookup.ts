/**
 * Which seat answers for a unit: the one it names, or its nearest ancestor names, else its agency's first; and from
 * there the last successor. Never deduced from the code alone. Pure, over one version of the directory.
 */
import type { Certificate } from '../../certs/certificate.ts';
import { type AgencyFacts, type SeatFacts, STATE, type UnitFacts } from './entries.ts';

/** Who answers for a unit; `unit` is its code as the directory writes it. */
export type Service =
  | { kind: 'served'; unit: string; seat: string; agency: string; name: string }
  | { kind: 'unknown' }
  | { kind: 'retired'; name: string }
  | { kind: 'merged'; name: string; into: string }
  | { kind: 'no-node'; name: string };

/** What is asked of a directory here. */
interface Lookup {
  canonicalCode(text: string): string | undefined;
  agency(code: string): AgencyFacts | undefined;
  unit(code: string): UnitFacts | undefined;
  seat(id: string): SeatFacts | undefined;
  seatsOf(agency: string): SeatFacts[];
  certificatesOfSeat(seat: string): readonly { role: string; certificate: Certificate }[];
  isRevoked(certificate: Certificate): boolean;
}

/** More successors or parents than any real chain has: ends loops a careless import made. */
const MAX_STEPS = 16;

export function serviceOf(directory: Lookup, text: string): Service {
  const code = directory.canonicalCode(text);
  if (code === undefined) return { kind: 'unknown' };
  const unit = directory.unit(code);
  const agency = directory.agency(groupOf(code));
  const { name } = (unit ?? agency)!;
  for (const entry of [unit, agency]) {
    if (entry?.state === STATE.merged) return { kind: 'merged', name, into: entry.mergedInto };
    if (entry?.state === STATE.retired) return { kind: 'retired', name };
  }
  const seat = explicitSeat(directory, unit) ?? firstSeat(directory, groupOf(code));
  const serving = seat === undefined ? undefined : lastSuccessor(directory, seat);
  if (serving === undefined) return { kind: 'no-node', name };
  return { kind: 'served', unit: code, seat: serving.seat, agency: serving.agency, name };
}

export function ancestorsOf(directory: Lookup, code: string): string[] {
  const above: string[] = [];
  for (let at: string | undefined = code; at !== undefined && above.length < MAX_STEPS; ) {
    const facts: UnitFacts | undefined = directory.unit(at);
    const next: string | undefined = facts?.parent ?? (directory.agency(at)?.mergedInto || undefined);
    if (next !== undefined) above.push(next);
    at = next;
  }
  return above;
}

/** The group a code belongs to: that of its first part. */
export const groupOf = (code: string): string => code.split('.', 1)[0]!;

/** "H40" → 1, "H40/2" → 2. */
export function seatOrder(seat: string): number {
  const at = seat.lastIndexOf('/');
  return at < 0 ? 1 : Number(seat.slice(at + 1)) || Number.MAX_SAFE_INTEGER;
}

/** The seat a unit or its nearest ancestor names. */
function explicitSeat(directory: Lookup, unit: UnitFacts | undefined): SeatFacts | undefined {
  let at = unit;
  for (let step = 0; at !== undefined && step < MAX_STEPS; step++) {
    if (at.seat !== '') return directory.seat(at.seat);
    at = directory.unit(at.parent);
  }
  return undefined;
}

const firstSeat = (directory: Lookup, agency: string): SeatFacts | undefined =>
  directory.seatsOf(agency).find((seat) => lastSuccessor(directory, seat) !== undefined);

/** The seat that answers now for this one; undefined when it is gone without a successor. */
function lastSuccessor(directory: Lookup, seat: SeatFacts): SeatFacts | undefined {
  let at: SeatFacts | undefined = seat;
  for (let step = 0; at !== undefined && at.successor !== '' && step < MAX_STEPS; step++) {
    at = directory.seat(at.successor);
  }
  return at !== undefined && hasLivingNode(directory, at) ? at : undefined;
}

/** A seat whose every node certificate is revoked can't be reached any more; an expired one may be renewed. */
const hasLivingNode = (directory: Lookup, { seat }: SeatFacts): boolean =>
  directory
    .certificatesOfSeat(seat)
    .some(({ role, certificate }) => role === 'node' && !directory.isRevoked(certificate));
