/** Keeps a started node or registry up until Ctrl-C or SIGTERM, a line per notable event, and stops it in order. */
import { isoTime } from '../core/dates.ts';
import { eventText } from '../core/messages.ts';
import type { Cli } from './cli.ts';
import type { Report, Running } from './roots.ts';

/** Lines of what happens. With --json they go to stderr: stdout holds the one value printed when ready. */
export const reporter =
  (cli: Cli): Report =>
  (event, details) => {
    const at = isoTime(cli.io.clock.nowMs()).slice(11, 19);
    const line = `${cli.paint('dim', at)}  ${eventText(cli.language, event, details)}\n`;
    (cli.json ? cli.io.err : cli.io.out).write(line);
  };

export async function keepRunning(cli: Cli, running: Running<unknown>): Promise<void> {
  const { signal } = cli.io;
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  cli.say('run.stopping');
  await running.stop();
  cli.say('run.stopped');
}
