/**
 * Path validation: chains of names and keys, and what a CA may do.
 * Each certificate breaks one rule: we refuse it with that rule's reason, and so does `openssl verify`, or the case
 * says why OpenSSL has no such rule.
 */
import t from 'tap';
import { Certificate } from '../../certs/certificate.ts';
import { generateKey } from '../../certs/keys.ts';
import { validatePath } from '../../certs/path.ts';
import { BasicConstraintsExtension, Extension, Name } from '../../certs/x509-library.ts';
import {
  accepted,
  authority,
  type Ca,
  check,
  federation,
  forgedRootCrl,
  good,
  goodCrls,
  issuing,
  otherKey,
  root,
  runCases,
  service,
  under,
} from './path-bench.ts';
import { caDraft, dayMs, Federation, forge, forgeCrl, nowMs } from './pki.ts';

// Chaining
check(
  'a leaf that names its issuer otherwise',
  'name-chaining',
  { leaf: await service({ issuer: new Name([{ CN: ['Issuing CA of another name'] }]) }) },
  { says: /unable to get (local )?issuer/ },
);
const stranger = await Federation.create();
check(
  'another federation of the same name',
  'unknown-anchor',
  { leaf: good, anchors: [stranger.root.certificate.bytes] },
  { says: /unable to get (local )?issuer|self-signed/ },
);
check(
  'a missing intermediate',
  'unknown-anchor',
  { leaf: good, intermediates: [] },
  { says: /unable to get (local )?issuer/ },
);
check(
  'a key identifier that is not the issuer’s',
  'unknown-anchor',
  { leaf: await service({ authorityKeyId: 'ab'.repeat(20) }) },
  { says: /unable to get (local )?issuer/ },
);

/** AuthorityKeyIdentifier { authorityCertIssuer C=XX, authorityCertSerialNumber 0x7777 } */
const otherSerial = Buffer.from('3017a111a40f300d310b300906035504061302585882027777', 'hex');
check(
  'an issuer’s serial that is not the issuer’s',
  'unknown-anchor',
  {
    leaf: await service({
      authorityKeyId: undefined,
      extra: [new Extension('2.5.29.35', false, otherSerial)],
    }),
  },
  { says: /unable to get (local )?issuer/ },
);
{
  const [a, b] = [await generateKey('ecdsa-p256'), await generateKey('ecdsa-p256')];
  const asRoots = await Promise.all([
    forge(caDraft('A', a, undefined, 9)),
    forge(caDraft('B', b, undefined, 9)),
  ]);
  const [rootA, rootB] = asRoots.map((bytes) => new Certificate(bytes)) as [Certificate, Certificate];
  const aByB = await forge(caDraft('A', a, { certificate: rootB, key: b }, 9));
  const bByA = await forge(caDraft('B', b, { certificate: rootA, key: a }, 9));
  const leaf = await service({}, { certificate: rootA, key: a });
  const says = /unable to get (local )?issuer|chain too long|path/;
  check(
    'two CAs that vouch for each other',
    'unknown-anchor',
    { leaf, intermediates: [aByB, bByA] },
    { says },
  );
}

