/**
 * An update, by command or by file, is several steps of the sender's node, each durable by itself: recipients added,
 * others asked to give the document back, a correction sent. Killed at any commit in between and asked the same again, it
 * ends as if it never was.
 */
import t from 'tap';
import type { Submission } from '../../node/core/views.ts';
import { edited, edxmlFederation, importedDocument, newDocument } from './edxml-files.ts';
import { TestFederation, type TestNode } from './federation.ts';

t.setTimeout(120_000);
const AGENCIES = ['G22', 'H37', 'H40', 'H51'];
const [KEPT, REMOVED, ADDED] = ['H37', 'H40', 'H51'];

async function sent(t: Parameters<typeof TestFederation.create>[0]) {
  const federation = await TestFederation.create(t, AGENCIES);
  const author = federation.node('G22');
  const { id } = await author.exchange.submit(federation.submission({ to: [KEPT, REMOVED], number: '300' }));
  await federation.settled('G22', id);
  for (const agency of [KEPT, REMOVED]) await federation.node(agency).exchange.say(id, { code: '03' });
  await federation.until('both are known', async () =>
    (await author.exchange.show(id)).deliveries.every(({ status }) => status === '03'),
  );
  const correction = federation.submission({
    to: [],
    number: '301',
    note: 'Sai ngày',
    relations: [{ kind: 'updates', id }],
  });
  return { federation, author, id, correction };
}

/** As `update ID FILE --add H51 --remove H40` asks the node. */
async function updated({ exchange }: TestNode, id: string, correction: Submission) {
  await exchange.addRecipients(id, [ADDED], 'Sai ngày');
  await exchange.recall(id, { reason: 'Sai ngày', units: [REMOVED] });
  return exchange.submit(correction);
}

/** What both ends hold once everything has arrived. */
async function ending(federation: TestFederation, id: string) {
  const author = federation.node('G22');
  const { items } = await author.exchange.list({ box: 'outbox' });
  const correcting = items.find(({ number }) => number === '301')!;
  const delivered = (of: string) =>
    federation.until(`${of} has arrived`, async () => {
      const { deliveries } = await author.exchange.show(of);
      return deliveries.every(({ state }) => state === 'delivered') ? deliveries : undefined;
    });
  await delivered(correcting.id);
  await delivered(id);
  const ends: Record<string, unknown> = { sent: items.length };
  for (const agency of AGENCIES) {
    const { exchange } = federation.node(agency);
    const settled = await federation.until(`${agency} knows all`, async () => {
      const view = await exchange.show(id);
      const asked = view.statuses.filter(({ code }) => code === '13');
      const due = agency === 'G22' || agency === REMOVED ? 1 : 0;
      return asked.length >= due && asked.every(({ state }) => state === null || state === 'delivered')
        ? view
        : undefined;
    });
    const box = agency === 'G22' ? 'outbox' : 'inbox';
    ends[agency] = {
      documents: (await exchange.list({ box })).items.map(({ number }) => number).sort(),
      to: settled.deliveries.map(({ to, status, recall, updates }) => ({
        to,
        status,
        recall,
        updates: updates.map((one) => one.id === correcting.id),
      })),
      // whether the node itself says yes (15) to the correction follows from which of the two came first
      statuses: settled.statuses
        .filter(({ code }) => code !== '15')
        .map(({ code, unit }) => `${unit} ${code}`)
        .sort(),
    };
  }
  ends.correctedAt = (await author.exchange.show(correcting.id)).deliveries.map(({ to }) => to);
  return ends;
}

/** Without a kill. */
async function undisturbed(t: Parameters<typeof TestFederation.create>[0]) {
  const { federation, author, id, correction } = await sent(t);
  await updated(author, id, correction);
  return ending(federation, id);
}

t.test('an update adds one, asks another to give back, and corrects for who has the document', async (t) => {
  t.match(await undisturbed(t), {
    sent: 2,
    correctedAt: [KEPT, ADDED],
    G22: {
      documents: ['300', '301'],
      to: [{ to: KEPT }, { to: REMOVED, recall: 'requested' }, { to: ADDED }],
    },
    [REMOVED]: { documents: ['300'] },
    [ADDED]: { documents: ['300', '301'] },
  });
});

t.test('asked again after the recipient said no (16), an update says so and asks nobody twice', async (t) => {
  const { federation, author, id, correction } = await sent(t);
  const first = await updated(author, id, correction);
  const receiver = federation.node(REMOVED).exchange;
  await federation.until('it is asked', async () => (await receiver.show(id)).status === '13');
  await receiver.say(id, { code: '16', reason: 'Đã triển khai' });
  const said = async () =>
    (await author.exchange.show(id)).statuses.filter(({ unit }) => unit === REMOVED).map(({ code }) => code);
  await federation.until('the answer is there', async () => (await said()).includes('16'));
  const again = { reason: 'Sai ngày', units: [REMOVED] };
  t.same(await author.exchange.recall(id, again), [{ to: REMOVED, outcome: 'declined' }]);
  t.match(await updated(author, id, correction), { id: first.id, repeated: true });
  t.same((await said()).sort(), ['03', '13', '16']);
  t.same(await author.exchange.recall(id, { ...again, reason: 'Sai cả số' }), [
    { to: REMOVED, outcome: 'requested' },
  ]);
  t.same((await said()).sort(), ['03', '13', '13', '16'], 'another reason asks anew');
});

