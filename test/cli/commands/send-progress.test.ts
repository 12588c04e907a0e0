/** `send --wait` on a terminal: what it says of large files while they are on their way is so. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { DeliveryUpdate } from '../../../node/core/views.ts';
import { runningNode, temporaryFolder } from '../../helpers/command-line.ts';

const MB = 1024 * 1024;
const FIELDS = ['--type', 'Quyết định', '--number', '274', '--notation', 'QĐ-TTg', '--subject', 'Phê duyệt'];

/** A node whose deliveries of 100 MB are as told, one after another. */
async function watched(t: Test, to: string, told: Partial<DeliveryUpdate>[]) {
  const { cli, node } = await runningNode(t);
  node.deliverAtOnce = false;
  async function* watch(): AsyncGenerator<DeliveryUpdate> {
    const rest = { at: '2019-03-12T10:00:00+07:00', lastError: null, elapsedMs: null };
    for (const one of told)
      yield {
        to: 'H40',
        state: 'sending',
        pulledBytes: 0,
        givenBytes: 0,
        totalBytes: 100 * MB,
        ...rest,
        ...one,
      };
  }
  Object.assign(node, { watch });
  const file = join(await temporaryFolder(t), 'a.bin');
  await writeFile(file, 'x');
  let nowMs = 0;
  const clock = { nowMs: () => (nowMs += 200), sleep: async () => undefined, after: () => () => undefined };
  const words = ['send', file, '--to', to, ...FIELDS, '--wait', '--lang', 'en'];
  const { err, status } = await cli(words, { tty: true, clock });
  t.equal(status, 0);
  t.match(err, /\r\x1b\[2K$/, 'the line is taken away');
  return err.split('\r\x1b[2K');
}

t.test('while one recipient takes a large file, the line says how much of it it has', async (t) => {
  const lines = await watched(t, 'H40', [
    {},
    { pulledBytes: 30 * MB, givenBytes: 30 * MB },
    { pulledBytes: 99 * MB, givenBytes: 99 * MB },
    { state: 'delivered', pulledBytes: 100 * MB, givenBytes: 99 * MB },
  ]);
  const shown = lines.filter((line) => /^H40 {2}\d+%/.test(line)).map((line) => line.slice(0, 26));
  t.match(shown.at(-1), /^H40 {2}99% {2}99\.0 MB\/100 MB/);
});

t.test(
  'while recipients of a circular have it from each other, the line says who is done and what left here',
  async (t) => {
    const lines = await watched(t, 'H40,H51', [
      {},
      { to: 'H51' },
      { pulledBytes: 60 * MB, givenBytes: 60 * MB },
      { to: 'H51', pulledBytes: 40 * MB, givenBytes: 40 * MB },
      { state: 'delivered', pulledBytes: 100 * MB, givenBytes: 60 * MB },
      { to: 'H51', pulledBytes: 45 * MB, givenBytes: 45 * MB },
      { to: 'H51', state: 'delivered', pulledBytes: 100 * MB, givenBytes: 45 * MB },
    ]);
    t.match(
      lines.filter((line) => line.includes('have all of it')),
      [
        /^0 of 2 recipients have all of it, 2 receiving; 0 B left this node$/,
        /^0 of 2 recipients have all of it, 2 receiving; 60\.0 MB left this node$/,
        /^0 of 2 recipients have all of it, 2 receiving; 100 MB left this node$/,
        /^1 of 2 recipients have all of it, 1 receiving; 100 MB left this node/,
        /^1 of 2 recipients have all of it, 1 receiving; 105 MB left this node$/,
      ],
    );
  },
);
