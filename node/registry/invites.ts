/**
 * Invites: one row per one-time key, of which only the public half is kept. A used one stays, so that the same
 * request gets its stored answer again and another one is told "used".
 */
import type { Bytes } from '../core/bytes.ts';
import { hex } from '../core/bytes.ts';
import type { Random } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import { inviteKeyOf } from '../directory/enrolment-envelope.ts';
import { formatInviteToken } from '../directory/invite-token.ts';
import type { Precondition, Reader, Write } from '../store/key-value.ts';
import { key, PREFIX, prefixRange } from '../store/keys.ts';
import { decodeRow, encodeRow } from './json-row.ts';

/** WARNING: persisted. */
export interface InviteRow {
  agency: string;
  createdAtMs: number;
  expiresAtMs: number;
  /** Hex SHA-256 of the request that used it. */
  usedBy?: string;
  usedAtMs?: number;
}

export const DEFAULT_EXPIRY_MS = 7 * 24 * 3_600_000;
export const MAX_EXPIRY_MS = 366 * 24 * 3_600_000;

const keyOf = (inviteKey: Bytes): Bytes => key(PREFIX.invite, inviteKey);

/** A new token and the write that makes it known. */
export function newInvite(
  of: {
    agency: string;
    addresses: readonly string[];
    rootFingerprint: Bytes;
    nowMs: number;
    expiresMs: number;
  },
  random: Random,
): { token: string; expiresAtMs: number; write: Write } {
  const seed = random(32);
  const expiresAtMs = of.nowMs + of.expiresMs;
  const token = formatInviteToken({
    registryAddresses: [...of.addresses],
    rootFingerprint: of.rootFingerprint,
    seed,
    agency: of.agency,
    expiresAtMs,
  });
  const row: InviteRow = { agency: of.agency, createdAtMs: of.nowMs, expiresAtMs };
  return { token, expiresAtMs, write: { put: keyOf(inviteKeyOf(seed)), value: encodeRow(row) } };
}

/**
 * The invite, if it may be used for this agency now, with what marks it used; the precondition makes it one time only.
 * Throws 'invite-unknown', 'invite-used', 'invite-expired' or 'invite-invalid' (made out to another agency).
 */
export async function useInvite(
  reader: Reader,
  of: { inviteKey: Bytes; agency: string; requestHash: Bytes; nowMs: number },
): Promise<{ require: Precondition; write: Write }> {
  const at = keyOf(of.inviteKey);
  const value = await reader.get(at);
  if (value === undefined) throw new LienthongError('invite-unknown');
  const row = decodeRow<InviteRow>(value, 'invite');
  if (row.usedBy !== undefined) throw new LienthongError('invite-used', { agency: row.agency });
  if (of.nowMs > row.expiresAtMs) throw new LienthongError('invite-expired', { agency: row.agency });
  if (row.agency !== of.agency) throw new LienthongError('invite-invalid', { reason: 'other-agency' });
  const used: InviteRow = { ...row, usedBy: hex(of.requestHash), usedAtMs: of.nowMs };
  return { require: { key: at, expect: value }, write: { put: at, value: encodeRow(used) } };
}

/** Invites nobody used yet and that haven't expired. */
export async function openInvites(reader: Reader, nowMs: number): Promise<InviteRow[]> {
  const open: InviteRow[] = [];
  for await (const { value } of reader.range(prefixRange(PREFIX.invite))) {
    const row = decodeRow<InviteRow>(value, 'invite');
    if (row.usedBy === undefined && row.expiresAtMs >= nowMs) open.push(row);
  }
  return open;
}
