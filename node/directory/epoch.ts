/**
 * Epoch statements: after a fork, or when the registry was restored from a backup, the *offline root* names the heads
 * it abandons and the one the next epoch stands on. Only such a statement ends a fork. Formats are final.
 */
import { parseCertificate } from '../../certs/certificate.ts';
import type { Signer } from '../../certs/signer.ts';
import {
  type EpochStatement,
  epochStatement as epochCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, EMPTY, equalBytes, hex, sha256 } from '../core/bytes.ts';
import { KINDS } from '../signing/envelope.ts';
import { sign } from '../signing/sign.ts';
import { checkSignatures, VerifiedRoots } from '../signing/verify.ts';
import type { HeadFault, SignedHead } from './head.ts';

export interface SignedEpoch {
  readonly bytes: Bytes;
  readonly hash: Bytes;
  readonly facts: EpochStatement;
}

/** Signs a statement with the offline root's key. */
export async function makeEpochStatement(
  facts: Omit<EpochStatement, '$unknowns'>,
  root: { signer: Signer; certificate: Bytes },
  federationId: Bytes,
  nowMs: number,
): Promise<Bytes> {
  const identity = {
    certificateSha256: sha256(root.certificate),
    role: 'root',
    sign: (data: Bytes) => root.signer.sign(data),
  } as const;
  const payload = epochCodec.encode(facts);
  return sign({ kind: KINDS.epoch, payload }, identity, {
    federationId,
    claimedAtMs: nowMs,
    headHash: EMPTY,
  });
}

/** The statement in these bytes when one of the roots signed it; undefined otherwise. Never throws. */
export function readEpochStatement(
  bytes: Bytes,
  federationId: Bytes,
  roots: readonly Bytes[],
): SignedEpoch | undefined {
  try {
    const signed = signedCodec.parse(bytes);
    if (signed.kind !== KINDS.epoch) return undefined;
    const facts = epochCodec.parse(signed.payload);
    const find = (sha: Bytes) => {
      const root = roots.find((der) => equalBytes(sha256(der), sha));
      const certificate = root && parseCertificate(root);
      if (certificate === undefined) return undefined;
      return {
        sha256: sha,
        verifySignature: (data: Bytes, value: Bytes) => certificate.verifySignature(data, value),
      };
    };
    const [only, ...more] = checkSignatures(signed, federationId, find, new VerifiedRoots(1));
    if (only === undefined || more.length > 0 || only.role !== 'root' || only.fault !== undefined)
      return undefined;
    return { bytes, hash: sha256(bytes), facts };
  } catch {
    return undefined;
  }
}

/**
 * Whether a head may open a new epoch for a node that holds `own`: the root's statement names that epoch, the head
 * names the statement, and the statement doesn't abandon the head itself. What the node holds must be what the epoch
 * stands on, or be abandoned by name, or older than what it stands on.
 */
export function checkNewEpoch(
  own: SignedHead,
  next: SignedHead,
  federationId: Bytes,
  roots: readonly Bytes[],
): { fault: HeadFault } | { statement: SignedEpoch } {
  const statement = readEpochStatement(next.epochStatement, federationId, roots);
  if (statement === undefined || next.facts.epoch <= own.facts.epoch) return { fault: 'epoch-unproven' };
  const { facts } = statement;
  if (facts.epoch !== next.facts.epoch || !equalBytes(statement.hash, next.facts.epochStatement)) {
    return { fault: 'epoch-unproven' };
  }
  if (facts.abandoned.some((hash) => hex(hash) === hex(next.hash))) return { fault: 'epoch-unproven' };
  return { statement };
}
