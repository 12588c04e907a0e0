/**
 * Path validation: roles, bindings, and bytes that are no certificate.
 * Each certificate breaks one rule: we refuse it with that rule's reason, and so does `openssl verify`, or the case
 * says why OpenSSL has no such rule.
 */
import t from 'tap';
import { parseCertificate } from '../../certs/certificate.ts';
import { generateKey, spkiOf } from '../../certs/keys.ts';
import { validatePath } from '../../certs/path.ts';
import { peerIdOfSpki } from '../../certs/peer-id.ts';
import { profiles } from '../../certs/profiles.ts';
import { Extension } from '../../certs/x509-library.ts';
import {
  accepted,
  authority,
  check,
  good,
  issuing,
  leafKey,
  root,
  runCases,
  service,
  under,
} from './path-bench.ts';
import { forge, leafDraft, nowMs } from './pki.ts';

// Roles: OpenSSL knows no purpose behind our own extended key usages
const roleIsOurs = { hasNoRule: 'the extended key usages are this product’s own' };
check(
  'a service certificate used as directory',
  'extended-key-usage',
  { leaf: good, role: 'directory' },
  roleIsOurs,
);
check(
  'a leaf without extended key usage',
  'extended-key-usage',
  { leaf: await service({ extendedKeyUsage: undefined }) },
  roleIsOurs,
);
check(
  'a leaf with two roles',
  'extended-key-usage',
  {
    leaf: await service({
      extendedKeyUsage: [profiles.service.extendedKeyUsage ?? '', profiles.directory.extendedKeyUsage ?? ''],
    }),
  },
  roleIsOurs,
);
check(
  'a CA for web servers only',
  'extended-key-usage',
  await under(await authority({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })),
  { hasNoRule: 'without -purpose OpenSSL leaves a CA’s extended key usage alone' },
);
check(
  'a leaf that may not sign',
  'key-usage',
  { leaf: await service({ keyUsage: 1 << 2 }) },
  { hasNoRule: 'without -purpose OpenSSL leaves a leaf’s key usage alone' },
);
check(
  'a seal without nonRepudiation',
  'key-usage',
  { leaf: await forge({ ...leafDraft('seal', leafKey, issuing), keyUsage: 1 }), role: 'seal' },
  { hasNoRule: 'without -purpose OpenSSL leaves a leaf’s key usage alone' },
);
check(
  'a foreign seal needs no role of ours',
  'ok',
  {
    leaf: await forge({ ...leafDraft('seal', leafKey, issuing), extendedKeyUsage: undefined, uris: [] }),
    role: 'foreign-seal',
  },
  accepted,
);
check(
  'a foreign seal that may not sign',
  'key-usage',
  {
    leaf: await forge({
      ...leafDraft('seal', leafKey, issuing),
      extendedKeyUsage: undefined,
      keyUsage: 1 << 2,
    }),
    role: 'foreign-seal',
  },
  { hasNoRule: 'without -purpose OpenSSL leaves a leaf’s key usage alone' },
);
check(
  'a foreign seal with an Ed25519 key',
  'key-type',
  {
    leaf: await forge({
      ...leafDraft('seal', await generateKey('ed25519'), issuing),
      extendedKeyUsage: undefined,
    }),
    role: 'foreign-seal',
  },
  { hasNoRule: 'that statements are not signed with Ed25519 is this product’s own rule' },
);
check(
  'a serial of 21 bytes',
  'malformed',
  { leaf: await service({ serial: `01${'00'.repeat(20)}` }) },
  { hasNoRule: 'OpenSSL reads serials of any length' },
);
check(
  'a service key on P-384',
  'key-type',
  { leaf: await service({}, issuing, await generateKey('ecdsa-p384')) },
  { hasNoRule: 'which algorithm a role takes is this product’s own rule' },
);
check(
  'a CA where a leaf belongs',
  'not-a-leaf',
  { leaf: issuing.certificate.bytes, intermediates: [], role: undefined },
  { hasNoRule: 'OpenSSL validates any certificate as the end of a path' },
);

// Bindings
const node = await generateKey('ed25519');
const bindings = ['urn:lienthong:agency:G22', 'urn:lienthong:seat:G22'];
const bindingIsOurs = { hasNoRule: 'the URIs are this product’s own' };
const nodeWith = (...uris: string[]) => forge({ ...leafDraft('node', node, issuing), uris });
const own = `urn:lienthong:peer:${peerIdOfSpki(spkiOf(node))}`;
const others = `urn:lienthong:peer:${peerIdOfSpki(spkiOf(await generateKey('ed25519')))}`;
check(
  'a node bound to its own PeerId',
  'ok',
  { leaf: await nodeWith(...bindings, own), role: 'node' },
  accepted,
);
check(
  'a node bound to another’s PeerId',
  'binding',
  { leaf: await nodeWith(...bindings, others), role: 'node' },
  bindingIsOurs,
);
check('a node without PeerId', 'binding', { leaf: await nodeWith(...bindings), role: 'node' }, bindingIsOurs);
check(
  'a node without seat',
  'binding',
  { leaf: await nodeWith('urn:lienthong:agency:G22', own), role: 'node' },
  bindingIsOurs,
);
check(
  'two agencies in one certificate',
  'binding',
  { leaf: await nodeWith(...bindings, own, 'urn:lienthong:agency:H40'), role: 'node' },
  bindingIsOurs,
);
check(
  'an agency spelt with an escape',
  'binding',
  { leaf: await service({ uris: ['urn:lienthong:agency:G%32', 'urn:lienthong:seat:G22'] }) },
  bindingIsOurs,
);

const unknown = new Extension('2.25.1234567', true, Uint8Array.of(0x05, 0x00));
runCases(t);

t.test('what cannot be read is malformed', async (t) => {
  const verdict = (leaf: Uint8Array) => {
    const answer = validatePath({ leaf, anchors: [root.certificate], atMs: nowMs });
    return answer.ok ? 'ok' : answer.reason;
  };
  t.equal(verdict(new Uint8Array(0)), 'malformed');
  t.equal(verdict(Buffer.concat([good, Buffer.of(0)])), 'malformed', 'trailing bytes');
  t.equal(verdict(good.subarray(0, good.length - 1)), 'malformed', 'truncated');
  t.equal(verdict(new Uint8Array(8 * 1024 + 1).fill(0x30)), 'malformed', 'over 8 KiB');
  t.equal(
    verdict(await service({ extra: [unknown].concat(new Extension('2.25.9', false, new Uint8Array(8000))) })),
    'malformed',
    'a well-formed certificate over 8 KiB',
  );
  const outer = Buffer.from(good);
  const at = outer.lastIndexOf(Buffer.from('06082a8648ce3d040302', 'hex'));
  outer[at + 9] = 3;
  t.equal(parseCertificate(outer), undefined, 'the two signature algorithms differ');
  const many = Array.from({ length: 9 }, () => issuing.certificate);
  const crowd = validatePath({ leaf: good, intermediates: many, anchors: [root.certificate], atMs: nowMs });
  t.equal(crowd.ok || crowd.reason, 'too-long');
});