// Rights of CAs
check(
  'an issuer that is no CA',
  'not-a-ca',
  await under(await authority({ basicConstraints: new BasicConstraintsExtension(false, undefined, true) })),
  { says: /invalid CA certificate|Path length given for non-CA/ },
);
check(
  'an issuer without basicConstraints',
  'not-a-ca',
  await under(await authority({ basicConstraints: undefined })),
  { says: /invalid CA certificate/ },
);
check(
  'a CA whose basicConstraints are not critical',
  'not-a-ca',
  await under(await authority({ basicConstraints: new BasicConstraintsExtension(true, 0, false) })),
  { says: /Basic Constraints of CA cert not marked critical/ },
);
{
  const leaf = await federation.leaf('service');
  const ca = { certificate: leaf.certificate, key: leaf.signer.privateKey };
  const crl = await forgeCrl({ issuer: ca.certificate, key: ca.key });
  check(
    'a leaf of ours that issues',
    'not-a-ca',
    {
      leaf: await service({}, ca, otherKey),
      intermediates: [ca.certificate.bytes, issuing.certificate.bytes],
      crls: [...goodCrls, crl],
    },
    { says: /invalid CA certificate/ },
  );
  const below = await authority({}, issuing);
  check(
    'a CA below the issuing CA',
    'path-length',
    await under(below, {
      intermediates: [below.certificate.bytes, issuing.certificate.bytes],
      crls: [...goodCrls, below.crl],
    }),
    { says: /path length constraint exceeded/ },
  );
}
check(
  'a CA that may not sign certificates',
  'key-usage',
  await under(await authority({ keyUsage: 1 << 6 })),
  { says: /invalid CA certificate/ },
);
check('a CA without keyUsage', 'key-usage', await under(await authority({ keyUsage: undefined })), {
  says: /CA cert does not include key usage extension/,
});
check(
  'a CA that may not sign revocation lists',
  'key-usage',
  await under(await authority({ keyUsage: 1 << 5 })),
  { says: /key usage does not include CRL signing/i },
);
{
  let ca: Ca & { crl: Uint8Array } = { ...root, crl: forgedRootCrl };
  const chain: Uint8Array[] = [];
  const crls = [forgedRootCrl];
  const key = await generateKey('ecdsa-p256');
  const bytes = await forge(caDraft('Deep root', key, undefined, undefined));
  ca = { certificate: new Certificate(bytes), key, crl: forgedRootCrl };
  crls[0] = await forgeCrl({ issuer: ca.certificate, key });
  const unlimited = new BasicConstraintsExtension(true, undefined, true);
  const deep = (level: number) => new Name([{ CN: [`Deep CA ${level}`] }]);
  for (let level = 1; level <= 3; level++) {
    ca = await authority({ subject: deep(level), basicConstraints: unlimited }, ca);
    chain.push(ca.certificate.bytes);
    crls.push(ca.crl);
    const given = {
      leaf: await service({}, ca),
      intermediates: [...chain],
      anchors: [bytes],
      crls: [...crls],
    };
    const limit = ['-verify_depth', '2'];
    if (level < 3) check(`a chain of ${level + 2}`, 'ok', { ...given, opensslOptions: limit }, accepted);
    else {
      check(
        'a chain of 5',
        'too-long',
        { ...given, opensslOptions: limit },
        {
          says: /certificate chain too long|unable to get (local )?issuer/,
        },
      );
    }
  }
}

{
  const old = await authority();
  const subject = new Name(Uint8Array.from(old.certificate.subjectDer));
  const rolled = await authority({ subject }, old);
  const given = await under(rolled, {
    intermediates: [rolled.certificate.bytes, old.certificate.bytes],
    crls: [forgedRootCrl, old.crl, rolled.crl],
  });
  check('a CA that changes its key by a certificate to itself', 'ok', given, accepted);
}

runCases(t);

t.test('one good chain is enough, in any order, among CAs of one name', async (t) => {
  const key = await generateKey('ecdsa-p256');
  const old = await authority({ notAfterMs: nowMs - dayMs }, root, 0, key);
  const renewed = await authority({}, root, 0, key);
  const leaf = await service({}, renewed);
  for (const pair of [
    [old, renewed],
    [renewed, old],
  ]) {
    const verdict = validatePath({
      leaf,
      intermediates: [...pair.map(({ certificate }) => certificate), root.certificate],
      anchors: [root.certificate],
      crls: [forgedRootCrl, renewed.crl],
      role: 'service',
      atMs: nowMs,
    });
    t.equal(verdict.ok, true);
    if (verdict.ok) t.equal(verdict.chain[1]?.sha256, renewed.certificate.sha256);
  }
});
