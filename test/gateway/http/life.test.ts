import t, { type Test } from 'tap';
import { openNodeDoor } from '../../../node/gateway/http/door.ts';
import { temporaryFolder } from '../../helpers/command-line.ts';
import { MemoryNode } from '../../helpers/memory-node.ts';
import { caller } from '../../helpers/socket-caller.ts';

const submission = {
  to: ['H40', 'H51'],
  type: 'Quyết định',
  number: '274',
  notation: 'QĐ-TTg',
  subject: 'Phê duyệt',
  attachments: [{ name: 'a.pdf', base64: Buffer.from('hello').toString('base64') }],
};

async function open(t: Test) {
  const node = new MemoryNode();
  const door = await openNodeDoor(node, { folder: await temporaryFolder(t) });
  t.teardown(() => door.close());
  const { call } = caller(door.path);
  const { id } = (await call('POST', '/v1/documents', { body: submission })).body as { id: string };
  node.deliver(id);
  return { node, call, id, view: node.documents[0]!.view };
}

t.test('what is said about a document received goes in and comes back as it stands', async (t) => {
  const { node, call, id, view } = await open(t);
  view.box = 'inbox';
  const path = `/v1/documents/${id}/statuses`;
  t.match(await call('POST', path, { body: { code: '03' } }), {
    status: 409,
    body: { error: { code: 'several-units', details: { units: ['H40', 'H51'] } } },
  });
  const act = { code: '03', unit: 'H40', note: 'Bản chính', staff: { name: 'Bình' } };
  t.match(await call('POST', path, { body: act }), {
    status: 200,
    body: { unit: 'H40', status: '03', arrivalNumber: 1, arrivalYear: 2019, repeated: false },
  });
  t.same(node.life.said.at(-1)!.act, act);
  t.match((await call('POST', path, { body: act })).body, { repeated: true, arrivalNumber: 1 });
  t.match(await call('POST', path, { body: { code: '02', unit: 'H51' } }), {
    body: { error: { code: 'field-missing' } },
  });
  t.equal((await call('POST', `/v1/documents/${id}/taken`, { body: { unit: 'H51' } })).status, 204);
  t.equal(view.deliveries[1]!.status, '01');
});

t.test('a recall, more recipients, and documents that name others', async (t) => {
  const { node, call, id } = await open(t);
  t.same(
    (await call('POST', `/v1/documents/${id}/recall`, { body: { reason: 'Sai', units: ['H40'] } })).body,
    [{ to: 'H40', outcome: 'requested' }],
  );
  const more = { to: ['H51'], reason: 'Bổ sung' };
  t.same((await call('POST', `/v1/documents/${id}/recipients`, { body: more })).body, [
    { to: 'H51', state: 'queued' },
  ]);
  t.same(node.life.added, [{ id, ...more }]);
  const relations = [{ kind: 'replaces', id, units: ['H40'] }];
  const sent = await call('POST', '/v1/documents', { body: { ...submission, to: [], relations } });
  t.equal(sent.status, 201);
  t.same(node.submissions.at(-1)!.relations, relations);
});

t.test('what is outside the shapes is refused before the node sees it', async (t) => {
  const { node, call, id } = await open(t);
  const codes = (count: number) => Array.from({ length: count }, (_, at) => `H40.${at}`);
  for (const [what, body] of [
    ['statuses', { code: '07' }],
    ['statuses', { code: '03', arrivalNumber: 7 }],
    ['statuses', { code: '03', note: 'x'.repeat(5_001) }],
    ['statuses', { code: '15', answers: '../x' }],
    ['taken', { units: ['H40'] }],
    ['recall', { units: ['H40'] }],
    ['recall', { reason: 'x', units: [] }],
    ['recipients', { reason: 'x', to: [] }],
    ['recipients', { reason: 'x', to: codes(2_001) }],
  ] as const)
    t.match(
      await call('POST', `/v1/documents/${id}/${what}`, { body }),
      { status: 400, body: { error: { code: 'usage' } } },
      `${what} ${JSON.stringify(body).slice(0, 60)}`,
    );
  const relation = { kind: 'praises', id };
  t.equal(
    (await call('POST', '/v1/documents', { body: { ...submission, relations: [relation] } })).status,
    400,
  );
  t.same([node.life.said, node.life.recalls, node.life.added, node.submissions.length], [[], [], [], 1]);
  const most = { reason: 'x', to: codes(2_000).map((one) => one.padEnd(35, '0')) };
  t.equal((await call('POST', `/v1/documents/${id}/recipients`, { body: most })).status, 200, 'the largest');
});

t.test('a register is asked for by box and year, a page at a time', async (t) => {
  const { node, call } = await open(t);
  const asked = '/v1/registers/inbox?year=2019&unit=H40&limit=2&cursor=7';
  t.match(await call('GET', asked), {
    status: 200,
    body: { box: 'inbox', year: 2019, unit: 'H40', items: [] },
  });
  t.same(node.life.registerQueries, [{ box: 'inbox', year: 2019, unit: 'H40', limit: 2, cursor: '7' }]);
  for (const wrong of ['elsewhere', 'inbox?year=19', 'inbox?limit=0', 'inbox?limit=1000', 'inbox?from=H40'])
    t.equal((await call('GET', `/v1/registers/${wrong}`)).status, 400, wrong);
});
