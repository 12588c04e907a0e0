/**
 * Enrols many nodes in one process, which costs a tenth of a process each. Bundled as the product is and started by
 * circular: `[{ token, dir, listen }]` as JSON on stdin; ends when all are enrolled.
 */
import { text } from 'node:stream/consumers';
import { initNode } from '../../node/agency.ts';

export interface Enrolling {
  token: string;
  dir: string;
  listen: string;
}

const all = JSON.parse(await text(process.stdin)) as Enrolling[];
for (const { token, dir, listen } of all) await initNode({ token, dir, listen: [listen] });
process.exit(0);
