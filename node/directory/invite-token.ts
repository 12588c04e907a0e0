/**
 * Invite tokens: one line of text ("lt1." and Base64url) with the registry's addresses and PeerId, the root's
 * fingerprint, a one-time Ed25519 seed and an expiry. Four check bytes notice a slip of the pen before anything is
 * dialled. WARNING: people carry these; the form is final.
 */
import { inviteToken as codec, type lienthong } from '../../proto/messages.ts';
import { type Bytes, equalBytes, sha256 } from '../core/bytes.ts';
import { isAgencyCode } from '../core/codes.ts';
import { LienthongError } from '../core/errors.ts';
import { isDialAddress } from '../network/addresses.ts';

export interface InviteToken {
  /** Multiaddrs with /p2p/. */
  registryAddresses: string[];
  /** SHA-256 of the root certificate. */
  rootFingerprint: Bytes;
  seed: Bytes;
  agency: string;
  expiresAtMs: number;
}

const PREFIX = 'lt1.';
const CHECK_BYTES = 4;
/** Four kilobytes in Base64. */
const MAX_TEXT = 6000;

export function formatInviteToken(token: InviteToken): string {
  const bytes = codec.encode({ ...token, check: checkOf(token) });
  return `${PREFIX}${Buffer.from(bytes).toString('base64url')}`;
}

/** Throws 'invite-invalid' with the reason: not a token, mistyped, or holding what can't be dialled. */
export function parseInviteToken(text: string): InviteToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX) || trimmed.length > MAX_TEXT) throw invalid('not-a-token');
  const encoded = trimmed.slice(PREFIX.length);
  const bytes = new Uint8Array(Buffer.from(encoded, 'base64url'));
  if (Buffer.from(bytes).toString('base64url') !== encoded) throw invalid('mistyped');
  let token: lienthong.v1.InviteToken;
  try {
    token = codec.parse(bytes);
  } catch (cause) {
    throw invalid('mistyped', cause);
  }
  const { registryAddresses, rootFingerprint, seed, agency, expiresAtMs } = token;
  const fields = { registryAddresses, rootFingerprint, seed, agency, expiresAtMs };
  if (!equalBytes(token.check, checkOf(fields))) throw invalid('mistyped');
  if (!isAgencyCode(agency) || registryAddresses.length === 0) throw invalid('not-a-token');
  if (!registryAddresses.every(isDialAddress)) throw invalid('address');
  return fields;
}

/** The check covers the encoding of the other fields, with zeros in its own place. */
function checkOf(token: InviteToken): Bytes {
  return sha256(codec.encode({ ...token, check: new Uint8Array(CHECK_BYTES).fill(1) })).slice(0, CHECK_BYTES);
}

const invalid = (reason: string, cause?: unknown): LienthongError =>
  new LienthongError('invite-invalid', { reason }, { cause });
