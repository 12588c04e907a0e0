/**
 * Enrols many nodes in one process, which costs a tenth of a process each. Bundled as the product is and started by
 * circular: `[{ token, dir, listen }]` as JSON on stdin; ends when all are enrolled.
 */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { initNode } from '../../node/agency.ts';
import { isLienthongError } from '../../node/core/errors.ts';

export interface Enrolling {
  token: string;
  dir: string;
  listen: string;
}

/** The registry lets so many in a minute from one address; the same call again goes on. */
const AGAIN_MS = 1_000;

const all = JSON.parse(await text(process.stdin)) as Enrolling[];
for (const { token, dir, listen } of all) await enrolled({ token, dir, listen: [listen] });
process.exit(0);

async function enrolled(options: Parameters<typeof initNode>[0]): Promise<void> {
  for (;;) {
    try {
      await initNode(options);
      return;
    } catch (error) {
      if (!isLienthongError(error, 'rate-limited')) throw error;
      await sleep(AGAIN_MS);
    }
  }
}