t.test('the same recipient added by two at once: one dispatch, and both are told of it', async (t) => {
  const { federation, author, id } = await sent(t);
  const add = (to: string[]) => author.exchange.addRecipients(id, to, 'Thiếu');
  const answers = await Promise.all([add([ADDED]), add([ADDED, KEPT]), add([ADDED])]);
  for (const answer of answers) t.equal(answer.find(({ to }) => to === ADDED)?.state, 'queued');
  await federation.settled('G22', id);
  t.equal((await author.exchange.show(id)).deliveries.length, 3);
  const arrived = await federation.node(ADDED).exchange.list({ box: 'inbox' });
  t.equal(arrived.items.length, 1);
});

for (const [fate, key] of [
  ['before', undefined],
  ['after', 'cap-nhat-1'],
] as const)
  t.test(
    `killed ${fate} any commit and asked again ${key ? 'by its key' : 'without a key'}, it ends the same`,
    async (t) => {
      const expected = await undisturbed(t);
      for (let at = 1; ; at++) {
        const { federation, author, id, correction } = await sent(t);
        const submission = key === undefined ? correction : { ...correction, key };
        const { store } = author;
        store.commits = 0;
        store.killAt = (commit) => (commit === at ? fate : undefined);
        let isDone = false;
        void updated(author, id, submission).then(() => {
          isDone = true;
        });
        await federation.until('it died or ended', () => !author.isUp || (isDone && store.commits < at));
        store.killAt = undefined;
        const wasKilled = !author.isUp;
        if (wasKilled) await author.reopen();
        await updated(author, id, submission);
        t.strictSame(await ending(federation, id), expected, `${fate} commit ${at}`);
        for (const agency of AGENCIES) await federation.node(agency).stop();
        if (!wasKilled) {
          t.ok(at > 3, `${at - 1} commits`);
          return;
        }
      }
    },
  );

/** H90 sent number 117 to H91, which accepted it: what the fixture of an update takes from H91 and gives to the commune. */
async function sentByFile(t: Parameters<typeof TestFederation.create>[0]) {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  const { id } = await importedDocument(author, newDocument('117', ['05.17.H92', '000.00.00.H91']));
  await federation.settled('H90', id);
  await federation.node('H91').exchange.say(id, { code: '03' });
  await federation.until('it is known', async () => (await author.exchange.show(id)).status === '03');
  return { federation, author, id };
}

t.test('imported again after the recipient said no (16), an update asks nobody twice', async (t) => {
  const update = edited('document-update.edxml', ['2019/02/30,117/', '2019/03/12,117/']);
  const { federation, author, id } = await sentByFile(t);
  const receiver = federation.node('H91').exchange;
  await importedDocument(author, update);
  await federation.until('it is asked', async () => (await receiver.show(id)).status === '13');
  await receiver.say(id, { code: '16', reason: 'Đã triển khai' });
  const statuses = async () => (await author.exchange.show(id)).statuses.map(({ code }) => code).sort();
  await federation.until('the answer is there', async () => (await statuses()).includes('16'));
  const before = await statuses();
  t.match(await importedDocument(author, update), { repeated: true });
  t.same(await statuses(), before);
});

t.test('an imported update, killed after any commit and imported again, is done once', async (t) => {
  const update = edited('document-update.edxml', ['2019/02/30,117/', '2019/03/12,117/']);
  for (let at = 1; ; at++) {
    const { federation, author, id } = await sentByFile(t);
    const { store } = author;
    store.commits = 0;
    store.killAt = (commit) => (commit === at ? 'after' : undefined);
    let isDone = false;
    void importedDocument(author, update).then(() => {
      isDone = true;
    });
    await federation.until('it died or ended', () => !author.isUp || (isDone && store.commits < at));
    store.killAt = undefined;
    const wasKilled = !author.isUp;
    if (wasKilled) await author.reopen();
    const { id: updating } = await importedDocument(author, update);
    await federation.settled('H90', id);
    await federation.settled('H90', updating);
    await federation.until('H91 is asked', async () =>
      (await federation.node('H91').exchange.show(id)).statuses.some(({ code }) => code === '13'),
    );
    const view = await author.exchange.show(id);
    t.match(
      view.deliveries,
      [
        { to: 'H91', recall: 'requested' },
        { to: 'H92.17.05', recall: 'none' },
      ],
      `commit ${at}`,
    );
    t.equal(view.statuses.filter(({ code }) => code === '13').length, 1, 'asked once');
    t.equal((await author.exchange.list({ box: 'outbox' })).items.length, 2, 'one update');
    for (const [agency, numbers] of [
      ['H91', 2],
      ['H92', 2],
    ] as const)
      t.equal((await federation.node(agency).exchange.list({ box: 'inbox' })).items.length, numbers, agency);
    if (!wasKilled) {
      t.ok(at > 4, `${at - 1} commits`);
      return;
    }
    for (const agency of ['H90', 'H91', 'H92']) await federation.node(agency).stop();
  }
});
