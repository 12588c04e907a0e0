/**
 * The chain of custody as proof: each entry's envelope as it travelled, and that each names the entry before it. What is
 * missing in between is a fault, here and in the script that checks with `sha256sum` alone; whether more was said after the
 * last entry nobody can tell. Used by evidence and verification.
 */
import { RECEIVER_SIDE, SENDER_SIDE } from '../core/business-status.ts';
import { type Bytes, EMPTY, equalBytes, hex } from '../core/bytes.ts';
import type { Verification } from '../core/views.ts';
import { KINDS } from '../signing/envelope.ts';
import type { Reader } from '../store/key-value.ts';
import { entriesOf } from '../store/statuses.ts';
import type { HeldEnvelope } from './evidence.ts';
import { readStatus } from './trust.ts';

const SIDES = { [SENDER_SIDE]: 'sender', [RECEIVER_SIDE]: 'receiver' } as const;
/** "status-H40.02-receiver-3". WARNING: scripts read these names. */
const NAME = /^status-(.+)-(sender|receiver)-(\d+)$/;

/** Every entry of both chains at the units, as "status-H40-receiver-2". */
export async function statusEnvelopes(
  store: Reader,
  documentId: Bytes,
  units: readonly string[],
): Promise<HeldEnvelope[]> {
  const found: HeldEnvelope[] = [];
  for (const unit of units)
    for (const { side, sequence, row } of await entriesOf(store, { documentId, unit })) {
      const name = `status-${unit}-${SIDES[side]}-${sequence}`;
      found.push({ name, bytes: row.envelope, knownAtMs: row.storedAtMs });
    }
  return found;
}

interface Link {
  name: string;
  unit: string;
  side: 'sender' | 'receiver';
  sequence: number;
  bytes: Bytes;
  /** The entry before it, where it is here. */
  before: Link | undefined;
  /** Names of the entries between the two that aren't. */
  missing: string[];
}

/** The chains among envelopes, each in order. */
function linksOf(envelopes: readonly Pick<HeldEnvelope, 'name' | 'bytes'>[]): Link[] {
  const chains = new Map<string, Link[]>();
  for (const { name, bytes } of envelopes) {
    const [, unit, side, sequence] = NAME.exec(name) ?? [];
    if (unit === undefined) continue;
    const chain = chains.get(`${unit} ${side}`) ?? [];
    chains.set(`${unit} ${side}`, chain);
    const link = { name, unit, side: side as Link['side'], sequence: Number(sequence), bytes };
    chain.push({ ...link, before: undefined, missing: [] });
  }
  for (const chain of chains.values()) {
    chain.sort((a, b) => a.sequence - b.sequence);
    let last: Link | undefined;
    for (const link of chain) {
      for (let at = (last?.sequence ?? 0) + 1; at < link.sequence; at++)
        link.missing.push(`status-${link.unit}-${link.side}-${at}`);
      link.before = link.missing.length === 0 ? last : undefined;
      last = link;
    }
  }
  return [...chains.values()].flat();
}

/** For each entry that it is what its place says and names the one before; for each that is missing, that it is. */
export function statusChecks(
  envelopes: readonly Pick<HeldEnvelope, 'name' | 'bytes'>[],
  documentId: Bytes,
  federationId: Bytes,
): Verification['checks'] {
  return linksOf(envelopes).flatMap(({ name, unit, side, sequence, bytes, before, missing }) => {
    const status = readStatus(bytes, federationId)?.content;
    const isHere =
      status !== undefined &&
      equalBytes(status.documentId, documentId) &&
      status.unit === unit &&
      SIDES[status.side as 1 | 2] === side &&
      status.sequence === sequence;
    const previous = before === undefined ? EMPTY : readStatus(before.bytes, federationId)?.id;
    const names = previous !== undefined && equalBytes(status?.previous ?? EMPTY, previous);
    const ok = isHere && (names || missing.length > 0);
    return [
      ...missing.map((what) => ({ what: `${what}: is here`, ok: false, reason: 'it is missing' })),
      {
        what: `${name}: names the entry before it`,
        ok: ok && missing.length === 0,
        reason: !ok ? 'it is for something else' : missing.length > 0 ? 'the entry before is missing' : null,
      },
    ];
  });
}

/** The same in shell: an entry's id is the hash of its kind, the federation's id and its payload; the next one holds it. */
export function statusScript(
  envelopes: readonly Pick<HeldEnvelope, 'name' | 'bytes'>[],
  federationId: Bytes,
): string[] {
  const links = linksOf(envelopes);
  if (links.length === 0) return [];
  return [
    // coreutils' printf: the shell's own may not know \\x
    String.raw`unhex() { env printf "$(printf %s "$1" | sed 's/../\\x&/g')"; }`,
    String.raw`id_of() { { printf 'lienthong/v1/${KINDS.status}\000'; unhex ${hex(federationId)}; cat "$1.payload"; } | sha256sum | cut -d" " -f1; }`,
    // field 5 of the payload, 32 bytes: the id of the entry before
    String.raw`follows() { od -An -v -tx1 "$1.payload" | tr -d " \n" | grep -q "2a20$(id_of "$2")" && echo "$1: follows $2" || { echo "$1: does NOT follow $2" >&2; exit 1; }; }`,
    ...links.flatMap(({ name, before, missing }) => [
      ...missing.map((what) => `echo "${what} is missing" >&2; exit 1`),
      ...(before === undefined ? [] : [`follows "${name}" "${before.name}"`]),
    ]),
  ];
}
