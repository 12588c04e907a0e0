/**
 * Runs edxml-process.ts for edxml-import.ts and edxml-export.ts: one attachment of half text, half noise, as scanned
 * documents are; ours and the DOM parser in turns within one run, every result compared with the file that went in.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildProgram } from './bundle.ts';
import type { Form } from './edxml-process.ts';
import { type Figure, figure, type Measured, median } from './report.ts';

const execute = promisify(execFile);
const BYTES = 50 * 10 ** 6;
const SMOKE_BYTES = 2 * 10 ** 6;
const PIECE_BYTES = 10 ** 6;
type Side = 'ours' | 'dom';
type Job = 'import' | 'export';

interface Ran {
  ms: number;
  peakBytes: number;
}

/** Figures of one job: MB of attachment a second and peak memory in MB, in a ZIP as real messages have it, and raw. */
export async function measure(job: Job, smoke: boolean): Promise<Figure[]> {
  const program = await buildProgram('edxml-process');
  const dir = await mkdtemp(path.join(os.tmpdir(), 'lienthong-edxml-'));
  const bytes = smoke ? SMOKE_BYTES : BYTES;
  const run = async (of: Job, side: Side, form: Form): Promise<Ran> => {
    const { stdout } = await execute(process.execPath, [program, of, side, form, dir], { timeout: 120_000 });
    return JSON.parse(stdout) as Ran;
  };
  try {
    const file = path.join(dir, 'in.bin');
    await writeAttachment(file, bytes);
    const original = await hash(file);
    const figures: Figure[] = [];
    for (const form of ['zip', 'raw'] as const) {
      await run('export', 'ours', form);
      await rename(path.join(dir, 'out.edxml'), path.join(dir, 'in.edxml'));
      const ran: Record<Side, Ran[]> = { ours: [], dom: [] };
      for (let round = 0; round < (smoke ? 1 : 5); round++) {
        for (const side of ['ours', 'dom'] as const) {
          ran[side].push(await run(job, side, form));
          if (job === 'import' && (await hash(path.join(dir, 'out.bin'))) !== original) {
            throw new Error(`${side}: another file came out`);
          }
        }
      }
      figures.push(...figuresOf(`edxml-${job}${form === 'zip' ? '' : '-raw'}`, bytes, ran));
    }
    return figures;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function figuresOf(name: string, bytes: number, { ours, dom }: Record<Side, Ran[]>): Figure[] {
  const speed = (ran: readonly Ran[]): Measured => {
    const value = bytes / 1000 / median(ran.map(({ ms }) => ms));
    return { value, unit: 'MB/s', p95: null, n: ran.length };
  };
  const peak = (ran: readonly Ran[]): Measured => {
    const value = median(ran.map(({ peakBytes }) => peakBytes)) / 10 ** 6;
    return { value, unit: 'MB', p95: null, n: ran.length };
  };
  return [figure(name, speed(ours), speed(dom)), figure(`${name}-memory`, peak(ours), peak(dom))];
}

/** Noise from a counter's hash: the same file every time. */
async function writeAttachment(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'w');
  const text = Buffer.from('Điều 1. Phê duyệt kế hoạch kiểm tra. '.repeat(PIECE_BYTES / 40)).subarray(
    0,
    PIECE_BYTES / 2,
  );
  try {
    for (let piece = 0; piece * PIECE_BYTES < bytes; piece++) {
      const noise = createHash('shake256', { outputLength: PIECE_BYTES - text.length })
        .update(`${piece}`)
        .digest();
      await handle.write(Buffer.concat([text, noise]));
    }
  } finally {
    await handle.close();
  }
}

async function hash(file: string): Promise<string> {
  const sum = createHash('sha256');
  for await (const piece of createReadStream(file)) sum.update(piece as Buffer);
  return sum.digest('hex');
}
