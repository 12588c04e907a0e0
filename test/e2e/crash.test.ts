/**
 * Promises 1 and 2 under power cuts: while documents are handed in, sender and recipient are ended with SIGKILL at
 * random moments, during their start too, at least 50 times in one run. Then every document that was reported queued
 * has arrived exactly once, with a receipt that verifies. The registry is off all the while. LIENTHONG_SEED repeats a
 * run's random choices (not the machine's timing).
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { isLienthongError } from '../../node/core/errors.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';
import { type Seeded, seeded } from '../store/seeded.ts';

const KILLS_EACH = 26;
/** Local systems handing in at once: some commits hold several documents. */
const SUBMITTERS = 4;
/** Larger than what travels along with an offer: the recipient has to pull it. */
const PULLED_BYTES = 150_000;
/** Latest kill after a start was begun or finished. */
const MOST_MS = 700;
const random = seeded();
const { seed } = random;
t.comment(`seed ${seed}`);
t.setTimeout(150_000);

const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const [sender, recipient] = [federation.agency('G22'), federation.agency('H40')];
await federation.inStep();
await federation.registry.stop();

let kills = 0;
let killing = true;

/** Kills and starts one node again and again; the last start stays. */
async function cutPower(agency: Agency, random: Seeded): Promise<void> {
  for (let at = 0; at < KILLS_EACH; at++) {
    await sleep(random.below(MOST_MS));
    await agency.kill();
    kills++;
    const isCutInStart = random.below(10) < 3 && at < KILLS_EACH - 1;
    const started = agency.start();
    if (isCutInStart) started.catch(() => {});
    else await started;
  }
}

interface Reported {
  id: string;
  number: number;
}

/** Hands documents in as a local system would: the same key again until it is told that the document is queued. */
async function submit(number: number): Promise<Reported> {
  for (;;) {
    try {
      const client = await sender.client();
      const isPulled = number % 5 === 0;
      const bytes = Buffer.alloc(isPulled ? PULLED_BYTES : 300, `văn bản ${number} `);
      const { sha256, lease } = isPulled
        ? await client.upload(once(bytes), bytes.byteLength)
        : { sha256: '', lease: '' };
      const file = isPulled ? { sha256, lease } : { base64: bytes.toString('base64') };
      const answer = await client.submit(
        {
          to: ['H40'],
          type: 'Công văn',
          number: String(number),
          notation: 'CV-VPCP',
          subject: `Văn bản số ${number}`,
          classification: 'thuong',
          system: 'crash-test',
          key: `number-${number}`,
        },
        [{ name: `${number}.txt`, ...file }],
      );
      return { id: answer.id, number };
    } catch (error) {
      // the power went in the middle: whether it was queued is open, so the same again; anything else is a fault
      if (!isLienthongError(error) || !['not-running', 'unreachable', 'timeout'].includes(error.code))
        throw error;
      await sleep(20);
    }
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

t.test('at least 50 kills', async (t) => {
  const reported: Reported[] = [];
  let last = 0;
  const submitter = async () => {
    while (killing) {
      reported.push(await submit(++last));
      await sleep(random.below(40));
    }
  };
  const sending = Promise.all(Array.from({ length: SUBMITTERS }, submitter));
  sending.catch(() => {});
  const cutting = Promise.all([cutPower(sender, seeded(seed + 1)), cutPower(recipient, seeded(seed + 2))]);
  await Promise.race([cutting, sending.then(() => cutting)]);
  killing = false;
  await sending;
  t.comment(`${kills} kills, ${reported.length} documents`);
  t.ok(kills >= 50);
  t.ok(reported.length > 50, 'enough documents for the kills to matter');

  const outbox = await sender.list('outbox');
  await eventually(
    'every document has its receipt',
    async () => (await sender.status()).counts.waiting === 0,
    60_000,
  );
  const inbox = await recipient.list('inbox');
  t.equal(new Set(reported.map(({ id }) => id)).size, reported.length, 'one id for each');
  t.strictSame(
    sorted(outbox),
    reported.map(({ id }) => id).sort(),
    'the sender holds what it reported, once each',
  );
  t.strictSame(sorted(inbox), sorted(outbox), 'the recipient holds the same, once each');
  let unproven = 0;
  const client = await sender.client();
  for (const { id } of reported) {
    const { deliveries } = await client.show(id);
    const { valid, checks } = await client.verify(id);
    const hasReceipt = deliveries.length === 1 && deliveries[0]!.receipt?.by === 'H40';
    if (!valid || !hasReceipt || checks.length === 0) unproven++;
  }
  t.equal(unproven, 0, 'every receipt verifies');
});

t.test('what was pulled is what was sent, and both folders are whole', async (t) => {
  const client = await recipient.client();
  let wrong = 0;
  const pulled = (await recipient.list('inbox')).filter(({ number }) => Number(number) % 5 === 0);
  t.ok(pulled.length > 0);
  for (const item of pulled) {
    const answer = await client.attachment(item.id, 0);
    const hash = createHash('sha256');
    for await (const piece of answer) hash.update(piece as Buffer);
    const sent = Buffer.alloc(PULLED_BYTES, `văn bản ${item.number} `);
    if (hash.digest('hex') !== createHash('sha256').update(sent).digest('hex')) wrong++;
  }
  t.equal(wrong, 0);
  for (const agency of [sender, recipient]) {
    const report = await (await agency.client()).check();
    t.match(report, { ok: true, problems: [] }, agency.name);
  }
});

const sorted = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id).sort();
