/**
 * Judges the registry's answer to an enrolment: the root must be the one the invite (or the admin) named, the
 * certificates must lead to it, be for our own keys, our agency and one seat. Nothing of it is kept before.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import { validatePath } from '../../certs/path.ts';
import type { LeafRole } from '../../certs/profiles.ts';
import type { Signer } from '../../certs/signer.ts';
import { type EnrolmentAnswer, enrolmentAnswer } from '../../proto/messages.ts';
import { type Bytes, copyOf, equalBytes, sha256 } from '../core/bytes.ts';
import { isErrorCode, LienthongError } from '../core/errors.ts';
import { isDialAddress } from '../network/addresses.ts';
import type { RequestKeys } from './enrolment-request.ts';

export interface GrantedEnrolment {
  readonly answer: EnrolmentAnswer;
  readonly root: Bytes;
  readonly intermediates: readonly Bytes[];
  readonly node: Bytes;
  readonly service: Bytes;
  /** Undefined until an admin grants it. */
  readonly seal: Bytes | undefined;
  readonly seat: string;
  readonly registryAddresses: readonly string[];
  readonly federationName: string;
}

/** Throws the registry's refusal by its code, or 'registry-mismatch' with the reason. */
export function judgeAnswer(
  bytes: Bytes,
  expected: { rootFingerprint: Bytes; agency: string; keys: RequestKeys; nowMs: number },
): GrantedEnrolment {
  const answer = parse(bytes);
  if (answer.refused !== '') {
    const code = isErrorCode(answer.refused) ? answer.refused : 'request-invalid';
    throw new LienthongError(code, { agency: expected.agency, reason: answer.text });
  }
  if (!equalBytes(sha256(answer.rootCertificate), expected.rootFingerprint)) throw mismatch('root');
  if (!answer.registryAddresses.every(isDialAddress)) throw mismatch('address');
  const check = (role: LeafRole, der: Bytes, key: Signer) =>
    checkCertificate(role, der, key, answer, expected);
  check('node', answer.nodeCertificate, expected.keys.node);
  check('service', answer.serviceCertificate, expected.keys.service);
  const hasSeal = answer.sealCertificate.byteLength > 0;
  if (hasSeal) check('seal', answer.sealCertificate, expected.keys.seal);
  return {
    answer,
    root: copyOf(answer.rootCertificate),
    intermediates: answer.intermediates.map(copyOf),
    node: copyOf(answer.nodeCertificate),
    service: copyOf(answer.serviceCertificate),
    seal: hasSeal ? copyOf(answer.sealCertificate) : undefined,
    seat: answer.seat,
    registryAddresses: [...answer.registryAddresses],
    federationName: answer.federationName,
  };
}

function parse(bytes: Bytes): EnrolmentAnswer {
  try {
    return enrolmentAnswer.parse(bytes);
  } catch (cause) {
    throw new LienthongError('registry-mismatch', { reason: 'answer' }, { cause });
  }
}

function checkCertificate(
  role: LeafRole,
  der: Bytes,
  key: Signer,
  answer: EnrolmentAnswer,
  { agency, nowMs }: { agency: string; nowMs: number },
): void {
  const certificate: Certificate | undefined = parseCertificate(der);
  if (certificate === undefined) throw mismatch(`${role}-certificate`);
  const verdict = validatePath({
    leaf: certificate,
    intermediates: answer.intermediates,
    anchors: [answer.rootCertificate],
    role,
    atMs: nowMs,
    crlScope: 'none',
  });
  if (!verdict.ok) throw mismatch(`${role}-${verdict.reason}`);
  if (!equalBytes(certificate.spki, key.publicKeySpki)) throw mismatch(`${role}-key`);
  if (certificate.agency !== agency) throw mismatch(`${role}-agency`);
}

const mismatch = (reason: string, cause?: unknown): LienthongError =>
  new LienthongError('registry-mismatch', { reason }, { cause });
