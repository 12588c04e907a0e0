/**
 * The enrolment request's exact bytes, each key with its proof of possession. Made by who enrols (applicant.ts) and by
 * an enrolled seat that announces other addresses (announcer.ts).
 */
import { createRequest } from '../../certs/request.ts';
import type { Signer } from '../../certs/signer.ts';
import { enrolmentRequest } from '../../proto/messages.ts';
import { type Bytes, EMPTY } from '../core/bytes.ts';
import { isSealFault, LienthongError } from '../core/errors.ts';
import { SOFTWARE } from '../core/version.ts';
import { isAnnounceAddress } from '../network/addresses.ts';
import { READS } from './hello.ts';

export type RequestKeys = Readonly<Record<'node' | 'service' | 'seal', Signer>>;

export interface RequestFacts {
  agency: string;
  /** SHA-256 of the root; empty in an offline request. */
  federationId: Bytes;
  keys: RequestKeys;
  /** Multiaddrs others dial, without /p2p/. */
  addresses: readonly string[];
  madeAtMs: number;
  /** Called when the seal's token can't sign now: the request then leaves the seal as it is. Without it that rejects. */
  onSealFault?: (fault: LienthongError) => void;
  /** Another CA's certificate of the seal key and those above it, DER: asks for that seal to be granted. */
  sealChain?: readonly Bytes[];
}

export async function makeRequest({
  agency,
  keys,
  addresses,
  onSealFault,
  sealChain = [],
  ...facts
}: RequestFacts): Promise<Bytes> {
  return enrolmentRequest.encode({
    ...facts,
    agency,
    nodeCsr: await createRequest(keys.node, `${agency} node`),
    serviceCsr: await createRequest(keys.service, `${agency} service`),
    sealCsr: await createRequest(keys.seal, `${agency} seal`).catch((error) => {
      if (onSealFault === undefined || !isSealFault(error)) throw error;
      onSealFault(error);
      return EMPTY;
    }),
    addresses: [...addresses],
    reads: [...READS],
    sealChain: [...sealChain],
    software: SOFTWARE,
  });
}

/** Throws 'usage' naming the first address that others can't be told. */
export function requireAnnounceable(addresses: readonly string[]): void {
  const bad = addresses.find((address) => !isAnnounceAddress(address));
  if (bad !== undefined) throw new LienthongError('usage', { what: 'address', address: bad });
}
