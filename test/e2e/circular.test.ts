/**
 * A large circular between real processes, each behind a line of its own, of which one is ended with SIGKILL while chunks
 * are on their way: its sender, when different recipients have different chunks, and a recipient that has been giving
 * chunks to others. All end with the same bytes, and what travelled, counted on all lines together, is the file once for
 * each recipient and what was under way at the kill.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { systemRandom } from '../../node/core/clock.ts';
import { putBehindLines } from '../helpers/behind-lines.ts';
import { CountedLine } from '../helpers/counted-line.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';

const MIB = 1024 * 1024;
const CHUNKS = 32;
const FILE_BYTES = (CHUNKS - 1) * MIB + 12_345;
/** Each way of each line: a chunk takes an eighth of a second. */
const BYTES_PER_SECOND = 8 * MIB;
/** Framing, encryption, handshakes, hashes, and telling each other what is held. */
const OVERHEAD = 1.03;
/** With whom a killed node speaks, each with two chunks outstanding either way. */
const UNDER_WAY_BYTES = 3 * 2 * 2 * MIB;

t.setTimeout(240_000);

const RECIPIENTS = ['H37', 'H40', 'H51'];
const federation = await Federation.start(t, { agencies: ['G22', ...RECIPIENTS] });
const sender = federation.agency('G22');
const recipients = RECIPIENTS.map((code) => federation.agency(code));

/** Bytes over all lines, and from each node to those who called it. */
let travelled = 0;
const given = new Map<Agency, number>();
/** Told of each who gives. */
let onGiving: (agency: Agency) => void = () => {};
const lines = new Map<Agency, CountedLine>();
for (const agency of federation.agencies) {
  const count = (bytes: number, toNode: boolean) => {
    travelled += bytes;
    if (toNode) return;
    given.set(agency, (given.get(agency) ?? 0) + bytes);
    onGiving(agency);
  };
  lines.set(agency, await CountedLine.open(t, count, BYTES_PER_SECOND));
}

const start = await putBehindLines(federation, lines);

/** A file of random bytes, sent as a circular; what of it each recipient has on its disk. */
async function circular(t: Test, number: number) {
  const bytes = systemRandom(FILE_BYTES);
  const sum = createHash('sha256').update(bytes).digest('hex');
  const papers = path.join(federation.dir, 'papers');
  await mkdir(papers, { recursive: true });
  const file = path.join(papers, `phụ lục ${number}.bin`);
  await writeFile(file, bytes);
  travelled = 0;
  given.clear();
  const sent = await sender.cli(
    ...[
      'send',
      file,
      '--to',
      RECIPIENTS.join(','),
      '--circular',
      '--type',
      'Công văn',
      '--number',
      `${number}`,
    ],
    ...['--notation', 'CV', '--subject', 'Phụ lục lớn'],
  );
  t.equal(sent.exit, 0, sent.stderr);
  const { id } = sent.value as { id: string };

  const chunksAt = async ({ dir }: Agency): Promise<Set<number>> => {
    const blobs = path.join(dir, 'blobs');
    const whole = path.join(blobs, sum.slice(0, 2), sum.slice(2));
    const coming = (await readdir(path.join(blobs, 'incoming'))).find(
      (name) => name.startsWith(sum) && name.endsWith('.part'),
    );
    const found = await readFile(coming === undefined ? whole : path.join(blobs, 'incoming', coming)).catch(
      () => readFile(whole).catch(() => Buffer.alloc(0)),
    );
    const isThere = (at: number) => {
      const end = Math.min(FILE_BYTES, at + MIB);
      return found.byteLength >= end && found.subarray(at, end).equals(bytes.subarray(at, end));
    };
    return new Set(Array.from({ length: CHUNKS }, (_, i) => i).filter((i) => isThere(i * MIB)));
  };
  const held = () => Promise.all(recipients.map(chunksAt));

  /** Once `agency` names one its line is cut and it is killed; what each recipient had then. */
  const killedAfter = async (agency: () => Agency | undefined) => {
    const killed = await new Promise<Agency>((resolve) => {
      onGiving = () => {
        const found = agency();
        if (found === undefined) return;
        onGiving = () => {};
        lines.get(found)!.cut();
        // they stand still until it is read what they have
        signal(found, 'SIGSTOP');
        resolve(found);
      };
    });
    const before = travelled;
    const atKill = await held();
    await killed.kill();
    signal(killed, 'SIGCONT');
    return { killed, before, atKill };
  };

  const arrived = async () => {
    await sender.delivered(id, 120_000);
    const most = recipients.length * FILE_BYTES * OVERHEAD + UNDER_WAY_BYTES;
    const told = `${(travelled / MIB).toFixed(1)} MiB travelled, ${recipients.length} x ${(FILE_BYTES / MIB).toFixed(1)} had to`;
    t.comment(`${told}; the sender gave ${((given.get(sender) ?? 0) / MIB).toFixed(1)}`);
    t.ok(travelled > recipients.length * FILE_BYTES, 'it was these lines');
    t.ok(travelled < most, told);
    for (const recipient of recipients) {
      const out = path.join(federation.dir, `fetched ${number} ${recipient.name}`);
      t.equal((await recipient.cli('fetch', id, '--out', out)).exit, 0);
      const fetched = execFileSync('sha256sum', [path.join(out, path.basename(file))], { encoding: 'utf8' });
      t.equal(fetched.split(' ')[0], sum, `${recipient.name}: byte for byte`);
      t.match(await recipient.verify(id), { valid: true });
      await eventually(`${recipient.name} has nothing left of the transfer`, async () => {
        const check = await (await recipient.client()).check();
        return check.ok && check.problems.length === 0;
      });
    }
  };
  return { held, killedAfter, arrived };
}

