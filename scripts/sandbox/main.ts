/**
 * `npm start`: a federation of three agencies on this machine, and the opening of the axis replayed on it. Stays until
 * Ctrl-C; with `--once` it ends by itself, with 0 only if every receipt verifies. Data in .sandbox/, kept between runs.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { languageOf } from '../../node/cli/language.ts';
import { runSandbox } from './run.ts';
import { Screen } from './screen.ts';

/** Paths are shown as they would be typed at the project's root, where npm runs this. */
const FOLDER = '.sandbox';

const screen = new Screen(process.stdout, languageOf(process.argv.slice(2), process.env), process.env);

function options(): { once: boolean; dir: string } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        lang: { type: 'string' },
        dir: { type: 'string' },
      },
    });
    return { once: values.once, dir: values.dir ?? FOLDER };
  } catch {
    screen.say(screen.text('usage'));
    return undefined;
  }
}

const stopping = new AbortController();
const stoppingNow = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => (stopping.signal.aborted ? stoppingNow : stopping).abort());
}
// whoever read our lines may have gone; the federation still has to be stopped
process.stdout.on('error', () => stopping.abort());

const given = options();
if (given === undefined) process.exitCode = 2;
else {
  process.chdir(path.join(import.meta.dirname, '..', '..'));
  process.exitCode = await runSandbox({
    ...given,
    screen,
    stopping: stopping.signal,
    stoppingNow: stoppingNow.signal,
  });
}
