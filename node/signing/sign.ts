/**
 * Makes signed envelopes: one signature over a payload, a further signature over an envelope that has some, or one
 * batch signature for many payloads. Called by whoever makes a statement; the key stays with its custodian.
 */
import { type Signature, scope as scopeCodec, signed as signedCodec } from '../../proto/messages.ts';
import { type Bytes, EMPTY, sha256 } from '../core/bytes.ts';
import { allPathsOf, leafHash } from '../core/merkle.ts';
import { batchLeafData, coveredBatchBytes, coveredBytes } from './envelope.ts';
import { type SignerRole, wireOfRole } from './roles.ts';

/** A key that may sign statements, with the certificate that says for whom. */
export interface SigningIdentity {
  readonly certificateSha256: Bytes;
  readonly role: SignerRole;
  /** ECDSA-SHA256 in DER or RSA PKCS#1 v1.5 with SHA-256 over `data`. A token may answer later. */
  sign(data: Bytes): Bytes | Promise<Bytes>;
}

/** What a signature claims beside the payload. */
export interface Claims {
  federationId: Bytes;
  claimedAtMs: number;
  /** SHA-256 of the Signed directory head held; empty for heads themselves. */
  headHash: Bytes;
}

export interface Statement {
  kind: string;
  payload: Bytes;
}

/** Signed envelope with one signature. Throws WireError when the payload is over its limit. */
export async function sign(statement: Statement, identity: SigningIdentity, claims: Claims): Promise<Bytes> {
  return signedCodec.encode({ ...statement, signatures: [await signature(statement, identity, claims, [])] });
}

/** The envelope with one more signature, which names the scopes of those before: none can be stripped or re-dated. */
export async function addSignature(
  envelope: Bytes,
  identity: SigningIdentity,
  claims: Claims,
): Promise<Bytes> {
  const { kind, payload, signatures } = signedCodec.parse(envelope);
  const more = await signature({ kind, payload }, identity, claims, signatures);
  return signedCodec.encode({ kind, payload, signatures: [...signatures, more] });
}

/** One signature for many statements; each envelope carries its path and stays checkable alone. Order is kept. */
export async function signBatch(
  statements: readonly Statement[],
  identity: SigningIdentity,
  claims: Claims,
): Promise<Bytes[]> {
  if (statements.length === 1) return [await sign(statements[0]!, identity, claims)];
  const scopes = statements.map((statement) => scopeBytes(statement, identity, claims, []));
  const leaves = statements.map((statement, i) => leafHash(batchLeafData(scopes[i]!, statement.payload)));
  const { root, paths } = allPathsOf(leaves);
  const value = await identity.sign(coveredBatchBytes(root));
  return statements.map((statement, index) => {
    const batch = { index, size: statements.length, siblings: paths[index]! };
    return signedCodec.encode({ ...statement, signatures: [{ scope: scopes[index]!, value, batch }] });
  });
}

async function signature(
  statement: Statement,
  identity: SigningIdentity,
  claims: Claims,
  earlier: readonly Signature[],
): Promise<{ scope: Bytes; value: Bytes }> {
  const scope = scopeBytes(statement, identity, claims, earlier);
  return { scope, value: await identity.sign(coveredBytes(scope, statement.payload)) };
}

function scopeBytes(
  statement: Statement,
  identity: SigningIdentity,
  claims: Claims,
  earlier: readonly Signature[],
): Bytes {
  return scopeCodec.encode({
    kind: statement.kind,
    federationId: claims.federationId,
    certificateSha256: identity.certificateSha256,
    role: wireOfRole(identity.role),
    claimedAtMs: claims.claimedAtMs,
    headHash: claims.headHash ?? EMPTY,
    earlierScopes: earlier.map((before) => sha256(before.scope)),
  });
}
