/** Enrolment through a man in the middle, with tokens that were tampered with: nothing is enrolled, nothing is kept. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { formatInviteToken, parseInviteToken } from '../../node/directory/invite-token.ts';
import { Federation, LOOPBACK } from '../helpers/federation.ts';
import { anyKey, HostileNode } from '../helpers/hostile-node.ts';

const genuine = await Federation.start(t, { agencies: [] });
const attackers = await Federation.start(t, { agencies: [] });
const attacking = await (await attackers.registry.client()).status();
const attackerAddress = attacking.listening.find((address) => address.includes('127.0.0.1'))!;

let folders = 0;
async function init(token: string) {
  const agency = genuine.newcomer('H40', `H40-${++folders}`);
  const end = await agency.cli('node', 'init', '--invite', token, '--listen', LOOPBACK);
  return { agency, ...end };
}

t.test("the attacker's address with the registry's PeerId: it can't prove the key", async (t) => {
  const token = parseInviteToken(await genuine.invite('H40'));
  const [address = ''] = token.registryAddresses;
  const diverted = address.replace(/\/tcp\/\d+/, /\/tcp\/\d+/.exec(attackerAddress)![0]);
  t.not(diverted, address);
  const { exit, error, agency } = await init(formatInviteToken({ ...token, registryAddresses: [diverted] }));
  t.match({ exit, code: error?.code }, { exit: /[35]/, code: /registry-mismatch|unreachable|peer-refused/ });
  t.notOk(existsSync(path.join(agency.dir, 'identity.json')));
  t.equal((await agency.cli('node', 'run')).error?.code, 'not-initialised');
});

t.test(
  "the attacker's registry with the genuine root's fingerprint: its papers are not the root's",
  async (t) => {
    const theirs = parseInviteToken(await attackers.invite('H40'));
    const { rootFingerprint } = parseInviteToken(await genuine.invite('H40'));
    const { exit, error, agency } = await init(formatInviteToken({ ...theirs, rootFingerprint }));
    t.equal(exit, 3);
    t.match(error?.code, /registry-mismatch|does-not-verify|request-invalid/);
    t.notOk(existsSync(path.join(agency.dir, 'identity.json')));
    const listed = await (await attackers.registry.client()).list({});
    t.equal(listed.find(({ code }) => code === 'H40')?.seats, 0, 'not even the attacker has it enrolled');
  },
);

t.test('a mistyped token is noticed before anything is dialled', async (t) => {
  const token = await genuine.invite('H40');
  const at = Math.floor(token.length / 2);
  const mistyped = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
  const { exit, error, agency } = await init(mistyped);
  t.match({ exit, code: error?.code }, { exit: 3, code: 'invite-invalid' });
  t.notOk(existsSync(agency.dir));
});

t.test('a stranger may do nothing at the registry but enrol', async (t) => {
  const federationId = Buffer.from((await (await genuine.registry.client()).status()).federationId, 'hex');
  const stranger = await HostileNode.start(t, anyKey(), federationId);
  const { listening, peerId } = await (await genuine.registry.client()).status();
  await t.rejects(stranger.connectTo(listening, peerId));
  const token = await genuine.invite('H40');
  const { exit } = await init(token);
  t.equal(exit, 0, 'while who is invited still can');
});
