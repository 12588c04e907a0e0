/** A small attachment that is damaged in a node's database: the check of the running node names it and has it again. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Level } from 'level';
import t from 'tap';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { LEVEL_OPTIONS } from '../../node/store/level-engine.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';

t.setTimeout(120_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const [sender, recipient] = [federation.agency('G22'), federation.agency('H40')];
await federation.inStep();

/** One bit of the only small attachment, on the disk of a stopped node. */
async function flip({ dir }: Agency): Promise<void> {
  const database = new Level<Uint8Array, Uint8Array>(path.join(dir, 'store', 'database'), LEVEL_OPTIONS);
  const rows = await database.iterator(prefixRange(PREFIX.smallBlob)).all();
  for (const [key, stored] of rows) {
    const sealed = Uint8Array.from(stored);
    sealed[sealed.byteLength - 1]! ^= 1;
    await database.put(key, sealed);
  }
  await database.close();
}

t.test('node check names it, says what came back, and fetch gives the bytes that were sent', async (t) => {
  const text = 'Điều 1. Phê duyệt kèm theo Quyết định này.';
  const { id } = await sender.send({ to: ['H40'], number: 1, text });
  await sender.delivered(id);
  await recipient.stop();
  await flip(recipient);
  const stopped = await recipient.cli('node', 'check', '--json');
  t.equal(stopped.exit, 7);
  const problems = [{ kind: 'blob-damaged', files: ['cong-van.txt (1/CV-G22)'], mended: false }];
  t.match(stopped.value, { ok: false, problems }, 'nobody is asked by a node that is stopped');
  await recipient.start();
  await eventually('the check has it again', async () => {
    const { exit, value } = await recipient.cli('node', 'check', '--json');
    t.match(value, { problems: [{ kind: 'blob-damaged' }] });
    return exit === 0;
  });
  const whole = await recipient.cli('node', 'check', '--json');
  t.match(whole.value, { ok: true, problems: [] });
  const out = path.join(federation.dir, 'fetched');
  t.equal((await recipient.cli('fetch', id, '--out', out)).exit, 0);
  t.equal(await readFile(path.join(out, 'cong-van.txt'), 'utf8'), text);
  t.match(await recipient.verify(id), { valid: true });
});
