/** What the tests of foreign seals share: an enrolled seat that asks for one, a CA that is listed, bytes of its files. */
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { KeySigner } from '../../certs/keys.ts';
import { createRequest } from '../../certs/request.ts';
import { sealEnvelope } from '../../node/directory/enrolment-envelope.ts';
import { makeRequest } from '../../node/directory/enrolment-request.ts';
import { parseInviteToken } from '../../node/directory/invite-token.ts';
import { enrolmentRequest } from '../../proto/messages.ts';
import type { ForeignCa, ForeignLeaf } from '../helpers/foreign-ca.ts';
import { type Applicant, applicant, type MemoryRegistry } from './federation.ts';

export async function enrolled(registry: MemoryRegistry, agency: string): Promise<Applicant> {
  const { token } = await registry.service.invite(agency);
  const made = await applicant(registry, agency, parseInviteToken(token).seed);
  await registry.enrolment.enrol(made.envelope, { peerId: made.peerId });
  return made;
}

export const signerOf = async ({ keyFile }: ForeignLeaf): Promise<KeySigner> =>
  new KeySigner(createPrivateKey(await readFile(keyFile)));

export const fileOf = async ({ certificateFile }: { certificateFile: string }): Promise<Uint8Array> =>
  new Uint8Array(await readFile(certificateFile));

export const sha256Of = ({ certificate }: ForeignLeaf): Uint8Array =>
  new Uint8Array(Buffer.from(certificate.sha256, 'hex'));

/** Lists `root`, its lists and those below it. */
export async function listed(
  registry: MemoryRegistry,
  root: ForeignCa,
  below: readonly ForeignCa[] = [],
  crls: readonly Uint8Array[] = [],
) {
  return registry.service.addAnchor({
    certificates: await fileOf(root),
    intermediates: await Promise.all(below.map(fileOf)),
    crls,
    fingerprint: (await root.certificate()).sha256,
  });
}

export interface Wish {
  /** Chain above the leaf. */
  above?: readonly ForeignCa[];
  /** A key that isn't the certificate's. */
  signer?: KeySigner;
  chain?: readonly Uint8Array[];
  agency?: string;
}

/** An enrolled seat asks for a seal another CA certified. */
export async function ask(
  registry: MemoryRegistry,
  seat: Applicant,
  agency: string,
  leaf: ForeignLeaf,
  wish: Wish = {},
): Promise<void> {
  const above = await Promise.all((wish.above ?? []).map((ca) => ca.certificate()));
  const request = await makeRequest({
    agency: wish.agency ?? agency,
    federationId: registry.directory.federationId,
    keys: seat,
    addresses: ['/ip4/127.0.0.1/tcp/7400'],
    madeAtMs: registry.clock.nowMs(),
    sealChain: wish.chain ?? [leaf.certificate.bytes, ...above.map(({ bytes }) => bytes)],
  });
  const sealCsr = await createRequest(wish.signer ?? (await signerOf(leaf)), 'seal');
  const changed = enrolmentRequest.encode({ ...enrolmentRequest.parse(request), sealCsr });
  const envelope = await sealEnvelope(changed, seat.node, undefined);
  await registry.enrolment.enrol(envelope, { peerId: seat.peerId });
}

/** Asked for and granted. */
export async function granted(
  registry: MemoryRegistry,
  seat: Applicant,
  agency: string,
  leaf: ForeignLeaf,
  above: readonly ForeignCa[] = [],
  options: { unit?: string; unitOnly?: boolean } = {},
) {
  await ask(registry, seat, agency, leaf, { above });
  return registry.service.grantSeal(agency, leaf.certificate.sha256, options);
}
