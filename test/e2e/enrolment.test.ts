/** Invites and folders through the command line: what is refused when an agency joins, and a seal that is granted apart. */
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation, LOOPBACK } from '../helpers/federation.ts';

const federation = await Federation.start(t, { agencies: [], autoSeal: false });
const { registry } = federation;
const paper = path.join(federation.dir, 'paper.txt');
await writeFile(paper, 'Nội dung');
let sealFingerprint = '';

const init = (agency: Agency, token: string) =>
  agency.cli('node', 'init', '--invite', token, '--listen', LOOPBACK);
const invite = async (code: string, ...more: string[]) => {
  const { exit, value, stderr } = await registry.cli('registry', 'invite', code, ...more);
  if (exit !== 0) throw new Error(stderr);
  return value as { token: string; agency: string; expiresAt: string };
};
const send = (agency: Agency, to: string, number: number) =>
  agency.cli(
    ...['send', paper, '--to', to, '--type', 'Công văn', '--number', String(number), '--notation', 'CV'],
    ...['--subject', 'Thử con dấu', '--wait'],
  );

t.test('an invite enrols once; another folder may not use it again', async (t) => {
  const { token, agency } = await invite('G22');
  t.equal(agency, 'G22');
  const node = federation.newcomer('G22');
  const made = await init(node, token);
  t.equal(made.exit, 0, made.stderr);
  t.match(made.value, { agency: 'G22', sealGranted: false });
  ({ sealFingerprint } = made.value as { sealFingerprint: string });
  const again = await init(federation.newcomer('G22', 'G22-b'), token);
  t.match({ exit: again.exit, code: again.error?.code }, { exit: 3, code: 'invite-used' });
  t.equal((await federation.agency('G22-b').cli('node', 'run')).error?.code, 'not-initialised');
});

t.test('wrong, expired and foreign invites', async (t) => {
  const newcomer = () => federation.newcomer('H40', `wrong-${Math.floor(performance.now() * 1000)}`);
  for (const token of ['xyz', 'lt1.abcdef', '']) {
    const end = await init(newcomer(), token);
    t.match({ exit: end.exit, code: end.error?.code }, { exit: 3, code: 'invite-invalid' }, `“${token}”`);
  }
  const { token, expiresAt } = await invite('H40', '--expires', '1s');
  await eventually('the invite is over', () => Date.now() > Date.parse(expiresAt));
  const late = await init(newcomer(), token);
  t.match({ exit: late.exit, code: late.error?.code }, { exit: 3, code: 'invite-expired' });
  const unknown = await registry.cli('registry', 'invite', 'Z99');
  t.not(unknown.exit, 0, 'nobody is invited who is not in the list');
  const listed = (await registry.cli('registry', 'list')).value as { code: string; seats: number }[];
  t.equal(listed.find(({ code }) => code === 'H40')?.seats, 0, 'none of them enrolled');
});

t.test('a folder already initialised', async (t) => {
  const node = federation.agency('G22');
  const before = await readdir(node.dir, { recursive: true });
  const end = await init(node, (await invite('G22')).token);
  t.match({ exit: end.exit, code: end.error?.code }, { exit: 3, code: 'already-initialised' });
  t.strictSame(await readdir(node.dir, { recursive: true }), before);
  const registryAgain = await registry.cli('registry', 'init', '--name', 'Khác');
  t.match(
    { exit: registryAgain.exit, code: registryAgain.error?.code },
    { exit: 3, code: 'already-initialised' },
  );
});

t.test('a second process on one folder', async (t) => {
  const node = federation.agency('G22');
  await node.start();
  const second = await node.cli('node', 'run');
  t.match({ exit: second.exit, code: second.error?.code }, { exit: 3, code: 'locked' });
  const secondRegistry = await registry.cli('registry', 'run');
  t.match({ exit: secondRegistry.exit, code: secondRegistry.error?.code }, { exit: 3, code: 'locked' });
  t.equal((await node.cli('node', 'status')).exit, 0, 'the first goes on');
});

t.test('a node whose seal is not granted receives but refuses to send, and says whom to ask', async (t) => {
  const node = federation.agency('G22');
  const other = await federation.enrol('H40');
  await other.start();
  await federation.inStep([node, other]);
  const refused = await send(node, 'H40', 1);
  t.match({ exit: refused.exit, code: refused.error?.code }, { exit: 3, code: 'seal-not-granted' });
  t.match(refused.error?.message, /grant-seal/);
  const wrong = await registry.cli('registry', 'grant-seal', 'G22', '00'.repeat(32));
  t.not(wrong.exit, 0, 'a fingerprint nobody asked for grants nothing');
  const granted = await registry.cli('registry', 'grant-seal', 'G22', sealFingerprint);
  t.equal(granted.exit, 0, granted.stderr);
  await federation.inStep([node, other]);
  const sent = await send(node, 'H40', 1);
  t.equal(sent.exit, 0, sent.stderr);
});

t.test('the registry off: node init says so and can be repeated', async (t) => {
  const { token } = await invite('H51');
  await registry.stop();
  const node = federation.newcomer('H51');
  const off = await init(node, token);
  t.match({ exit: off.exit, code: off.error?.code }, { exit: 5, code: 'unreachable' });
  t.equal((await registry.cli('registry', 'list')).exit, 0, 'its commands work on the folder meanwhile');
  await registry.start();
  const on = await init(node, token);
  t.equal(on.exit, 0, on.stderr);
});

t.test('a folder that is damaged is named in one line', async (t) => {
  const node = federation.agency('H51');
  await writeFile(path.join(node.dir, 'identity.json'), '{"agency":');
  const damaged = await node.cli('node', 'run');
  t.match({ exit: damaged.exit, code: damaged.error?.code }, { exit: 3, code: 'folder-damaged' });
  t.match(damaged.error?.message, /identity\.json/);
  const nothing = federation.newcomer('H51', 'nothing-here');
  t.equal((await nothing.cli('node', 'status')).exit, 5);
});
