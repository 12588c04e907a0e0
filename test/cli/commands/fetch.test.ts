import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { runningNode, temporaryFolder } from '../../helpers/command-line.ts';
import { eventually } from '../../helpers/eventually.ts';

const fields = { to: ['H40'], type: 'a', number: '1', notation: 'b', subject: 'c', system: 'x' };

t.test('files come out whole under clean names; a second time they get a number', async (t) => {
  const { cli, node } = await runningNode(t);
  const out = join(await temporaryFolder(t), 'đến');
  const large = Buffer.alloc(1_000_000, 'x');
  const attachments = [
    { name: 'Quyết định.pdf'.normalize('NFD'), bytes: Buffer.from('một') },
    { name: 'Quyết định.pdf', bytes: Buffer.from('hai') },
    { name: '../../../.bashrc', bytes: large },
  ];
  const { id } = await node.submit({ ...fields, attachments });
  const first = await cli(['fetch', id, '--out', out, '--json']);
  t.equal(first.status, 0, first.err);
  t.match(JSON.parse(first.out), {
    id,
    files: [
      { path: join(out, 'Quyết định.pdf'), size: 5 },
      { path: join(out, 'Quyết định (2).pdf') },
      { path: join(out, 'bashrc') },
    ],
  });
  t.equal((await cli(['fetch', id, '--out', out])).status, 0);
  t.same(
    (await readdir(out)).sort(),
    [
      'Quyết định (2).pdf',
      'Quyết định (3).pdf',
      'Quyết định (4).pdf',
      'Quyết định.pdf',
      'bashrc',
      'bashrc (2)',
    ].sort(),
  );
  t.equal(await readFile(join(out, 'Quyết định.pdf'), 'utf8'), 'một');
  t.ok(large.equals(await readFile(join(out, 'bashrc'))));
});

t.test('evidence is written beside, in a folder of its own it cannot leave', async (t) => {
  const { cli, node } = await runningNode(t);
  const out = await temporaryFolder(t);
  const { id } = await node.submit({ ...fields, attachments: [] });
  node.evidence = async () => [
    { name: 'certificates/seal.pem', bytes: Buffer.from('pem') },
    { name: '../../../escape', bytes: Buffer.from('x') },
    { name: '/absolute', bytes: Buffer.from('y') },
  ];
  const { status, out: text } = await cli(['fetch', id, '--out', out, '--evidence', '--json']);
  t.equal(status, 0);
  t.match(JSON.parse(text), {
    evidence: { folder: join(out, `evidence-${id}`), files: ['certificates/seal.pem', 'escape', 'absolute'] },
  });
  t.same(await readdir(out), [`evidence-${id}`]);
  await cli(['fetch', id, '--out', out, '--evidence']);
  t.equal((await readdir(out)).length, 2, 'the earlier evidence stays');
});

t.test('bytes that are not the signed ones are refused and not left behind', async (t) => {
  const { cli, node } = await runningNode(t);
  const out = await temporaryFolder(t);
  const { id } = await node.submit({
    ...fields,
    attachments: [{ name: 'a.pdf', bytes: Buffer.from('thật') }],
  });
  node.documents[0]!.files[0] = Buffer.from('gia!!!');
  const { status, err } = await cli(['fetch', id, '--out', out, '--json']);
  t.equal(status, 3);
  t.equal(JSON.parse(err).error.code, 'blob-mismatch');
  t.same(await readdir(out), []);
});

t.test('a transfer that breaks, or Ctrl-C in it, leaves no file', async (t) => {
  const { cli, node } = await runningNode(t);
  const out = await temporaryFolder(t);
  const { id } = await node.submit({
    ...fields,
    attachments: [{ name: 'a.bin', bytes: Buffer.alloc(10_000_000) }],
  });
  const show = await node.show(id);
  const file = show.files[0]!;
  node.attachment = async () => ({
    ...file,
    stream: (async function* () {
      yield Buffer.alloc(1000);
      throw new Error('disk');
    })(),
  });
  const broken = await cli(['fetch', id, '--out', out, '--json']);
  t.equal(broken.status, 5);
  t.same(await readdir(out), []);
  const stop = new AbortController();
  node.attachment = async () => ({
    ...file,
    stream: (async function* () {
      for (let sent = 0; sent < file.size; sent += 1_000_000) {
        yield Buffer.alloc(1_000_000);
        stop.abort();
      }
    })(),
  });
  t.equal((await cli(['fetch', id, '--out', out], { signal: stop.signal })).status, 130);
  t.same(await readdir(out), []);

  const later = new AbortController();
  node.attachment = async () => ({
    ...file,
    stream: (async function* () {
      yield Buffer.alloc(1_000_000);
      await new Promise((resolve) => later.signal.addEventListener('abort', resolve));
    })(),
  });
  const fetching = cli(['fetch', id, '--out', out], { signal: later.signal });
  await eventually('a part is there', async () => (await readdir(out)).length > 0);
  later.abort();
  const { status, err } = await fetching;
  t.equal(status, 130, err);
  t.match(err, /Đã dừng theo yêu cầu/, 'not that the connection broke');
  t.same(await readdir(out), []);
});
