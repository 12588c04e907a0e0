/** Same submission, same number (R9), and everything a submission is refused for before a byte of it is kept. */
import t from 'tap';
import { hex, sha256, utf8 } from '../../node/core/bytes.ts';
import type { Submission } from '../../node/core/views.ts';
import { STATE } from '../../node/directory/entries.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { agencyEntry, DAY_MS } from './authority.ts';
import { TestFederation } from './federation.ts';

const federation = await TestFederation.create(t, ['G22', 'H40', 'H51', 'H17']);
const sender = federation.node('G22');
const { exchange } = sender;
for (const seat of ['H40', 'H51', 'H17']) federation.unreachable.add(seat);

async function rows(): Promise<number> {
  let count = 0;
  for (const prefix of [PREFIX.document, PREFIX.delivery, PREFIX.queue, PREFIX.ticket])
    for await (const _ of sender.store.range(prefixRange(prefix))) count++;
  return count;
}

t.test('the same key gives the same answer, whatever has changed since', async (t) => {
  const big = new Uint8Array(100_000).fill(3);
  const stored = await exchange.storeBlob(one(big));
  const { date: _, ...undated } = federation.submission({
    key: 'k-1',
    attachments: [{ name: 'a.bin', lease: stored.lease, sha256: stored.sha256 }],
  });
  const first = await exchange.submit(undated);
  const before = await rows();
  t.match(
    await exchange.submit(undated),
    { ...first, repeated: true },
    'though the upload it names is used up',
  );
  federation.clock.advance(DAY_MS);
  t.match(
    await exchange.submit({ ...undated }),
    { id: first.id, repeated: true },
    'though today is another day',
  );
  await federation.authority.publish({
    entries: [agencyEntry('H40', 'Tên mới'), agencyEntry('G22', 'Tên khác')],
  });
  t.match(await exchange.submit(undated), { id: first.id, repeated: true }, 'though names have changed');
  await federation.authority.publish({ entries: [agencyEntry('H40', 'Tên mới', STATE.retired)] });
  t.match(
    await exchange.submit(undated),
    { id: first.id, repeated: true },
    'though the recipient is retired',
  );
  await federation.authority.publish({ entries: [agencyEntry('H40', 'Nam Định')] });
  t.equal(await rows(), before, 'nothing was added');
  await t.rejects(exchange.submit({ ...undated, subject: 'Khác' }), { code: 'key-reused' });
  await t.rejects(exchange.submit({ ...undated, to: ['H51'] }), { code: 'key-reused' });
  t.notMatch(await exchange.submit(federation.submission({ key: 'k-1', system: 'other' })), {
    repeated: true,
  });
});

t.test('without a key, what was submitted is the key', async (t) => {
  const submission = federation.submission({ to: ['H40', 'H51'] });
  const first = await exchange.submit(submission);
  t.match(await exchange.submit({ ...submission, to: ['H51', 'H40'] }), { id: first.id, repeated: true });
});

t.test('the same key at once is one document', async (t) => {
  const submission = federation.submission({ key: 'k-race' });
  const before = await rows();
  const answers = await Promise.all(Array.from({ length: 8 }, () => exchange.submit(submission)));
  t.equal(new Set(answers.map(({ id }) => id)).size, 1);
  t.equal(answers.filter(({ repeated }) => !repeated).length, 1);
  t.equal((await rows()) - before, 4);
});

t.test('the same number at once with different content: one is taken, the others name it', async (t) => {
  const submission = federation.submission();
  const results = await Promise.allSettled(
    Array.from({ length: 6 }, (_, i) => exchange.submit({ ...submission, subject: `Nội dung ${i}` })),
  );
  const taken = results.filter(({ status }) => status === 'fulfilled');
  t.equal(taken.length, 1);
  const { id } = (taken[0] as PromiseFulfilledResult<{ id: string }>).value;
  for (const result of results)
    if (result.status === 'rejected')
      t.match(result.reason, { code: 'number-used', details: { id, reason: 'other-content' } });
});

t.test('R9: the same content to new recipients is the same document', async (t) => {
  const submission = federation.submission({ to: ['H40'] });
  const first = await exchange.submit(submission);
  const more = await exchange.submit({ ...submission, to: ['H51'] });
  t.equal(more.id, first.id);
  t.same(more.deliveries, [{ to: 'H51', state: 'queued' }]);
  t.same((await exchange.show(first.id)).to, ['H40', 'H51']);
  await t.rejects(exchange.submit({ ...submission, to: ['H51', 'H17'] }), {
    code: 'number-used',
    details: { id: first.id, recipients: ['H51'] },
  });
  await t.rejects(exchange.submit({ ...submission, to: ['H17'], subject: 'Khác' }), { code: 'number-used' });
  const sameNumber = { ...submission, to: ['H17'], notation: submission.notation.toLowerCase() };
  await t.rejects(exchange.submit(sameNumber), { code: 'number-used' }, 'case makes no other number');
  const nextYear = await exchange.submit({ ...submission, date: '2025-01-15' });
  t.not(nextYear.id, first.id, 'another year is another series');
});

