/** Keeps a started node or registry up until Ctrl-C or SIGTERM, a line per notable event, and stops it in order. */
import { isoTime } from '../core/dates.ts';
import { eventText } from '../core/messages.ts';
import type { Cli } from './cli.ts';
import type { Report, Running } from './roots.ts';

/** Lines a second a person can still read; a node under load writes one more that sums up the rest. */
const LINES_PER_SECOND = 20;
const SECOND_MS = 1_000;
/** What an operator must not miss for all the ordinary lines: has lines of its own, as many, since peers can cause it. */
const ALARMING = /refused|damaged|read-only|behind|unreadable|fault|failed|lost|rewritten|continued/;

/** Lines of what happens. With --json they go to stderr: stdout holds the one value printed when ready. */
export function reporter(cli: Cli): Report {
  const { clock } = cli.io;
  const out = cli.json ? cli.io.err : cli.io.out;
  const write: Report = (event, details) => {
    const at = isoTime(clock.nowMs()).slice(11, 19);
    out.write(`${cli.paint('dim', at)}  ${eventText(cli.language, event, details)}\n`);
  };
  const held = new Map<string, number>();
  const lines = { ordinary: 0, alarming: 0 };
  const endSecond = () => {
    lines.ordinary = 0;
    lines.alarming = 0;
    if (held.size === 0) return;
    const count = [...held.values()].reduce((sum, more) => sum + more, 0);
    const what = [...held].map(([event, more]) => `${event} ×${more}`).join(', ');
    held.clear();
    write('events.more', { count, what });
  };
  return (event, details) => {
    if (lines.ordinary + lines.alarming === 0) clock.after(SECOND_MS, endSecond);
    if (++lines[ALARMING.test(event) ? 'alarming' : 'ordinary'] <= LINES_PER_SECOND) write(event, details);
    else held.set(event, (held.get(event) ?? 0) + 1);
  };
}

export async function keepRunning(cli: Cli, running: Running<unknown>): Promise<void> {
  const { signal } = cli.io;
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  cli.say('run.stopping');
  await running.stop();
  cli.say('run.stopped');
}
