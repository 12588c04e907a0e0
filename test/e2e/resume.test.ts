/**
 * A large file between real processes over a line that breaks: cut at random numbers of bytes, either node ended with
 * SIGKILL and started again. What arrives is what was sent, and what travelled, counted on the line itself, is the file
 * once and what was under way at each break. What its sender gives up leaves nothing. LIENTHONG_SEED repeats a run's random choices.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { systemRandom } from '../../node/core/clock.ts';
import { putBehindLines } from '../helpers/behind-lines.ts';
import { CountedLine } from '../helpers/counted-line.ts';
import { entry } from '../helpers/entry.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';
import { PlainProcess } from '../helpers/plain-process.ts';
import { seeded } from '../store/seeded.ts';

const MIB = 1024 * 1024;
const FILE_BYTES = 96 * MIB + 12_345;
const BREAKS = ['line', 'sender', 'recipient', 'line', 'recipient', 'sender'] as const;
/** Asked for and not kept when it broke: four outstanding, three being written. */
const UNDER_WAY_BYTES = 7 * MIB;
/** Framing, encryption, handshakes, hashes. */
const OVERHEAD = 1.02;

const random = seeded();
t.comment(`seed ${random.seed}`);
t.setTimeout(150_000);

const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const [sender, recipient] = [federation.agency('G22'), federation.agency('H40')];

/** Bytes from sender to recipient, over whichever connection. */
let travelled = 0;
let breakAt = Number.POSITIVE_INFINITY;
let onBreak = () => {};
const count = (bytes: number) => {
  travelled += bytes;
  if (travelled < breakAt) return;
  breakAt = Number.POSITIVE_INFINITY;
  onBreak();
};
const lines = new Map<Agency, CountedLine>([
  [sender, await CountedLine.open(t, (bytes, toNode) => toNode || count(bytes))],
  [recipient, await CountedLine.open(t, (bytes, toNode) => toNode && count(bytes))],
]);

const start = await putBehindLines(federation, lines);

t.test('cut at random places, either side killed: the same bytes, and only what was missing', async (t) => {
  const papers = path.join(federation.dir, 'papers');
  await mkdir(papers);
  const file = path.join(papers, 'phụ lục.bin');
  await writeFile(file, systemRandom(FILE_BYTES));
  const sum = execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ')[0]!;

  const points = BREAKS.map(() => random.below(FILE_BYTES - 8 * MIB)).sort((a, b) => a - b);
  t.comment(`breaks ${BREAKS.map((kind, at) => `${kind} at ${(points[at]! / MIB).toFixed(1)}`).join(', ')}`);
  const broken = (async () => {
    for (const [at, kind] of BREAKS.entries()) {
      await new Promise<void>((resolve) => {
        onBreak = () => {
          for (const line of lines.values()) line.cut();
          resolve();
        };
        // what was lost at earlier breaks travels again
        breakAt = Math.max(points[at]!, travelled + MIB);
      });
      if (kind === 'line') continue;
      const agency = kind === 'sender' ? sender : recipient;
      await agency.kill();
      await start(agency);
    }
  })();

  const sent = await sender.cli(
    ...['send', file, '--to', 'H40', '--type', 'Công văn', '--number', '1', '--notation', 'CV'],
    ...['--subject', 'Phụ lục lớn'],
  );
  t.equal(sent.exit, 0, sent.stderr);
  const { id } = sent.value as { id: string };
  await broken;
  await sender.delivered(id, 90_000);

  const most = FILE_BYTES * OVERHEAD + BREAKS.length * UNDER_WAY_BYTES;
  t.comment(`${(travelled / MIB).toFixed(1)} MiB travelled of ${(FILE_BYTES / MIB).toFixed(1)}`);
  t.ok(travelled > FILE_BYTES, 'it was this line');
  t.ok(travelled < most, `${travelled} bytes travelled, at most ${most} had to`);

  const out = path.join(federation.dir, 'fetched');
  t.equal((await recipient.cli('fetch', id, '--out', out)).exit, 0);
  const arrived = execFileSync('sha256sum', [path.join(out, 'phụ lục.bin')], { encoding: 'utf8' });
  t.equal(arrived.split(' ')[0], sum, 'byte for byte');
  t.match(await recipient.verify(id), { valid: true });
  await eventually('nothing is left of the transfer', async () => {
    const check = await (await recipient.client()).check();
    return check.ok && check.problems.length === 0;
  });
});

t.test('the same file in another document does not travel again', async (t) => {
  const before = travelled;
  const file = path.join(federation.dir, 'papers', 'phụ lục.bin');
  const sent = await sender.cli(
    ...['send', file, '--to', 'H40', '--type', 'Công văn', '--number', '2', '--notation', 'CV'],
    ...['--subject', 'Vẫn phụ lục ấy', '--wait'],
  );
  t.equal(sent.exit, 0, sent.stderr);
  t.ok(travelled - before < MIB, `${travelled - before} bytes travelled`);
});

t.test('Ctrl-C while the node takes a file leaves nothing behind', async (t) => {
  const huge = path.join(federation.dir, 'papers', 'rất lớn.bin');
  await writeFile(huge, '');
  await truncate(huge, 2 * 1024 * MIB);
  const blobs = path.join(sender.dir, 'blobs');
  const held = async () => (await readdir(blobs, { recursive: true })).sort().join('\n');
  const before = await held();
  const command = new PlainProcess(t, [
    ...entry(),
    ...['send', huge, '--to', 'H40', '--type', 'Công văn', '--number', '3', '--notation', 'CV'],
    ...['--subject', 'Thôi', '--dir', sender.dir],
  ]);
  const incoming = path.join(blobs, 'incoming');
  await eventually('the node takes it', async () => (await readdir(incoming)).length > 0, 60_000);
  command.signal('SIGINT');
  t.equal(await command.exited, 130);
  await eventually('it is gone', async () => (await held()) === before);
  t.equal((await sender.list('outbox')).length, 2);
});
