/**
 * Entry of the command line. Wires the real terminal, environment, clock and Ctrl-C to `runCli` and ends with its exit
 * status. The first Ctrl-C (or SIGTERM) asks the command to stop; the second ends the process at once.
 */
import { createInterface } from 'node:readline/promises';
import { systemClock } from '../core/clock.ts';
import { collectBuffersEarly } from '../core/heap.ts';
import { runCli } from './program.ts';
import { roots } from './roots.ts';

collectBuffersEarly();

const EXIT_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;
const stopping = new AbortController();
let asked: number | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (asked !== undefined) process.exit(EXIT_OF_SIGNAL[signal]);
    asked = EXIT_OF_SIGNAL[signal];
    stopping.abort();
  });
}
// A reader that went away (`| head`) is no failure of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });

const output = (stream: NodeJS.WriteStream) => ({
  write: (text: string) => void stream.write(text),
  isTTY: stream.isTTY === true,
  columns: () => stream.columns ?? 80,
});

/** The question goes to stderr: stdout is for results. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal: stopping.signal });
  } finally {
    lines.close();
  }
}

process.exitCode = await runCli(process.argv.slice(2), {
  out: output(process.stdout),
  err: output(process.stderr),
  env: process.env,
  clock: systemClock,
  signal: stopping.signal,
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  exitOfSignal: () => asked ?? EXIT_OF_SIGNAL.SIGINT,
  roots,
});
