/**
 * The enrolment request in its envelope, made by the applicant and checked by the registry: both signatures cover
 * "lienthong/v1/enrolment\0" and the request's exact bytes. WARNING: on the wire and in files people carry.
 */
import { ed25519FromSeed, KeySigner, spkiOf, verifyWithSpki } from '../../certs/keys.ts';
import { ed25519RawFromSpki } from '../../certs/peer-id.ts';
import type { Signer } from '../../certs/signer.ts';
import {
  type EnrolmentEnvelope,
  type EnrolmentRequest,
  enrolmentEnvelope,
  enrolmentRequest,
} from '../../proto/messages.ts';
import { type Bytes, concat, copyOf, EMPTY, sha256, utf8 } from '../core/bytes.ts';

const COVERED = utf8('lienthong/v1/enrolment\0');
/** RFC 8410: SubjectPublicKeyInfo of an Ed25519 key before its 32 bytes. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export interface OpenedEnvelope {
  readonly requestBytes: Bytes;
  readonly requestHash: Bytes;
  readonly request: EnrolmentRequest;
  /** Raw Ed25519 key of the invite; empty in an offline request. */
  readonly inviteKey: Bytes;
  readonly envelope: EnrolmentEnvelope;
}

/** Raw public half of a one-time seed: what the registry keeps of an invite. */
export const inviteKeyOf = (seed: Bytes): Bytes => ed25519RawFromSpki(spkiOf(ed25519FromSeed(seed)))!;

/** Signs the request with the node key, and with the invite's seed where there is one. */
export async function sealEnvelope(
  requestBytes: Bytes,
  node: Signer,
  seed: Bytes | undefined,
): Promise<Bytes> {
  const covered = concat(COVERED, requestBytes);
  const nodeSignature = await node.sign(covered);
  if (seed === undefined) return enrolmentEnvelope.encode({ request: requestBytes, nodeSignature });
  const invite = new KeySigner(ed25519FromSeed(seed));
  return enrolmentEnvelope.encode({
    request: requestBytes,
    inviteKey: inviteKeyOf(seed),
    inviteSignature: invite.sign(covered),
    nodeSignature,
  });
}

/** Reads an envelope; undefined when it isn't one. Signatures are still to be checked. */
export function openEnvelope(bytes: Bytes): OpenedEnvelope | undefined {
  try {
    const envelope = enrolmentEnvelope.parse(copyOf(bytes));
    const request = enrolmentRequest.parse(envelope.request);
    return {
      requestBytes: envelope.request,
      requestHash: sha256(envelope.request),
      request,
      inviteKey: envelope.inviteKey ?? EMPTY,
      envelope,
    };
  } catch {
    return undefined;
  }
}

/** Whether the one-time key signed the request. */
export const inviteSigned = ({ envelope, inviteKey, requestBytes }: OpenedEnvelope): boolean =>
  inviteKey.byteLength === 32 &&
  verifyWithSpki(
    concat(ED25519_SPKI, inviteKey),
    concat(COVERED, requestBytes),
    envelope.inviteSignature ?? EMPTY,
  );

/** Whether the node key of the request signed it. */
export const nodeSigned = ({ envelope, requestBytes }: OpenedEnvelope, nodeSpki: Bytes): boolean =>
  verifyWithSpki(nodeSpki, concat(COVERED, requestBytes), envelope.nodeSignature ?? EMPTY);
