import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { writeIncoming } from '../../node/cli/incoming-files.ts';
import { systemRandom } from '../../node/core/clock.ts';
import { temporaryFolder } from '../helpers/command-line.ts';
import { sha256Hex } from '../helpers/memory-node.ts';

const content = Buffer.from('nội dung');
async function* source(bytes: Uint8Array = content) {
  yield bytes.subarray(0, 3);
  yield bytes.subarray(3);
}
const expect = (name: string, bytes: Uint8Array = content) => ({
  name,
  size: bytes.byteLength,
  sha256: sha256Hex(bytes),
});

t.test('no name leads out of the folder, and none is dangerous', async (t) => {
  const folder = await temporaryFolder(t);
  const out = join(folder, 'out');
  await import('node:fs/promises').then(({ mkdir }) => mkdir(out));
  const names: [string, string][] = [
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\windows\\system32\\x.dll', 'x.dll'],
    ['/abs/olute.pdf', 'olute.pdf'],
    ['CON.txt', '_CON.txt'],
    ['..', 'tep-dinh-kem'],
    ['a\x00b\x1b[2J\n.pdf', 'ab[2J.pdf'],
    ['Quyết định.pdf'.normalize('NFD'), 'Quyết định.pdf'],
    ['\u202egpj.exe', 'gpj.exe'],
  ];
  for (const [given, written] of names)
    t.equal(await writeIncoming(out, expect(given), source(), systemRandom), join(out, written));
  t.same((await readdir(folder)).sort(), ['out']);
  t.equal((await readdir(out)).length, names.length, 'no temporary file is left');
});

t.test('nothing is ever replaced, not even by a link', async (t) => {
  const out = await temporaryFolder(t);
  await writeFile(join(out, 'a.pdf'), 'mine');
  await symlink('/dev/null', join(out, 'a (2).pdf'));
  t.equal(await writeIncoming(out, expect('a.pdf'), source(), systemRandom), join(out, 'a (3).pdf'));
  t.equal(await readFile(join(out, 'a.pdf'), 'utf8'), 'mine');
  const both = await Promise.all(
    [1, 2, 3].map(() => writeIncoming(out, expect('b.pdf'), source(), systemRandom)),
  );
  t.equal(new Set(both).size, 3, 'several at once get names of their own');
});

t.test('other bytes, more or fewer than signed are refused and nothing is left', async (t) => {
  const out = await temporaryFolder(t);
  const changed = Buffer.from(content);
  changed[0]!++;
  for (const bytes of [changed, content.subarray(1), Buffer.concat([content, content])])
    await t.rejects(writeIncoming(out, expect('a.pdf'), source(bytes), systemRandom), {
      code: 'blob-mismatch',
    });
  const broken = async function* () {
    yield content.subarray(0, 2);
    throw new Error('gone');
  };
  await t.rejects(writeIncoming(out, expect('a.pdf'), broken(), systemRandom));
  t.same(await readdir(out), []);
});

t.test('a folder that cannot be written to is named', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  await t.rejects(writeIncoming(file, expect('a'), source(), systemRandom), { code: 'invalid-file' });
});
