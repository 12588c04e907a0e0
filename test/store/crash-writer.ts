/**
 * Run by the crash test as a process of its own: commits, with audit entries, from several callers at once, and
 * prints a line for each commit once it is acknowledged, until it is killed.
 * Arguments: folder, first number, callers.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { concat, utf8 } from '../../node/core/bytes.ts';
import { systemRandom } from '../../node/core/clock.ts';
import { AuditLog } from '../../node/store/audit-log.ts';
import { key } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';

const [folder = '', first = '0', callers = '1'] = process.argv.slice(2);
const store = await LevelEngine.open({ folder });
const encodeLeaf = (entry: object, salt: Uint8Array) => concat(utf8(JSON.stringify(entry)), salt);
const log = await AuditLog.open({ store, folder: join(folder, 'audit'), encodeLeaf, random: systemRandom });
if (store.health.state !== 'ok') {
  writeSync(1, `unhealthy ${JSON.stringify(store.health.problems)}\n`);
  process.exit(1);
}
writeSync(1, 'ready\n');
let next = Number(first);

async function work(): Promise<never> {
  for (;;) {
    const number = next++;
    const value = utf8(`value of ${number} ${'x'.repeat((number * 37) % 3000)}`);
    const audit =
      number % 3 === 0
        ? []
        : [{ atMs: number, event: 'stored', fields: [{ name: 'n', value: `${number}` }] }];
    await store.commit({
      require: [{ key: key(200, number), expect: 'absent' }],
      writes: [{ put: key(200, number), value }],
      audit,
    });
    writeSync(1, `ack ${number} ${log.head().size}\n`);
  }
}
await Promise.all(Array.from({ length: Number(callers) }, work));
