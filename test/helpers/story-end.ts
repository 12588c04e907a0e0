/** What must hold when stories have been told, whatever was killed meanwhile: nothing waits, nothing is gone, all verifies. */
import type { CheckReport } from '../../node/core/node-views.ts';
import type { RegisterRow } from '../../node/core/register-views.ts';
import { eventually } from './eventually.ts';
import type { Agency } from './federation.ts';
import { CONTENT, type Stage } from './story.ts';

interface Context {
  equal(found: unknown, wanted: unknown, text: string): unknown;
  strictSame(found: unknown, wanted: unknown, text: string): unknown;
}

export async function holdsAtTheEnd(t: Context, stage: Stage): Promise<void> {
  await Promise.all(stage.agencies.map((agency) => holdsAt(t, stage, agency)));
}

async function holdsAt(t: Context, { tellings }: Stage, agency: Agency): Promise<void> {
  const { name } = agency;
  await eventually(`nothing waits at ${name}`, async () => (await agency.status()).counts.waiting === 0);
  const documents = tellings.flatMap((telling) => [...telling.documents.values()]);
  const sent = documents.filter(({ by }) => by === name).map(({ id }) => id);
  const came = documents.filter(({ stands }) => stands.has(name));
  const accepted = came.filter(({ stands }) => stands.get(name)!.split(' ').includes('03'));

  t.strictSame(
    idsOf(await agency.list('outbox')),
    sent.sort(),
    `${name} still holds what it sent, once each`,
  );
  t.strictSame(
    idsOf(await agency.list('inbox')),
    came.map(({ id }) => id).sort(),
    `${name} still holds what came, once each, recalled and replaced ones too`,
  );
  const incoming = await register(agency, 'inbox');
  t.strictSame(
    incoming.map(({ arrivalNumber }) => arrivalNumber),
    accepted.map((_, at) => at + 1),
    `arrival numbers of ${name} have no gaps`,
  );
  t.strictSame(
    idsOf(incoming),
    accepted.map(({ id }) => id).sort(),
    `${name} numbered each accepted one once`,
  );
  t.strictSame(
    idsOf(await register(agency, 'outbox')),
    sent,
    `the outgoing register of ${name} names them all`,
  );

  for (const id of [...sent, ...came.map((one) => one.id)]) {
    const { valid, checks } = await agency.verify(id);
    const faults = checks.filter(({ ok }) => !ok);
    t.strictSame([valid, faults], [true, []], `${id} verifies at ${name}`);
    t.equal(await contentOf(agency, id), CONTENT, `${id} can be read at ${name}`);
  }
  const check = await agency.cli('node', 'check');
  const { ok, problems } = check.value as CheckReport;
  t.strictSame([check.exit, ok, problems], [0, true, []], `node check of ${name}`);
}

async function register(agency: Agency, box: 'inbox' | 'outbox'): Promise<RegisterRow[]> {
  return ((await agency.cli('register', box)).value as { items: RegisterRow[] }).items;
}

async function contentOf(agency: Agency, id: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await agency.client()).attachment(id, 0)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

const idsOf = (items: readonly { id: string | null }[]): string[] =>
  items.map(({ id }) => id ?? 'lost').sort();
