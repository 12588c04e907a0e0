import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { LienthongError } from '../../../node/core/errors.ts';
import { openNodeDoor } from '../../../node/gateway/http/door.ts';
import { temporaryFolder } from '../../helpers/command-line.ts';
import { MemoryNode, sha256Hex } from '../../helpers/memory-node.ts';
import { caller } from '../../helpers/socket-caller.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const submission = {
  to: ['H40'],
  type: 'Quyết định',
  number: '274',
  notation: 'QĐ-TTg',
  subject: 'Phê duyệt',
  attachments: [{ name: 'a.pdf', base64: base64('hello') }],
};

async function open(t: Test) {
  const node = new MemoryNode();
  const faults: unknown[] = [];
  const door = await openNodeDoor(node, {
    folder: await temporaryFolder(t),
    report: (error) => faults.push(error),
    callerIdleMs: 150,
  });
  t.teardown(() => door.close());
  return { node, door, faults, ...caller(door.path) };
}

t.test('a document goes in with small files, and comes out again by any unique prefix', async (t) => {
  const { call, node } = await open(t);
  const answer = await call('POST', '/v1/documents', { body: submission });
  t.equal(answer.status, 201);
  t.match(answer.body, { documentHash: /^[0-9a-f]{64}$/, deliveries: [{ to: 'H40', state: 'queued' }] });
  t.equal(node.submissions[0]!.system, 'api');
  const { id } = answer.body;
  t.equal((await call('GET', `/v1/documents/${id.slice(0, 9)}`)).body.id, id);
  const file = await call('GET', `/v1/documents/${id}/attachments/0`);
  t.equal(file.text, 'hello');
  t.match(file.headers, { 'content-length': '5', 'x-lienthong-sha256': sha256Hex(Buffer.from('hello')) });
  t.equal((await call('GET', '/v1/documents?box=outbox&limit=1')).body.items.length, 1);
  t.equal((await call('GET', `/v1/documents/${id}/verification`)).body.valid, true);
  const evidence = await call('GET', `/v1/documents/${id}/evidence`);
  t.equal(Buffer.from(evidence.body.files[0].base64, 'base64').toString(), id);
  t.match((await call('GET', '/v1/documents/ffffffff')).body, { error: { code: 'not-found' } });
  t.equal((await call('GET', `/v1/documents/${id}/attachments/7`)).status, 404);
});

t.test('with wait the answer comes when all is settled, or when the time is over', async (t) => {
  const { call, node } = await open(t);
  const settled = await call('POST', '/v1/documents?wait=60000', { body: submission });
  t.match(settled.body, { settled: true, deliveries: [{ to: 'H40', state: 'delivered', elapsedMs: 41 }] });
  node.deliverAtOnce = false;
  const late = await call('POST', '/v1/documents?wait=30', { body: submission });
  t.match(late.body, { settled: false, deliveries: [{ to: 'H40', state: 'queued' }] });
  t.equal(node.watchers, 0, 'nobody keeps watching');
});

t.test('events are a line each, as they happen, and end when all is settled', async (t) => {
  const { node, door } = await open(t);
  node.deliverAtOnce = false;
  const { id } = await node.submit({ ...submission, to: ['H40', 'H51'], attachments: [], system: 'x' });
  const outgoing = request({ socketPath: door.path, path: `/v1/documents/${id}/events`, agent: false }).end();
  const [answer] = await once(outgoing, 'response');
  answer.setEncoding('utf8');
  let text = '';
  const ended = once(answer, 'end');
  answer.on('data', (piece: string) => {
    const before = text.split('\n').length;
    text += piece;
    if (before < 3 && text.split('\n').length >= 3) node.deliver(id, 'H40');
    if (text.includes('"to":"H40","state":"delivered"')) node.deliver(id, 'H51');
  });
  await ended;
  const states = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ to, state }) => `${to} ${state}`);
  t.same(states, ['H40 queued', 'H51 queued', 'H40 delivered', 'H51 delivered']);
});

