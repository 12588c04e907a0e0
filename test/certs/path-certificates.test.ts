/**
 * Path validation: dates, signatures, strength and extensions.
 * Each certificate breaks one rule: we refuse it with that rule's reason, and so does `openssl verify`, or the case
 * says why OpenSSL has no such rule.
 */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import t from 'tap';
import { Certificate } from '../../certs/certificate.ts';
import { generateKey } from '../../certs/keys.ts';
import type { LeafRole } from '../../certs/profiles.ts';
import { BasicConstraintsExtension, Extension } from '../../certs/x509-library.ts';
import {
  accepted,
  authority,
  check,
  federation,
  good,
  issuing,
  otherKey,
  root,
  runCases,
  service,
  under,
} from './path-bench.ts';
import { caDraft, forge, forgeCrl, leafDraft, nowMs } from './pki.ts';

for (const role of ['node', 'service', 'seal', 'directory'] as const satisfies LeafRole[]) {
  const { certificate } = await federation.leaf(role);
  check(`a ${role} certificate of ours is accepted`, 'ok', { leaf: certificate.bytes, role }, accepted);
}
check('a forged certificate that breaks nothing is accepted', 'ok', { leaf: good }, accepted);
check('a forged CA that breaks nothing is accepted', 'ok', await under(await authority()), accepted);

// Dates
check(
  'an expired leaf',
  'expired',
  { leaf: await service({ notAfterMs: nowMs - 1000 }) },
  { says: /certificate has expired/ },
);
check(
  'a leaf from the future',
  'not-yet-valid',
  { leaf: await service({ notBeforeMs: nowMs + 1000 }) },
  { says: /not yet valid/ },
);
check('an expired CA', 'expired', await under(await authority({ notAfterMs: nowMs - 1000 })), {
  says: /certificate has expired/,
});
check('a CA from the future', 'not-yet-valid', await under(await authority({ notBeforeMs: nowMs + 1000 })), {
  says: /not yet valid/,
});
{
  const key = await generateKey('ecdsa-p256');
  const bytes = await forge({ ...caDraft('Old root', key, undefined, undefined), notAfterMs: nowMs - 1000 });
  const ca = { certificate: new Certificate(bytes), key };
  const crl = await forgeCrl({ issuer: ca.certificate, key });
  const given = { leaf: await service({}, ca), intermediates: [], anchors: [bytes], crls: [crl] };
  check('an expired anchor', 'expired', given, { says: /certificate has expired/ });
}

{
  const leaf = await service({ notBeforeMs: nowMs - 5000, notAfterMs: nowMs + 5000 });
  for (const [moment, ms] of [
    ['first', -5000],
    ['last', 4000],
    ['end of the last', 4999],
  ] as const) {
    check(`the ${moment} second of a leaf`, 'ok', { leaf, atMs: nowMs + ms }, accepted);
  }
  check('the second before', 'not-yet-valid', { leaf, atMs: nowMs - 6000 }, { says: /not yet valid/ });
  check('the second after', 'expired', { leaf, atMs: nowMs + 5000 }, { says: /certificate has expired/ });
}

// Signatures and strength
check(
  'a leaf signed by another key',
  'bad-signature',
  { leaf: await service({ signingKey: otherKey }) },
  { says: /signature failure/ },
);
check(
  'a CA signed by another key',
  'bad-signature',
  await under(await authority({ signingKey: await generateKey('ecdsa-p384') })),
  { says: /signature failure/ },
);
check(
  'a leaf signed with SHA-1',
  'weak-signature',
  { leaf: await service({ hash: 'SHA-1' }) },
  { says: /signature digest algorithm too weak/ },
);
check('a CA signed with SHA-1', 'weak-signature', await under(await authority({ hash: 'SHA-1' })), {
  says: /signature digest algorithm too weak/,
});
function weak(type: 'rsa', options: { modulusLength: number; publicExponent?: number }): KeyObject {
  return generateKeyPairSync(type, options).privateKey;
}
const seal = (key: KeyObject) => forge(leafDraft('seal', key, issuing));
check(
  'a seal of RSA-1024',
  'weak-key',
  { leaf: await seal(weak('rsa', { modulusLength: 1024 })), role: 'seal' },
  { says: /key too weak/ },
);
check(
  'a seal with RSA exponent 3',
  'weak-key',
  { leaf: await seal(weak('rsa', { modulusLength: 2048, publicExponent: 3 })), role: 'seal' },
  { hasNoRule: 'OpenSSL judges a key by its size' },
);
check(
  'a seal on the curve secp256k1',
  'weak-key',
  { leaf: await seal(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey), role: 'seal' },
  { hasNoRule: 'OpenSSL judges a curve by its size' },
);
check(
  'a CA of RSA-1024',
  'weak-key',
  await under(await authority({}, root, 0, weak('rsa', { modulusLength: 1024 }))),
  { says: /key too weak/ },
);

// Extensions
const unknown = new Extension('2.25.1234567', true, Uint8Array.of(0x05, 0x00));
check(
  'an unknown critical extension on the leaf',
  'unknown-critical-extension',
  { leaf: await service({ extra: [unknown] }) },
  { says: /unhandled critical extension/ },
);
check(
  'an unknown critical extension on a CA',
  'unknown-critical-extension',
  await under(await authority({ extra: [unknown] })),
  { says: /unhandled critical extension/ },
);
check(
  'an unknown extension that is not critical',
  'ok',
  { leaf: await service({ extra: [new Extension('2.25.1234567', false, Uint8Array.of(0x05, 0x00))] }) },
  accepted,
);
/** NameConstraints { permittedSubtrees { { directoryName C=XX } } } */
const onlyXx = Buffer.from('3015a0133011a40f300d310b3009060355040613025858', 'hex');
for (const critical of [true, false]) {
  check(
    `a CA that ${critical ? 'critically' : 'mildly'} restricts names`,
    'name-constraints',
    await under(await authority({ extra: [new Extension('2.5.29.30', critical, onlyXx)] })),
    { says: /permitted subtree violation/ },
  );
}
check(
  'a repeated extension',
  'malformed',
  { leaf: await service({ extra: [new BasicConstraintsExtension(false, undefined, true)] }) },
  { says: /invalid or inconsistent certificate extension|unable to get local issuer/ },
);

runCases(t);
