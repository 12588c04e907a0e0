/**
 * Recalls while the two ends can't hear each other, with real processes: before anything left, while nobody knows whether
 * it arrived, and past a 06 that is still on its way. Whoever is up is killed or stopped in every step (test/helpers/story).
 */
import t, { type Test } from 'tap';
import { Federation } from '../helpers/federation.ts';
import { Stage, type Step, type Telling } from '../helpers/story.ts';
import { holdsAtTheEnd } from '../helpers/story-end.ts';

t.setTimeout(240_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const stage = new Stage(t, federation, { sender: 'G22', receivers: ['H40'] });
const [g22, h40] = [federation.agency('G22'), federation.agency('H40')];
await stage.open();

const sent: Step = {
  name: 'sent',
  by: 'G22',
  says: ({ fields }) => ['send', stage.file, '--to', 'H40', ...fields()],
  sends: 'it',
};
const arrives: Step = { ...sent, stands: { it: { H40: '' } } };
const said = (by: string, word: string, stands: string): Step => ({
  name: word,
  by,
  says: ({ id }) => [word, id()],
  stands: { it: { H40: stands } },
});
const recalled = (outcome: RegExp): Step => ({
  name: 'recalled',
  by: 'G22',
  says: ({ id }) => ['recall', id(), '--reason', 'Sai số'],
  answers: { deliveries: [{ to: 'H40', outcome }] },
});
const alone = (t: Test, telling: Telling, step: Step, asleep = [h40]) =>
  stage.round(t, [{ telling, step }], { asleep });
const together = (t: Test, telling: Telling, step: Step) => stage.round(t, [{ telling, step }]);
const telling = (name: string) => stage.telling({ name, steps: [] });

/** What was never there stands nowhere: it has no end at the receiver. */
async function neverThere(t: Test, id: string): Promise<void> {
  t.match(await h40.cli('show', id), { exit: 4, error: { code: 'not-found' } });
  const { deliveries, statuses } = await g22.show(id);
  t.match(deliveries, [{ state: 'cancelled', recall: 'agreed', receipt: null }]);
  t.match(statuses, [{ code: '13', reason: 'Sai số', side: 'sender', valid: true }]);
}

t.test('recalled before anything left: cancelled at once, and never arrives', async (t) => {
  const it = telling('recalled while the receiver is off');
  await h40.kill();
  await alone(t, it, sent);
  await alone(t, it, recalled(/^(cancelled|settled)$/));
  await h40.start();
  await together(t, telling('the next one'), arrives);
  await neverThere(t, it.id());
});

t.test('recalled after a power cut at both ends: what was sent since has not left', async (t) => {
  await Promise.all([g22.kill(), h40.kill()]);
  await g22.start();
  const it = telling('recalled after a power cut');
  await alone(t, it, sent);
  await alone(t, it, recalled(/^(cancelled|settled)$/));
  await h40.start();
  await together(t, telling('the next one'), arrives);
  await neverThere(t, it.id());
});

t.test('recalled in doubt: asked for when it is known to be there, and agreed to by itself', async (t) => {
  const it = telling('recalled in doubt');
  await openStream(t);
  // it hears, and says nothing any more
  process.kill(h40.child!.pid, 'SIGSTOP');
  await stage.say(t, { telling: it, step: sent });
  await leaves(it.id());
  await alone(t, it, recalled(/^(waiting|repeated)$/));
  await stage.restart(h40);
  await together(t, it, said('G22', 'show', '15 agreed'));
  await together(t, it, { ...said('H40', 'accept', '15 agreed'), refused: 'status-not-allowed' });
});

t.test('recalled past a 06 on its way: declined by itself, at both ends', async (t) => {
  const it = telling('a recall and a 06 that cross');
  await together(t, it, arrives);
  await g22.stop();
  await alone(t, it, said('H40', 'accept', '03'), [g22]);
  await alone(t, it, said('H40', 'finish', '03 06'), [g22]);
  await h40.stop();
  await g22.start();
  await alone(t, it, { ...recalled(/^(requested|repeated)$/), stands: { it: { H40: '03 06 16 declined' } } });
  await h40.start();
  await together(t, it, {
    ...said('H40', 'show', '03 06 16 declined'),
    shows: ({ statuses }) => statuses.some(({ reasonCode }) => reasonCode === 'after-06'),
  });
});

t.test('at the end everything is there, verifies, and is numbered without gaps', async (t) => {
  await holdsAtTheEnd(t, stage);
});

/** A stream to the receiver is open. */
async function openStream(t: Test): Promise<void> {
  const first = telling('over a stream that stays');
  await stage.say(t, { telling: first, step: arrives });
  await g22.delivered(first.id());
}

/** Until the document is on its way. */
async function leaves(id: string): Promise<void> {
  const over = AbortSignal.timeout(60_000);
  for await (const { state } of (await g22.client()).watch(id, over)) if (state === 'sending') return;
}
