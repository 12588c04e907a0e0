/**
 * A folder that another process holds: short commands, and a run that starts or stops, are over in a moment, so who
 * meets one tries again for a few seconds. A process that answers on the folder's socket is there to stay.
 */
import { isLienthongError, type LienthongError } from '../core/errors.ts';
import type { Cli } from './cli.ts';
import type { Io } from './io.ts';

const PATIENCE_MS = 5_000;
const RETRY_MS = 100;

/** Calls `act` until it doesn't say 'locked', or `isWorthWaiting` says no, or patience is over: 'locked' then. */
export async function despiteLock<T>(
  { clock, signal }: Pick<Io, 'clock' | 'signal'>,
  act: () => Promise<T>,
  isWorthWaiting: (error: LienthongError) => Promise<boolean> = async () => true,
): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await act();
    } catch (error) {
      if (!isLienthongError(error, 'locked') || waitedMs >= PATIENCE_MS) throw error;
      if (!(await isWorthWaiting(error))) throw error;
    }
    await clock.sleep(RETRY_MS, signal);
  }
}

/** Starts a node or registry; says once that it waits for the folder. */
export function startWhenFree<T>(cli: Cli, kind: 'node' | 'registry', start: () => Promise<T>): Promise<T> {
  let isSaid = false;
  return despiteLock(cli.io, start, async ({ details }) => {
    if (await cli.isUp(kind)) return false;
    if (!isSaid) cli.note(cli.text('run.waitsForFolder', { pid: details.pid as number | undefined }));
    isSaid = true;
    return true;
  });
}
