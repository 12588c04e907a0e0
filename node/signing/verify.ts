/**
 * Checks the signatures of an envelope: scope fits, order is whole, value verifies, single or batch form.
 * It answers what is mathematically so; whether a certificate counts for this agency, now or then, is decided by
 * who asks (directory, exchange). Never throws on a peer's bytes except WireError from the parsers.
 */
import { type Scope, type Signature, type Signed, scope as scopeCodec } from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex, sha256 } from '../core/bytes.ts';
import { leafHash, rootFromPath } from '../core/merkle.ts';
import { batchLeafData, coveredBatchBytes, coveredBytes } from './envelope.ts';
import { roleOfWire, type SignerRole } from './roles.ts';

/** What verification needs of a certificate; certs/ makes one. */
export interface SignerCertificate {
  /** SHA-256 of the DER bytes. */
  readonly sha256: Bytes;
  /** False for a wrong signature, another key type, or a digest other than SHA-256. */
  verifySignature(data: Bytes, signature: Bytes): boolean;
}

export type FindCertificate<C extends SignerCertificate = SignerCertificate> = (
  sha256: Bytes,
) => C | undefined;

export type SignatureFault =
  | 'malformed-scope'
  | 'other-kind'
  | 'other-federation'
  | 'broken-order'
  | 'unknown-certificate'
  | 'bad-batch-path'
  | 'bad-signature';

export interface CheckedSignature<C extends SignerCertificate = SignerCertificate> {
  role: SignerRole | undefined;
  certificateSha256: Bytes;
  certificate: C | undefined;
  claimedAtMs: number;
  headHash: Bytes;
  /** Undefined when the signature is good. */
  fault: SignatureFault | undefined;
}

/** Batch roots that verified, so that a batch costs one verification. Bounded; oldest leave first. */
export class VerifiedRoots {
  readonly #known = new Set<string>();
  readonly #limit: number;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  check(certificate: SignerCertificate, root: Bytes, value: Bytes): boolean {
    const key = `${hex(certificate.sha256)}:${hex(root)}:${hex(value)}`;
    if (this.#known.has(key)) return true;
    if (!certificate.verifySignature(coveredBatchBytes(root), value)) return false;
    if (this.#known.size >= this.#limit) this.#known.delete(this.#known.values().next().value!);
    this.#known.add(key);
    return true;
  }
}

/** Every signature of `signed`, in order, each with its fault if any. An envelope without signatures gives []. */
export function checkSignatures<C extends SignerCertificate>(
  signed: Signed,
  federationId: Bytes,
  find: FindCertificate<C>,
  roots: VerifiedRoots,
): CheckedSignature<C>[] {
  return signed.signatures.map((signature, index) => {
    const scope = parseScope(signature.scope);
    if (scope === undefined) return unreadable();
    const certificate = find(scope.certificateSha256);
    return {
      role: roleOfWire(scope.role),
      certificateSha256: scope.certificateSha256,
      certificate,
      claimedAtMs: scope.claimedAtMs,
      headHash: scope.headHash,
      fault: faultOf(signed, signature, index, scope, federationId, certificate, roots),
    };
  });
}

function faultOf(
  signed: Signed,
  signature: Signature,
  index: number,
  scope: Scope,
  federationId: Bytes,
  certificate: SignerCertificate | undefined,
  roots: VerifiedRoots,
): SignatureFault | undefined {
  if (scope.kind !== signed.kind) return 'other-kind';
  if (!equalBytes(scope.federationId, federationId)) return 'other-federation';
  if (!namesEarlier(scope, signed.signatures.slice(0, index))) return 'broken-order';
  if (certificate === undefined) return 'unknown-certificate';
  if (signature.batch === null || signature.batch === undefined) {
    const covered = coveredBytes(signature.scope, signed.payload);
    return certificate.verifySignature(covered, signature.value) ? undefined : 'bad-signature';
  }
  const { index: leafIndex, size, siblings } = signature.batch;
  const leaf = leafHash(batchLeafData(signature.scope, signed.payload));
  const root = rootFromPath(leaf, leafIndex ?? 0, size ?? 0, siblings ?? []);
  if (root === undefined) return 'bad-batch-path';
  return roots.check(certificate, root, signature.value) ? undefined : 'bad-signature';
}

function namesEarlier(scope: Scope, earlier: readonly Signature[]): boolean {
  return (
    scope.earlierScopes.length === earlier.length &&
    earlier.every((before, i) => equalBytes(sha256(before.scope), scope.earlierScopes[i]!))
  );
}

function parseScope(bytes: Bytes): Scope | undefined {
  try {
    return scopeCodec.parse(bytes);
  } catch {
    return undefined;
  }
}

const unreadable = (): CheckedSignature<never> => ({
  role: undefined,
  certificateSha256: new Uint8Array(0),
  certificate: undefined,
  claimedAtMs: 0,
  headHash: new Uint8Array(0),
  fault: 'malformed-scope',
});