t.test('R9: the same new recipient twice at once gets one dispatch', async (t) => {
  const submission = federation.submission({ to: ['H40'] });
  const { id } = await exchange.submit(submission);
  const results = await Promise.allSettled(
    ['a', 'b', 'c', 'd'].map((key) => exchange.submit({ ...submission, to: ['H51'], key })),
  );
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const result of results)
    if (result.status === 'rejected')
      t.match(result.reason, { code: 'number-used', details: { id, recipients: ['H51'] } });
});

const REFUSED: [string, Partial<Submission>, string][] = [
  ['no recipient', { to: [] }, 'no-recipient'],
  ['a recipient twice', { to: ['H40', 'H40'] }, 'duplicate-recipient'],
  ['a recipient in both forms', { to: ['H40', '000.00.00.H40'] }, 'duplicate-recipient'],
  ['a recipient nobody knows', { to: ['H98'] }, 'unknown-recipient'],
  ['a recipient that is no code', { to: ['Nam Định'] }, 'invalid-code'],
  ['oneself', { to: ['G22'] }, 'own-recipient'],
  ['an issuer of another agency', { from: 'H40' }, 'unknown-sender-unit'],
  ['no subject', { subject: '  ' }, 'field-missing'],
  ['no number', { number: '' }, 'field-missing'],
  ['no type', { type: '' }, 'field-missing'],
  ['too long a subject', { subject: 'Đ'.repeat(501) }, 'field-too-long'],
  ['a control character', { subject: 'a\u0000b' }, 'usage'],
  ['a day that never was', { date: '2014-02-30' }, 'invalid-date'],
  ['no classification', { classification: undefined }, 'classification-missing'],
  ['a secret', { classification: 'mat' }, 'classified'],
  ['a marking in the subject', { subject: '[Mật] Kế hoạch' }, 'secrecy-marking'],
  ['a marking in the notation', { notation: 'BC-Tối mật' }, 'secrecy-marking'],
  ['no attachment', { attachments: [] }, 'file-missing'],
  ['an empty attachment', { attachments: [{ name: 'a', bytes: new Uint8Array(0) }] }, 'file-empty'],
  [
    'too large an inline attachment',
    { attachments: [{ name: 'a', bytes: new Uint8Array(65_537) }] },
    'file-too-large',
  ],
  [
    'an upload nobody made',
    { attachments: [{ name: 'a', lease: 'x', sha256: hex(sha256(utf8('x'))) }] },
    'not-found',
  ],
  ['an unknown urgency', { urgency: 'Khẩn' as never }, 'usage'],
  ['an unknown classification', { classification: 'normal' as never }, 'usage'],
];
for (const [what, change, code] of REFUSED) {
  t.test(`refused, and nothing kept: ${what}`, async (t) => {
    const before = await rows();
    await t.rejects(exchange.submit(federation.submission(change)), { code });
    t.equal(await rows(), before);
  });
}

t.test('retired, merged and node-less recipients are told apart', async (t) => {
  const entries = [
    agencyEntry('H91', 'Đã bỏ', STATE.retired),
    agencyEntry('H92', 'Đã nhập', STATE.merged, 'H40'),
    agencyEntry('H93', 'Chưa có nút'),
  ];
  await federation.authority.publish({ entries });
  await t.rejects(exchange.submit(federation.submission({ to: ['H91'] })), { code: 'retired-recipient' });
  await t.rejects(exchange.submit(federation.submission({ to: ['H92'] })), {
    code: 'retired-recipient',
    details: { into: 'H40' },
  });
  await t.rejects(exchange.submit(federation.submission({ to: ['H93'] })), {
    code: 'recipient-without-node',
  });
  const partly = federation.submission({ to: ['H93', 'H40'], allowMissing: true });
  const answer = await exchange.submit(partly);
  t.match(answer, { deliveries: [{ to: 'H40' }], missing: ['H93'] });
  t.match(await exchange.submit(partly), { id: answer.id, missing: ['H93'], repeated: true });
  const none = federation.submission({ to: ['H93'], allowMissing: true });
  await t.rejects(exchange.submit(none), { code: 'recipient-without-node' });
});

t.test('a sender whose seal or service certificate no longer counts is told so', async (t) => {
  const { who } = federation.node('H17');
  const from = federation.node('H17').exchange;
  await from.submit(federation.submission({ to: ['H40'] }));
  await federation.authority.revoke(who.seal, 'seal', who);
  await t.rejects(from.submit(federation.submission({ to: ['H40'] })), { code: 'certificate-revoked' });
});

t.test('past the directory’s hard limit nothing is taken, but what was is answered', async (t) => {
  const submission = federation.submission({ key: 'before' });
  await exchange.submit(submission);
  federation.clock.advance(61 * DAY_MS);
  await t.rejects(exchange.submit(federation.submission()), { code: 'directory-expired' });
  t.match(await exchange.submit(submission), { repeated: true });
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
