/** Heads signed by a test registry's own directory key, or by whichever key a test wants to be wrong. */
import { EMPTY, sha256 } from '../../node/core/bytes.ts';
import { makeHead, readHead, type SignedHead } from '../../node/directory/head.ts';
import type { SigningIdentity } from '../../node/signing/sign.ts';
import type { MemoryRegistry } from '../registry/federation.ts';

export type HeadFacts = Parameters<typeof makeHead>[0];

export const directoryIdentity = ({ keys }: MemoryRegistry): SigningIdentity => ({
  certificateSha256: sha256(keys.directory.certificate.bytes),
  role: 'directory',
  sign: (data) => keys.directory.signer.sign(data),
});

export interface HeadInit {
  facts?: Partial<HeadFacts>;
  identity?: Partial<SigningIdentity>;
  federationId?: Uint8Array;
  /** Signing certificate first. */
  certificates?: readonly Uint8Array[];
  epochStatement?: Uint8Array;
}

/** A head like `base` with something else in it. */
export async function headLike(
  registry: MemoryRegistry,
  base: SignedHead,
  init: HeadInit = {},
): Promise<SignedHead> {
  const { epoch, version, root, entries, previous, issuedAtMs, freshUntilMs, validUntilMs } = base.facts;
  const times = { issuedAtMs, freshUntilMs, validUntilMs };
  const facts = { epoch, version, root, entries, previous, ...times, epochStatement: EMPTY, ...init.facts };
  const identity = { ...directoryIdentity(registry), ...init.identity };
  const head = await makeHead(facts, identity, init.federationId ?? registry.directory.federationId);
  const { directory, issuing } = registry.keys;
  const certificates = init.certificates ?? [directory.certificate.bytes, issuing.certificate.bytes];
  return readHead({ head, certificates, epochStatement: init.epochStatement ?? EMPTY } as never)!;
}
