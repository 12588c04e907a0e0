/**
 * `npm start` when it is interrupted or can't go on: Ctrl-C at any moment, twice, a folder that is damaged or in use, a
 * port that is taken. Each ends with a clear line and a sane status, leaves no process, and the next run goes on.
 */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { PlainProcess } from '../helpers/plain-process.ts';

const MAIN = path.join(import.meta.dirname, '..', '..', 'scripts', 'sandbox', 'main.ts');
const folder = await mkdtemp(path.join(os.tmpdir(), 'lienthong-stops-'));
t.teardown(() => rm(folder, { recursive: true, force: true }));
t.setTimeout(240_000);

const STACK = /\n\s+at .*:\d+:\d+/;
const start = (t: Test, dir: string, ...args: string[]) =>
  new PlainProcess(t, [process.execPath, MAIN, '--dir', dir, '--lang', 'en', ...args]);

/** Ids of the processes that have the folder in their command line, the sandbox itself included. */
async function processesOf(dir: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (line.split('\0').some((word) => word === dir || word.startsWith(`${dir}/`))) found.push(Number(name));
  }
  return found;
}
const lockHolder = async (dir: string) =>
  Number((await readFile(path.join(dir, 'lock'), 'utf8')).split(' ')[0]);

/** Everything that must hold of an end: nobody left, no stack, the status. */
async function ended(t: Test, run: PlainProcess, dir: string, status: number): Promise<void> {
  t.equal(await run.exited, status, run.text);
  t.strictSame(await processesOf(dir), [], 'no process stays');
  t.notMatch(run.text, STACK);
}

const dir = path.join(folder, 'd');

for (const [moment, pattern] of [
  ['the registry is made', /First run/],
  ['the agencies enrol', /running, 95 agencies/],
] as const)
  t.test(`Ctrl-C while ${moment}: all stops, and the next run goes on`, async (t) => {
    const run = start(t, dir);
    await run.says(pattern);
    run.signal('SIGINT');
    await ended(t, run, dir, 0);
    t.match(run.out, /Stopping/);
  });

t.test('Ctrl-C with --once is no success', async (t) => {
  const run = start(t, dir, '--once');
  await run.says(/running, 95 agencies/);
  run.signal('SIGINT');
  await ended(t, run, dir, 130);
});

t.test('what was cut short is finished by the next run', async (t) => {
  const run = start(t, dir, '--once');
  await ended(t, run, dir, 0);
  t.match(run.out, /2 of 2 receipts are valid/);
});

t.test('a second Ctrl-C while it stops ends everything at once', async (t) => {
  const run = start(t, dir);
  await run.says(/Ctrl-C stops everything/);
  const frozen = await lockHolder(path.join(dir, 'H40'));
  process.kill(frozen, 'SIGSTOP');
  run.signal('SIGINT');
  await run.says(/Ctrl-C again/);
  const alive = await processesOf(dir);
  t.ok(alive.includes(frozen), 'one process does not stop');
  const askedMs = performance.now();
  run.signal('SIGINT');
  await ended(t, run, dir, 130);
  const tookMs = performance.now() - askedMs;
  t.ok(tookMs < 15_000, `${Math.round(tookMs)} ms: less than one that does not stop is waited for`);
});

t.test('a second Ctrl-C during the first enrolment ends the enrolment too', async (t) => {
  const fresh = path.join(folder, 'fresh');
  const run = start(t, fresh);
  await run.says(/running, 95 agencies/);
  await eventually('an enrolment is under way', async () => (await processesOf(fresh)).length > 2);
  // to the sandbox alone: its commands would end by themselves if they heard of it
  process.kill(run.pid, 'SIGINT');
  await run.says(/Ctrl-C again/);
  process.kill(run.pid, 'SIGINT');
  await ended(t, run, fresh, 130);
  t.match(run.out, /Stopped/);
});

t.test('in use by another npm start: one line, and the other goes on', async (t) => {
  const first = start(t, dir);
  await first.says(/Ctrl-C stops everything/);
  const second = start(t, dir, '--once');
  t.equal(await second.exited, 1, second.text);
  t.match(second.out, /Registry can't start: .*\n.*npm start/s);
  t.notMatch(second.text, STACK);
  t.equal((await processesOf(dir)).length, 5, 'four processes and the first sandbox');
  first.signal('SIGINT');
  await ended(t, first, dir, 0);
});

for (const [name, who] of [
  ['registry', 'Registry'],
  ['H51', 'H51'],
] as const)
  t.test(`the taken port of ${name} is named`, async (t) => {
    const { listen } = JSON.parse(
      await readFile(path.join(dir, name, name === 'registry' ? 'registry.json' : 'config.json'), 'utf8'),
    );
    const port = Number(/tcp\/(\d+)/.exec(listen[0])![1]);
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    t.teardown(() => holder.close());
    const run = start(t, dir, '--once');
    await ended(t, run, dir, 1);
    t.match(run.out, new RegExp(`${who} can't start: .*${port}`));
    t.match(run.out, /The port was chosen/);
  });

/** Damage, and what the line has to name. */
const DAMAGE: [string, string, string, string][] = [
  ['H40', 'identity.json', '{"agency":', 'identity.json'],
  ['H40', 'config.json', 'không phải JSON', 'config.json'],
  ['registry', 'registry.json', '{}', 'registry.json'],
  ['H51', 'keys/service.key', 'hỏng', 'service'],
  ['H51', 'store/database/CURRENT', '', ''],
];
for (const [name, file, content, named] of DAMAGE)
  t.test(`damaged: ${name}/${file}`, async (t) => {
    const at = path.join(dir, name, file);
    const before = await readFile(at);
    await writeFile(at, content);
    t.teardown(() => writeFile(at, before));
    const run = start(t, dir, '--once');
    await ended(t, run, dir, 1);
    const who = name === 'registry' ? 'Registry' : name;
    t.match(run.out, new RegExp(`${who} can't start: [^\\n]*`));
    if (named !== '') t.match(run.out, named);
    t.match(run.out, /To start anew: rm -rf/);
  });