t.test('a caller that leaves ends its watch', async (t) => {
  const { node, door } = await open(t);
  node.deliverAtOnce = false;
  const { id } = await node.submit({ ...submission, attachments: [], system: 'x' });
  const outgoing = request({ socketPath: door.path, path: `/v1/documents/${id}/events`, agent: false }).end();
  await once(outgoing, 'response');
  while (node.watchers === 0) await new Promise(setImmediate);
  outgoing.destroy();
  while (node.watchers > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(node.watchers, 0);
});

t.test('what does not fit the schema is refused by field and reaches no rule', async (t) => {
  const { call, node } = await open(t);
  const wrong: [string, unknown, string][] = [
    ['an unknown field', { ...submission, seal: 'x' }, '/seal'],
    [
      'an unknown field of a file',
      { ...submission, attachments: [{ name: 'a', base64: '', path: '/etc/passwd' }] },
      '/attachments/0',
    ],
    ['a missing field', { ...submission, subject: undefined }, ''],
    ['a text where a list belongs', { ...submission, to: 'H40' }, '/to'],
    ['a number where a text belongs', { ...submission, number: 274 }, '/number'],
    ['an unknown urgency', { ...submission, urgency: 'nhanh' }, '/urgency'],
    ['a subject beyond all reason', { ...submission, subject: 'x'.repeat(5001) }, '/subject'],
    [
      'too many files',
      { ...submission, attachments: new Array(201).fill(submission.attachments[0]) },
      '/attachments',
    ],
    ['what is not Base64', { ...submission, attachments: [{ name: 'a', base64: '!!!!' }] }, 'base64'],
    [
      'a file too large to come along',
      { ...submission, attachments: [{ name: 'a', base64: 'AAAA'.repeat(22_000) }] },
      '/attachments/0',
    ],
    ['a list', [], ''],
    ['null', null, ''],
  ];
  for (const [name, body, field] of wrong) {
    const answer = await call('POST', '/v1/documents', { body });
    t.match({ status: answer.status, code: answer.body.error?.code }, { status: 400, code: 'usage' }, name);
    t.match(answer.body.error.details.field ?? '', field, `${name} is named`);
    t.notMatch(answer.text, /node_modules|at .*\(/, 'no stack');
  }
  t.equal(node.submissions.length, 0);
  t.equal(
    (
      await call('POST', '/v1/documents', {
        body: { ...submission, attachments: [{ name: 'a', base64: '' }] },
      })
    ).body.error.code,
    'file-empty',
  );
});

t.test('bad JSON, types, queries and paths get a clear answer', async (t) => {
  const { call } = await open(t);
  const code = async (method: string, path: string, options = {}) => {
    const { status, body } = await call(method, path, options);
    return `${status} ${body.error.code}`;
  };
  t.equal(await code('POST', '/v1/documents', { raw: '{"to":' }), '400 usage');
  t.equal(await code('POST', '/v1/documents', { raw: '{"__proto__":{"x":1}}' }), '400 usage');
  t.equal(
    await code('POST', '/v1/documents', { raw: 'x', headers: { 'content-type': 'text/xml' } }),
    '400 usage',
  );
  t.equal(await code('GET', '/v1/documents'), '400 usage', 'no box');
  t.equal(await code('GET', '/v1/documents?box=inbox&nonsense=1'), '400 usage');
  t.equal(await code('GET', '/v1/documents?box=inbox&limit=0'), '400 usage');
  t.equal(await code('GET', '/v1/documents/..%2f..%2fetc'), '400 usage');
  t.equal(await code('GET', '/v2/anything'), '404 not-found');
  t.equal(await code('DELETE', '/v1/documents/0190'), '404 not-found');
});

t.test('a body above the limit is refused before it is read', async (t) => {
  const { call } = await open(t);
  const answer = await call('POST', '/v1/announce', { body: { addresses: ['x'.repeat(70_000)] } });
  t.match(answer, { status: 413, body: { error: { code: 'oversize' } } });
});

t.test('headers above the limit end the connection', async (t) => {
  const { call } = await open(t);
  const answer = await call('GET', '/v1/status', { headers: { 'x-large': 'y'.repeat(20_000) } });
  t.equal(answer.status, 431);
});

t.test('a body that stands still loses its connection', async (t) => {
  const { door } = await open(t);
  const socket = connect(door.path);
  socket.write(
    'POST /v1/documents HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"to"',
  );
  await once(socket, 'close');
  t.pass('closed');
});

t.test(
  "a rule's error goes back by code, in the caller's language; what nobody foresaw shows nothing",
  async (t) => {
    const { call, node, faults } = await open(t);
    node.refuseWith = new LienthongError('number-used', {
      number: '274',
      notation: 'QĐ-TTg',
      year: '2019',
      id: '0190',
    });
    const refused = await call('POST', '/v1/documents', {
      body: submission,
      headers: { 'accept-language': 'en-GB' },
    });
    t.match(refused, { status: 409, body: { error: { code: 'number-used', details: { id: '0190' } } } });
    t.match(refused.body.error.message, /The number 274\/QĐ-TTg of 2019 was used/);
    t.match((await call('POST', '/v1/documents', { body: submission })).body.error.message, /Số 274/);
    node.refuseWith = new TypeError('secret /home/user/key') as never;
    const broken = await call('POST', '/v1/documents', { body: submission });
    t.match(broken, { status: 500, body: { error: { code: 'internal', details: {} } } });
    t.notMatch(broken.text, /secret|home/);
    t.equal(faults.length, 1);
    node.refuseWith = new LienthongError('disk-full', { where: '/home/user/node/store' });
    t.notMatch((await call('POST', '/v1/documents', { body: submission })).text, /home/);
  },
);

t.test('status, check, announce and the directory', async (t) => {
  const { call, node } = await open(t);
  t.match((await call('GET', '/v1/status')).body, { agency: 'G22', queues: [{ waiting: 3 }] });
  t.equal((await call('POST', '/v1/check')).body.ok, true);
  await call('POST', '/v1/announce', { body: { addresses: ['/ip4/127.0.0.1/tcp/1'] } });
  t.same(node.announced, ['/ip4/127.0.0.1/tcp/1']);
  t.equal((await call('GET', '/v1/directory')).body.length, 4);
  t.equal((await call('GET', '/v1/directory/H40')).body.code, 'H40');
  t.equal((await call('GET', '/v1/directory/H77')).status, 404);
});
