/** `import` and `export` against a real exchange behind a real door. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { openNodeDoor } from '../../../node/gateway/http/door.ts';
import type { NodeService } from '../../../node/gateway/http/services.ts';
import { PREFIX, prefixRange } from '../../../node/store/keys.ts';
import { fixture, inChunks, taken } from '../../edxml/reading.ts';
import { unitEntry } from '../../exchange/authority.ts';
import { edited, edxmlFederation, newDocument } from '../../exchange/edxml-files.ts';
import type { TestNode } from '../../exchange/federation.ts';
import { type RunOptions, run, temporaryFolder } from '../../helpers/command-line.ts';

type Context = Parameters<typeof edxmlFederation>[0];

async function opened(t: Context, node: TestNode) {
  // the door asks for no more of a node than its exchange gives
  const door = await openNodeDoor(node.exchange as unknown as NodeService, { folder: node.dir });
  t.teardown(() => door.close());
  const cli = (argv: readonly string[], options?: RunOptions) =>
    run([...argv, '--dir', node.dir], { env: { LANG: 'en' }, ...options });
  return { door, cli };
}

async function started(t: Context, init: Parameters<typeof edxmlFederation>[1] = {}) {
  const federation = await edxmlFederation(t, init);
  const author = await opened(t, federation.node('H90'));
  const receiver = await opened(t, federation.node('H91'));
  const files = await temporaryFolder(t);
  const written = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(files, name), bytes);
    return join(files, name);
  };
  return { federation, author, receiver, files, written };
}

const toH91: [string, string] = ['05.17.H92', '000.00.00.H91'];
const DECLARED = ['--classification', 'thuong'];

t.test('files are imported one after the other, and say what they became', async (t) => {
  const { federation, author, receiver, written } = await started(t);
  const first = await written('a.edxml', newDocument('118', toH91));
  const second = await written('b.edxml', newDocument('119', toH91));
  const ran = await author.cli(['import', first, second, ...DECLARED, '--json']);
  t.equal(ran.status, 0, ran.err);
  const { imported } = JSON.parse(ran.out);
  t.match(imported, [
    { file: first, kind: 'new', id: /^[0-9a-f-]{36}$/, deliveries: [{ to: 'H91', state: 'queued' }] },
    { file: second, hasSignature: true, unknown: [] },
  ]);
  for (const { id } of imported) await federation.settled('H90', id);
  const again = await author.cli(['import', first, ...DECLARED]);
  t.equal(again.status, 0);
  t.match(again.out, 'imported before');
  t.match(again.out, imported[0].id);

  const said = await receiver.cli(['import', await written('s.edxml', fixture('status-03.edxml'))]);
  t.equal(said.status, 0, said.err);
  t.match(said.out, `about ${imported[0].id}`);
  const recall = await written(
    'r.edxml',
    edited('document-recall.edxml', ['2019/02/30,118/', '2019/03/12,118/']),
  );
  const recalled = await author.cli(['import', recall, ...DECLARED]);
  t.equal(recalled.status, 0, recalled.err);
  t.match(recalled.out, `Recall of ${imported[0].id} from H91: requested`);
});

t.test('what is refused names file, line and byte, by the exit status of its rule', async (t) => {
  const { author, written } = await started(t);
  const good = await written('good.edxml', newDocument('118', toH91));
  const broken = await written(
    'broken.edxml',
    edited('document-new.edxml', ['</edXML:Subject>', '</edXML:Content>']),
  );
  const ran = await author.cli(['import', good, broken, ...DECLARED, '--json']);
  t.equal(ran.status, 3);
  t.equal(ran.out, '');
  const { error } = JSON.parse(ran.err);
  t.match(error, {
    code: 'edxml-malformed',
    details: { file: broken, line: 40, byte: Number, imported: [String] },
  });
  const told = await author.cli(['import', broken, ...DECLARED]);
  t.match(told.err, /line 40.*byte \d+/);
  t.match(told.err, broken);
  t.equal((await author.cli(['import', good])).status, 3, 'nothing declared');
  t.equal((await author.cli(['import', `${good}x`, ...DECLARED])).status, 2, 'no such file');
  t.equal((await author.cli(['import', good, broken, '--key', 'k'])).status, 2, 'one key for two');
  const soap = await written('soap.edxml', fixture('document-soap.edxml'));
  t.match(JSON.parse((await author.cli(['import', soap, ...DECLARED, '--json'])).err), {
    error: { code: 'file-missing', details: { file: soap, attachment: 'kế hoạch.txt' } },
  });
});

t.test(
  'an older message takes the files it names from beside it, only when told to, and nothing else',
  async (t) => {
    const { federation, author, receiver, written, files } = await started(t);
    const soap = await written('soap.edxml', fixture('document-soap.edxml'));
    const told = await author.cli(['import', soap, ...DECLARED]);
    t.equal(told.status, 2);
    t.match(told.err, /"kế hoạch\.txt": .*--beside/);
    const beside = [soap, ...DECLARED, '--beside', '--json'];
    t.match(JSON.parse((await author.cli(['import', ...beside])).err), {
      error: { code: 'file-missing', details: { file: soap, attachment: join(files, 'kế hoạch.txt') } },
    });
    const content = Buffer.from('Kế hoạch kiểm tra');
    const elsewhere = await temporaryFolder(t);
    await writeFile(join(elsewhere, 'x.txt'), content);
    await symlink(join(elsewhere, 'x.txt'), join(files, 'kế hoạch.txt'));
    t.match(
      JSON.parse((await author.cli(['import', ...beside])).err),
      { error: { code: 'invalid-file' } },
      'a link',
    );
    await rm(join(files, 'kế hoạch.txt'));
    await writeFile(join(files, 'kế hoạch.txt'.normalize('NFD')), content);
    t.match(JSON.parse((await author.cli(['import', soap, ...DECLARED, '--json'])).err), {
      error: { code: 'file-missing' },
    });

    const ran = await author.cli(['import', ...beside]);
    t.equal(ran.status, 0, ran.err);
    const [{ id, withoutAttachment }] = JSON.parse(ran.out).imported;
    t.same(withoutAttachment, []);
    await federation.settled('H90', id);
    const folder = join(files, 'out');
    t.equal((await receiver.cli(['fetch', id, '--out', folder])).status, 0);
    t.ok((await readFile(join(folder, 'kế hoạch.txt'))).equals(content));
    t.match(JSON.parse((await author.cli(['import', ...beside])).out), {
      imported: [{ id, repeated: true }],
    });
    const kept = join(files, 'goc.edxml');
    t.equal((await author.cli(['export', id, '--out', kept, '--original'])).status, 0);
    t.ok((await readFile(kept)).equals(fixture('document-soap.edxml')), 'the message itself as it was');
    let leases = 0;
    for await (const _ of federation.node('H90').store.range(prefixRange(PREFIX.blobLease))) leases++;
    t.equal(leases, 0, 'what was streamed in is used or given back');

    await mkdir(join(files, 'con'));
    const outside = await written(
      'con/ra.edxml',
      edited('document-soap.edxml', ['kế hoạch.txt', '../x.txt'], ['>118<', '>119<']),
    );
    await writeFile(join(files, 'x.txt'), 'bí mật');
    const away = await author.cli(['import', outside, ...DECLARED, '--beside', '--json']);
    t.match(
      JSON.parse(away.err),
      { error: { details: { attachment: join(files, 'con', 'x.txt') } } },
      'never from another folder',
    );
  },
);

t.test(
  'the door takes as many separate files as a message names, and none for one that holds its own',
  async (t) => {
    const federation = await edxmlFederation(t);
    const { exchange } = federation.node('H90');
    const options = { system: 'test', classification: 'thuong' as const };
    const uploaded = () => exchange.storeBlob(inChunks(Buffer.from('x')));
    const separate = [await uploaded(), await uploaded()];
    const of = (name: string) => exchange.importEdxml(inChunks(fixture(name)), { ...options, separate });
    for (const name of ['document-soap.edxml', 'document-new.edxml'])
      await t.rejects(of(name), { code: 'usage', details: { field: 'separate' } }, name);
    const gone = [{ ...separate[0]!, lease: '0'.repeat(32) }];
    await t.rejects(
      exchange.importEdxml(inChunks(fixture('document-soap.edxml')), { ...options, separate: gone }),
      {
        code: 'not-found',
      },
    );
    t.same((await exchange.list({ box: 'outbox' })).items, []);
  },
);

t.test('an export writes a new file, whole, and never over another', async (t) => {
  const { federation, author, receiver, written, files } = await started(t);
  const original = newDocument('118', toH91);
  const ran = await author.cli(['import', await written('a.edxml', original), ...DECLARED, '--json']);
  const { id } = JSON.parse(ran.out).imported[0];
  await federation.settled('H90', id);
  const out = join(files, 'out', 'vb.edxml');
  for (const name of ['vb.edxml', 'vb (2).edxml']) {
    const exported = await receiver.cli(['export', id.slice(0, 20), '--out', out, '--json']);
    t.equal(exported.status, 0, exported.err);
    t.match(JSON.parse(exported.out), {
      path: join(files, 'out', name),
      size: Number,
      sha256: /^[0-9a-f]{64}$/,
    });
    t.match((await taken(await readFile(join(files, 'out', name)))).message, { subject: /^Kế hoạch/ });
  }
  const kept = join(files, 'original.edxml');
  t.equal((await author.cli(['export', id, '--out', kept, '--original'])).status, 0);
  t.ok((await readFile(kept)).equals(original));

  const none = join(files, 'none');
  t.equal((await receiver.cli(['export', id, '--out', join(none, 'x'), '--original'])).status, 4);
  t.equal((await receiver.cli(['export', id, '--out', join(none, 'x'), '--status'])).status, 4);
  t.equal((await receiver.cli(['export', id, '--out', join(none, 'x'), '--unit', 'H90'])).status, 4);
  t.equal((await receiver.cli(['export', id, '--out', join(none, 'x'), '--code', '03'])).status, 2);
  t.equal((await receiver.cli(['export', id, '--out', join(none, 'x'), '--original', '--status'])).status, 4);
  t.notOk((await readdir(files)).includes('none'), 'nothing is written then');
  await federation.node('H91').exchange.say(id, { code: '03', note: 'Vào sổ' });
  const status = join(files, 'tt.edxml');
  t.equal(
    (await receiver.cli(['export', id, '--out', status, '--status', '--unit', '000.00.00.H91'])).status,
    0,
  );
  t.match((await taken(await readFile(status))).message, {
    kind: 'status',
    statusCode: '03',
    description: 'Vào sổ',
  });
});

t.test('an original that came along is shown and fetched as what it is, at both ends', async (t) => {
  const { federation, author, receiver, written, files } = await started(t, {
    H90: { edxmlOriginalTravels: true },
  });
  const original = newDocument('118', toH91);
  const ran = await author.cli(['import', await written('a.edxml', original), ...DECLARED, '--json']);
  const { id } = JSON.parse(ran.out).imported[0];
  await federation.settled('H90', id);
  for (const [node, name] of [
    [author, 'author'],
    [receiver, 'receiver'],
  ] as const) {
    t.match((await node.cli(['show', id])).out, '118-KH-SLT.original.edxml (original edXML file)');
    const folder = join(files, name);
    const fetched = await node.cli(['fetch', id, '--out', folder]);
    t.match(fetched.out, /118-KH-SLT\.original\.edxml \(original edXML file\)/);
    t.ok((await readFile(join(folder, '118-KH-SLT.original.edxml'))).equals(original), name);
    const { files: told } = JSON.parse((await node.cli(['fetch', id, '--out', folder, '--json'])).out);
    t.match(told, [{ role: undefined }, { role: 'original-message' }]);
    const kept = join(files, `${name}.edxml`);
    t.equal((await node.cli(['export', id, '--out', kept, '--original'])).status, 0);
    t.ok((await readFile(kept)).equals(original));
  }
});

t.test('a unit that acts is named, and must be the one that issued the document', async (t) => {
  const { federation, author, written } = await started(t);
  await federation.authority.publish({ entries: [unitEntry('H90.05'), unitEntry('H90.06')] });
  const text = newDocument('118', toH91).toString();
  const issued = Buffer.from(text.replace('<edXML:OrganId>000.00.00.H90<', '<edXML:OrganId>000.00.05.H90<'));
  const ran = await author.cli(['import', await written('a.edxml', issued), ...DECLARED, '--json']);
  const { id } = JSON.parse(ran.out).imported[0];
  await federation.settled('H90', id);
  const recall = ['recall', id, '--reason', 'Sai', '--by'];
  const update = ['update', id, '--reason', 'Thiếu', '--add', 'H92.17.05', '--from'];
  for (const words of [recall, update]) {
    const refused = await author.cli([...words, 'H90.06']);
    t.equal(refused.status, 3);
    t.match(refused.err, 'it was issued by H90.05, not by H90.06');
  }
  t.equal((await author.cli([...update, '000.00.05.H90'])).status, 0);
  t.equal((await author.cli([...recall, '000.00.05.H90'])).status, 0);
  const { statuses, deliveries } = await federation.node('H90').exchange.show(id);
  t.ok(statuses.some(({ code }) => code === '13'));
  t.equal(deliveries.length, 2);
});

t.test('the file of an imported status comes out again where it went in', async (t) => {
  const { federation, author, receiver, written, files } = await started(t);
  const ran = await author.cli([
    'import',
    await written('a.edxml', newDocument('118', toH91)),
    ...DECLARED,
    '--json',
  ]);
  const { id } = JSON.parse(ran.out).imported[0];
  await federation.settled('H90', id);
  const status = fixture('status-03.edxml');
  t.equal((await receiver.cli(['import', await written('s.edxml', status), ...DECLARED])).status, 0);
  const out = join(files, 'tt.edxml');
  const words = ['export', id, '--out', out, '--status', '--original', '--code', '03'];
  t.equal((await receiver.cli(words)).status, 0);
  t.ok((await readFile(out)).equals(status));
  await federation.until('the author has it', async () =>
    (await federation.node('H90').exchange.show(id)).statuses.some(({ code }) => code === '03'),
  );
  t.match((await author.cli(words)).err, 'original edXML file');
});

t.test('a damaged attachment breaks the export off, and no file is left', async (t) => {
  const { federation, author, written, files } = await started(t);
  const large = Buffer.alloc(300_000, 'y').toString('base64');
  const file = edited('document-replace.edxml', [
    '<AttachmentEncoded>',
    `<AttachmentEncoded><Attachment><AttachmentName>l.txt</AttachmentName><edXML:ContentTransferEncoded xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">${large}</edXML:ContentTransferEncoded></Attachment>`,
  ]);
  const ran = await author.cli(['import', await written('a.edxml', file), ...DECLARED, '--json']);
  const { id } = JSON.parse(ran.out).imported[0];
  const view = await federation.node('H90').exchange.show(id);
  const { sha256 } = view.files.find(({ size }) => size === 300_000)!;
  const blobs = join(federation.node('H90').dir, 'blobs');
  const names = await readdir(blobs, { recursive: true });
  const blob = names.find((name) => name.replaceAll('/', '').endsWith(sha256.slice(4)))!;
  await writeFile(join(blobs, blob), Buffer.alloc(300_000, 'z'));
  const before = await readdir(files);
  const exported = await author.cli(['export', id, '--out', join(files, 'vb.edxml')]);
  t.not(exported.status, 0);
  t.same(await readdir(files), before);
});

t.test('the door takes XML as it is and answers 201, then 200', async (t) => {
  const { author } = await started(t);
  const post = (query: string, body: Buffer, type = 'application/xml') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const call = request(
        {
          socketPath: author.door.path,
          method: 'POST',
          path: `/v1/edxml?${query}`,
          headers: { 'content-type': type },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (piece) => {
            text += piece;
          });
          answer.on('end', () => resolve({ status: answer.statusCode!, body: text }));
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  const file = newDocument();
  t.equal((await post('classification=thuong', file)).status, 201);
  t.equal((await post('classification=thuong', file, 'text/xml')).status, 200);
  t.match(await post('classification=mat', file), { status: 422, body: /"classified"/ });
  t.match(await post('classification=thuong&more=1', file), { status: 400 });
  t.match(await post('classification=thuong', Buffer.alloc(0)), { status: 422 });
});

t.test('Ctrl-C in the middle of an import leaves nothing in the node', async (t) => {
  const { federation, author, written } = await started(t);
  const large = Buffer.alloc(20_000_000, 'q').toString('base64');
  const file = edited('document-replace.edxml', [
    'ContentTransferEncoded xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">',
    `ContentTransferEncoded xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">${large}`,
  ]);
  const path = await written('large.edxml', file);
  const node = federation.node('H90');
  const stop = new AbortController();
  const filesOf = async () =>
    (await readdir(join(node.dir, 'blobs'), { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
  const running = author.cli(['import', path, ...DECLARED], { signal: stop.signal });
  while ((await filesOf()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  t.equal((await running).status, 130);
  await federation.until('everything is given back', async () => (await filesOf()).length === 0);
  t.same((await node.exchange.list({ box: 'outbox' })).items, []);
});
