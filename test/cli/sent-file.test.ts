import { appendFile, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { piecesOf, requireFile } from '../../node/cli/sent-file.ts';
import { temporaryFolder } from '../helpers/command-line.ts';

const SIZE = 600_000;

t.test('what is no file to send is refused by name', async (t) => {
  const folder = await temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  await writeFile(at('empty'), '');
  await writeFile(at('full'), 'abcd');
  await mkdir(at('folder'));
  const cases: [string, string, object?][] = [
    ['nothing', 'file-missing'],
    ['full/below', 'file-missing'],
    ['empty', 'file-empty'],
    ['folder', 'invalid-file', { reason: 'folder' }],
    ['full', 'file-too-large', { bytes: 4, maxBytes: 3 }],
  ];
  for (const [name, code, details] of cases)
    await t.rejects(requireFile(at(name), 3), { code, details: { file: at(name), ...details } }, name);
  t.equal(await requireFile(at('full'), 4), 4);
});

t.test('a file is read as the size that was seen, or refused', async (t) => {
  const path = join(await temporaryFolder(t), 'x');
  await writeFile(path, Buffer.alloc(SIZE, 7));
  const read = async (between: () => Promise<void>) => {
    const told: number[] = [];
    let bytes = 0;
    for await (const piece of piecesOf(path, SIZE, (sent) => told.push(sent))) {
      if (bytes === 0) await between();
      bytes += piece.byteLength;
    }
    return { bytes, told };
  };
  const { bytes, told } = await read(async () => undefined);
  t.equal(bytes, SIZE);
  t.equal(told.at(-1), SIZE);
  t.ok(told.length > 1, 'piece by piece');
  const changed = { code: 'invalid-file', details: { file: path, reason: /changed/ } };
  await t.rejects(
    read(() => appendFile(path, 'more')),
    changed,
  );
  await t.rejects(
    read(() => truncate(path, SIZE - 1)),
    changed,
  );
  await t.rejects(piecesOf(join(path, 'below'), 1).next(), {
    code: 'invalid-file',
    details: { reason: 'ENOTDIR' },
  });
});
