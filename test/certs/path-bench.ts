/**
 * The bench of the path validation tests: a federation, ways to forge a leaf or a CA with one thing changed, and
 * `check`, which asks us and `openssl verify` the same question.
 */
import type { KeyObject } from 'node:crypto';
import type { Test } from 'tap';
import { Certificate } from '../../certs/certificate.ts';
import { generateKey } from '../../certs/keys.ts';
import { type PathInput, validatePath } from '../../certs/path.ts';
import type { PathVerdict } from '../../certs/verdict.ts';
import { OpenSsl } from './openssl.ts';
import { caDraft, type Draft, Federation, forge, forgeCrl, leafDraft, nowMs } from './pki.ts';

const openssl = await OpenSsl.open();
export const federation = await Federation.create();
export const root = { certificate: federation.root.certificate, key: keyOf(federation.root) };
export const issuing = { certificate: federation.issuing.certificate, key: keyOf(federation.issuing) };
export const leafKey = await generateKey('ecdsa-p256');
export const otherKey = await generateKey('ecdsa-p256');
export const goodCrls = [federation.rootCrl.bytes, federation.issuingCrl.bytes];
export const forgedRootCrl = await forgeCrl({ issuer: root.certificate, key: root.key });

export type Ca = { certificate: Certificate; key: KeyObject };

function keyOf(issuer: Federation['root']): KeyObject {
  return (issuer.signer as unknown as { privateKey: KeyObject }).privateKey;
}

export interface Case {
  leaf: Uint8Array;
  intermediates?: Uint8Array[];
  anchors?: Uint8Array[];
  crls?: Uint8Array[];
  atMs?: number;
  role?: PathInput['role'];
  opensslOptions?: string[];
}

/** Run at the end: tap closes a test that waits for a certificate between two subtests. */
const cases: [name: string, run: (t: Test) => Promise<void>][] = [];

/** What OpenSSL must say: part of its message, or why it has no such rule (and accepts). */
type Expected = { says: RegExp } | { hasNoRule: string };

export function check(
  name: string,
  reason: Extract<PathVerdict, { ok: false }>['reason'] | 'ok',
  given: Case,
  expected: Expected,
): void {
  cases.push([
    name,
    async (t) => {
      const { intermediates = [issuing.certificate.bytes], anchors = [root.certificate.bytes] } = given;
      const { crls = goodCrls, atMs = nowMs } = given;
      const verdict = validatePath({
        leaf: given.leaf,
        intermediates,
        anchors,
        crls,
        atMs,
        role: 'role' in given ? given.role : 'service',
      });
      t.equal(verdict.ok ? 'ok' : verdict.reason, reason, verdict.ok ? 'accepted' : verdict.detail);
      const answer = await openssl.verify({
        leaf: given.leaf,
        intermediates,
        anchors,
        crls,
        atMs,
        options: given.opensslOptions,
      });
      if ('says' in expected) {
        t.notOk(answer.ok, 'OpenSSL refuses');
        t.match(answer.text, expected.says);
      } else {
        t.ok(answer.ok, `OpenSSL accepts: ${expected.hasNoRule}\n${answer.text}`);
      }
    },
  ]);
}

export function service(
  change: Partial<Draft> = {},
  issuer: Ca = issuing,
  key: KeyObject = leafKey,
): Promise<Uint8Array> {
  return forge({ ...leafDraft('service', key, issuer), ...change });
}

/** A CA forged under the root (or another issuer), with its CRL. */
export async function authority(
  change: Partial<Draft> = {},
  issuer: Ca = root,
  pathLength: number | undefined = 0,
  key?: KeyObject,
): Promise<Ca & { crl: Uint8Array }> {
  const own = key ?? (await generateKey('ecdsa-p256'));
  const bytes = await forge({ ...caDraft('Issuing CA forged', own, issuer, pathLength), ...change });
  const certificate = new Certificate(bytes);
  return { certificate, key: own, crl: await forgeCrl({ issuer: certificate, key: own }) };
}

export async function under(ca: Ca & { crl: Uint8Array }, change: Partial<Case> = {}): Promise<Case> {
  return {
    leaf: await service({}, ca),
    intermediates: [ca.certificate.bytes],
    crls: [forgedRootCrl, ca.crl],
    ...change,
  };
}

export const good = await service();
export const accepted = { hasNoRule: 'nothing is wrong' };

/** Runs what `check` collected; the last thing a test file does before subtests of its own. */
export function runCases(t: Test): void {
  t.teardown(() => openssl.close());
  for (const [name, run] of cases) t.test(name, run);
}