/** To all recipients but one. */
function signal(but: Agency, name: NodeJS.Signals): void {
  for (const one of recipients) if (one !== but) process.kill(one.child!.pid, name);
}

const gave = (agency: Agency, bytes: number) => (given.get(agency) ?? 0) >= bytes;
const isWithin = (one: Set<number>, other: Set<number>) => [...one].every((index) => other.has(index));
const unionOf = (sets: readonly Set<number>[]): Set<number> => new Set(sets.flatMap((one) => [...one]));

t.test(
  'the sender is killed when each recipient has other chunks: they share them, and the rest follows',
  async (t) => {
    const { held, killedAfter, arrived } = await circular(t, 1);
    const { before, atKill } = await killedAfter(() => (gave(sender, 12 * MIB) ? sender : undefined));
    t.comment(`held at the kill: ${atKill.map(({ size }) => size)}, together ${unionOf(atKill).size}`);
    t.ok(
      atKill.some((one) => one.size < unionOf(atKill).size),
      'different chunks had gone to different recipients',
    );
    const shared = await eventually(
      'each has what any has',
      async () => {
        const now = await held();
        return now.every(({ size }) => size === unionOf(now).size) ? now[0] : undefined;
      },
      60_000,
    );
    t.ok(isWithin(unionOf(atKill), shared), `${shared.size} chunks`);
    t.ok(travelled - before > MIB, 'they went on without the sender');
    t.ok(shared.size < CHUNKS, 'nobody has all of it');
    await start(sender);
    await arrived();
  },
);

t.test(
  'a recipient that gives chunks to others is killed: they end without it, and it goes on where it was',
  async (t) => {
    const { held, killedAfter, arrived } = await circular(t, 2);
    // with most of it: to fetch that again would cost more than what was under way
    const helper = () => recipients.find((one) => travelled > 2 * FILE_BYTES && gave(one, 4 * MIB));
    const { killed, atKill } = await killedAfter(helper);
    const at = recipients.indexOf(killed);
    const had = atKill[at]!;
    t.comment(`${killed.name} had ${had.size} of ${CHUNKS} chunks`);
    t.ok(had.size > 0 && had.size < CHUNKS);
    await eventually(
      'the others have all of it',
      async () => (await held()).every(({ size }, i) => i === at || size === CHUNKS),
      60_000,
    );
    t.ok(isWithin(had, (await held())[at]!), 'what was checked is still on its disk');
    await start(killed);
    await arrived();
  },
);
