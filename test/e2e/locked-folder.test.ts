/** Two commands on one folder: a short one is waited for, one that stays is named, and nobody fails by bad luck. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { entry } from '../helpers/entry.ts';
import { Federation } from '../helpers/federation.ts';
import { nodeScript, PlainProcess } from '../helpers/plain-process.ts';

const federation = await Federation.start(t, { agencies: ['H40'] });
const { registry } = federation;
const node = federation.agency('H40');

/** A process that holds the folder as a command does, until it is ended. */
async function holder(t: Test, dir: string): Promise<PlainProcess> {
  const held = new PlainProcess(t, nodeScript('setInterval(() => {}, 1000); console.log("here")'));
  await held.says(/here/);
  const stat = await readFile(`/proc/${held.pid}/stat`, 'utf8');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  await writeFile(path.join(dir, 'lock'), `${held.pid} ${started}\n`);
  return held;
}

for (const [kind, member] of [
  ['registry', registry],
  ['node', node],
] as const)
  t.test(`${kind} run waits for a short command and says so`, async (t) => {
    await member.stop();
    const held = await holder(t, member.dir);
    const run = new PlainProcess(t, [...entry(), kind, 'run', '--dir', member.dir, '--lang', 'en']);
    await run.says(new RegExp(`Another command is using this folder \\(process ${held.pid}\\)`));
    held.signal('SIGKILL');
    await run.says(/is up\./);
    t.equal(run.err.match(/Another command/g)?.length, 1, 'once');
    run.signal('SIGINT');
    t.equal(await run.exited, 0);
  });

t.test('one that stays is named after a few seconds, and nothing of it is touched', async (t) => {
  const held = await holder(t, registry.dir);
  const end = await registry.cli('registry', 'run');
  t.match(
    { exit: end.exit, code: end.error?.code, details: end.error?.details },
    { exit: 3, code: 'locked', details: { pid: held.pid } },
  );
  t.match(await readFile(path.join(registry.dir, 'lock'), 'utf8'), String(held.pid));
  held.signal('SIGKILL');
  await held.exited;
  await rm(path.join(registry.dir, 'lock'));
});

t.test('a registry that starts among short commands: all of them succeed', async (t) => {
  const short = Array.from({ length: 4 }, () => registry.cli('registry', 'list'));
  const starting = registry.start();
  const invite = registry.cli('registry', 'invite', 'H51');
  for (const end of await Promise.all([...short, invite])) t.equal(end.exit, 0, end.stderr);
  await starting;
  t.equal((await registry.cli('registry', 'list')).exit, 0);
});

t.test('a second run is told at once: the first answers', async (t) => {
  const startedMs = performance.now();
  const second = await registry.cli('registry', 'run');
  t.match({ exit: second.exit, code: second.error?.code }, { exit: 3, code: 'locked' });
  t.ok(performance.now() - startedMs < 5_000, 'without waiting for what will not end');
});
