import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type RunningAgency, startAgency } from '../node/agency.ts';
import { utf8 } from '../node/core/bytes.ts';
import { LienthongError } from '../node/core/errors.ts';
import type { Submission } from '../node/core/views.ts';
import { enrol } from '../node/directory/applicant.ts';
import { openNodeFolder, readNodeConfig, writeNodeConfig } from '../node/directory/node-folder.ts';
import { initRegistry, type RunningRegistry, startRegistry } from '../node/registry.ts';
import { fixture, inChunks, joined } from './edxml/reading.ts';
import { tempFolder, until } from './registry/federation.ts';

const LISTEN = ['/ip4/127.0.0.1/tcp/0'];

interface Federation {
  at: (name: string) => string;
  registry: RunningRegistry;
  /** Starts a node and waits until it holds the registry's directory; what it reports is kept under its name. */
  start: (code: string) => Promise<RunningAgency>;
  events: { of: string; event: string; details: Record<string, unknown> }[];
}

async function federation(t: Test, codes: readonly string[]): Promise<Federation> {
  const dir = await tempFolder(t.teardown.bind(t));
  const at = (name: string) => join(dir, name);
  await initRegistry({ dir: at('registry'), name: 'Thử', listen: LISTEN, autoSeal: true });
  const registry = await startRegistry({ dir: at('registry') });
  t.teardown(() => registry.stop());
  for (const code of codes) {
    const { token } = await registry.service.invite(code);
    await enrol({ dir: at(code), token, listen: LISTEN });
  }
  const events: Federation['events'] = [];
  const start = async (code: string) => {
    const report = (event: string, details: Record<string, unknown>) =>
      events.push({ of: code, event, details });
    const running = await startAgency({ dir: at(code), report });
    t.teardown(() => running.stop());
    const { version } = registry.directory.require();
    await until(async () => (await running.service.status()).directory.version >= version);
    return running;
  };
  return { at, registry, start, events };
}

const letter = (to: string, number: number): Submission =>
  ({
    to: [to],
    type: 'Công văn',
    number: String(number),
    notation: 'CV-VPCP',
    subject: `Về việc số ${number}`,
    system: 'test',
    attachments: [{ name: 'a.txt', mediaType: 'text/plain', bytes: utf8(`Nội dung ${number}`) }],
  }) as Submission;

const isDelivered = async ({ service }: RunningAgency, id: string) =>
  (await service.show(id)).deliveries.every(({ state }) => state === 'delivered');

/** Open sockets, pipes and timers by kind. */
function handles(): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo())
    if (/TCP|Pipe|Timeout/.test(name)) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
}

t.test('a node starts, works, and stops at once with nothing left behind', async (t) => {
  const { at, registry, start } = await federation(t, ['G22', 'H40']);
  await until(() => registry.host.connections().length === 0);
  const before = handles();
  const [g22, h40] = await Promise.all([start('G22'), start('H40')]);
  await until(
    async () => (await g22.service.status()).peers.registry && (await h40.service.status()).peers.registry,
  );
  const { id } = await g22.service.submit(letter('H40', 1));
  await until(() => isDelivered(g22, id));
  t.ok((await g22.service.status()).peers.connected >= 2, 'the registry and the other seat');
  await t.rejects(startAgency({ dir: at('G22') }), { code: 'locked' }, 'one process has a folder');

  for (const node of [g22, h40]) {
    const startMs = performance.now();
    await node.stop();
    const elapsedMs = performance.now() - startMs;
    t.ok(elapsedMs < 5_000, `${elapsedMs.toFixed(0)} ms: no deadline was waited for`);
    await node.stop();
  }
  await until(() => registry.host.connections().length === 0);
  await until(() => [...handles()].every(([name, count]) => count <= (before.get(name) ?? 0)));
  const again = await start('G22');
  t.equal((await again.service.list({ box: 'outbox' } as never)).items.length, 1, 'what it held it holds');
});

t.test('what a folder or a port lacks is named, and nothing is left running', async (t) => {
  const { at } = await federation(t, ['G22']);
  const dir = at('G22');
  await t.rejects(startAgency({ dir: at('none') }), { code: 'not-initialised' });

  const { listen } = await readNodeConfig(dir);
  const port = Number(listen[0]!.split('/').at(-1));
  // the registry may well dial it
  const taker = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  await until(() => taker.listening);
  await t.rejects(startAgency({ dir }), { code: 'address-in-use', details: { port } });
  await new Promise((resolve) => taker.close(resolve));

  const damaged = async (path: string[], bytes: Uint8Array | string | undefined, where = path.at(-1)!) => {
    const file = join(dir, ...path);
    const whole = await readFile(file);
    if (bytes === undefined) await rm(file);
    else await writeFile(file, bytes);
    await t.rejects(
      startAgency({ dir }),
      {
        code: where === 'config.json' && bytes !== undefined ? 'configuration' : 'folder-damaged',
        details: { where: new RegExp(`${where.replace('.', '\\.')}$`) },
      },
      `${path.join('/')} ${bytes === undefined ? 'gone' : 'damaged'}`,
    );
    await writeFile(file, whole, { mode: 0o600 });
  };
  await damaged(['config.json'], '{"listen":');
  await damaged(['config.json'], '{"listen":[],"announce":["/ip4/0.0.0.0/tcp/1"]}');
  await damaged(['config.json'], JSON.stringify({ listen, announce: [], classification: 'mật' }));
  await damaged(['config.json'], undefined);
  await damaged(['identity.json'], '{}');
  await damaged(['identity.json'], Uint8Array.of(0xff, 0x00));
  for (const name of ['node', 'service', 'seal']) {
    await damaged(['keys', `${name}.key`], 'not a key');
    await damaged(['keys', `${name}.key`], undefined);
  }
  await damaged(['certificates', 'root.crt'], undefined);
  const running = await startAgency({ dir });
  await running.stop();
  t.pass('repaired, it starts: none of these kept the folder or the port');
});

t.test('a quota of the configuration counts, and a wrong one is named', async (t) => {
  const { at, start, events } = await federation(t, ['G22', 'H40']);
  const config = await readNodeConfig(at('H40'));
  for (const [reason, quota] of [
    ['quota.documentsPerDay', { documentsPerDay: 0, bytesPerDay: 5 }],
    ['quota', [5]],
    ['quota.bytesPerDay', { documentsPerDay: 1, bytesPerDay: 1.5 }],
    ['quota', 7],
    ['quota.more', { documentsPerDay: 1, bytesPerDay: 1, more: 1 }],
    ['quota.statusesPerDay', { statusesPerDay: '100' }],
    ['quota.toString', { toString: 5 }],
    ['quota.bytesPerDay', { bytesPerDay: 2 ** 53 }],
  ] as const) {
    await writeNodeConfig(at('H40'), { ...config, quota: quota as never });
    await t.rejects(readNodeConfig(at('H40')), { code: 'configuration', details: { reason } });
  }
  await writeFile(join(at('H40'), 'config.json'), '{"quota": {},}');
  await t.rejects(readNodeConfig(at('H40')), { code: 'configuration', details: { reason: 'json' } });
  await writeFile(join(at('H40'), 'config.json'), 'null');
  await t.rejects(readNodeConfig(at('H40')), { code: 'configuration', details: { reason: 'listen' } });
  await writeNodeConfig(at('H40'), { ...config, quota: { documentsPerDay: 1 } });
  const [g22, h40] = await Promise.all([start('G22'), start('H40')]);
  const one = await g22.service.submit(letter('H40', 1));
  await until(() => isDelivered(g22, one.id));
  const two = await g22.service.submit(letter('H40', 2));
  await until(() =>
    events.some(
      ({ of, event, details }) =>
        of === 'H40' && event === 'agency.limited' && details.limit === 'documentsPerDay',
    ),
  );
  t.notOk(await isDelivered(g22, two.id), 'the second waits for tomorrow');
  const { counts, limited } = await h40.service.status();
  t.equal(counts.inbox, 1);
  t.match(limited, [{ agency: 'G22', limit: 'documentsPerDay', most: 1, until: /^\d{4}-/ }]);
});

t.test('whose register counts is part of the configuration', async (t) => {
  const { at, start } = await federation(t, ['G22', 'H40']);
  const config = await readNodeConfig(at('H40'));
  t.equal(config.registers, undefined, "the agency's one series without it");
  for (const registers of ['each', 1, null]) {
    await writeNodeConfig(at('H40'), { ...config, registers: registers as never });
    await t.rejects(readNodeConfig(at('H40')), { code: 'configuration', details: { reason: 'registers' } });
  }
  await writeNodeConfig(at('H40'), { ...config, registers: 'unit' });
  const [g22, h40] = await Promise.all([start('G22'), start('H40')]);
  const { id } = await g22.service.submit(letter('H40', 1));
  await until(() => isDelivered(g22, id));
  t.match(await h40.service.say(id, { code: '03' }), { arrivalNumber: 1 });
  t.match(await h40.service.register({ box: 'inbox', unit: 'H40' }), { items: [{ id, arrivalNumber: 1 }] });
});

t.test('a calendar of the configuration counts, and a wrong one is named', async (t) => {
  const { at, start } = await federation(t, ['H40']);
  const config = await readNodeConfig(at('H40'));
  for (const calendar of [{ holidays: ['2026-02-30'] }, { off: [] }, 7]) {
    await writeNodeConfig(at('H40'), { ...config, calendar: calendar as never });
    await t.rejects(readNodeConfig(at('H40')), { code: 'configuration', details: { reason: 'calendar' } });
  }
  const year = new Date().getUTCFullYear();
  const holidays = [year, year + 1].map((one) => `${one}-06-15`);
  await writeNodeConfig(at('H40'), { ...config, calendar: { holidays, workingDays: [] } });
  const { service } = await start('H40');
  t.match((await service.status()).calendar, { unknownYears: [], provisionalYears: [] });
  await until(async () => (await service.status()).clocks !== null);
  t.match((await service.status()).clocks, { overdue: { inbox: 0, outbox: 0 }, breaches: { days: 30 } });
});

t.test(
  'an imported message travels where the configuration says so, classified as the folder declares',
  async (t) => {
    const { at, start } = await federation(t, ['G22', 'H40']);
    const config = await readNodeConfig(at('G22'));
    await writeNodeConfig(at('G22'), { ...config, edxmlOriginalTravels: 'yes' as never });
    const reason = 'edxmlOriginalTravels';
    await t.rejects(readNodeConfig(at('G22')), { code: 'configuration', details: { reason } });
    await writeNodeConfig(at('G22'), { ...config, edxmlOriginalTravels: true });
    const [g22, h40] = await Promise.all([start('G22'), start('H40')]);
    const text = fixture('document-new.edxml').toString();
    const file = Buffer.from(text.replaceAll('000.00.00.H90', 'G22').replaceAll('05.17.H92', 'H40'));
    const { id } = await g22.service.importEdxml(inChunks(file, 1000), { system: 'test' });
    await until(() => isDelivered(g22, id));
    const { stream } = await h40.service.exportEdxml(id, { original: true });
    t.ok((await joined(stream)).equals(file));
    t.match(await g22.service.check(), { ok: true, checked: { blobs: 2 } });
  },
);

t.test('where a seal is in a token, a wrong configuration is named by its field', async (t) => {
  const { at } = await federation(t, ['H40']);
  const config = await readNodeConfig(at('H40'));
  const seal = { module: '/usr/lib/p11.so', label: 'con-dau', pinFile: '/etc/lienthong/pin' };
  for (const [field, wrong] of [
    ['seal', 'token'],
    ['seal.module', { ...seal, module: 'p11.so' }],
    ['seal.label', { ...seal, label: '' }],
    ['seal.id', { ...seal, id: '0g' }],
    ['seal.tokenLabel', { ...seal, tokenLabel: 'x'.repeat(33) }],
    ['seal.slot', { ...seal, slot: -1 }],
    ['seal.pinFile', { ...seal, pinFile: undefined }],
    ['seal.pin', { ...seal, pin: '1234' }],
  ] as const) {
    await writeNodeConfig(at('H40'), { ...config, seal: wrong as never });
    await t.rejects(readNodeConfig(at('H40')), { code: 'configuration', details: { reason: field } });
  }
  await writeNodeConfig(at('H40'), { ...config, seal });
  t.same((await readNodeConfig(at('H40'))).seal, seal);
  // this folder's seal is a file: there is no public half of one in a token
  await t.rejects(openNodeFolder(at('H40')), { code: 'folder-damaged', details: { where: /seal\.pub$/ } });
});

t.test('node announce: the registry publishes it, every node dials it, the folder keeps it', async (t) => {
  const { at, registry, start, events } = await federation(t, ['G22', 'H40']);
  const [g22, h40] = await Promise.all([start('G22'), start('H40')]);
  const listed = (code: string) => registry.directory.require().seat(code)!.addresses;
  await until(async () => (await h40.service.status()).peers.registry);
  const [original] = listed('H40');
  const wanted = [original!, '/dns4/nut.nghean.example.vn/tcp/7400'];
  const { version } = registry.directory.require();
  await h40.service.announce(wanted);
  t.same(listed('H40'), wanted);
  t.equal(registry.directory.require().version, version + 1);
  t.same((await readNodeConfig(at('H40'))).announce, wanted);
  t.ok((await h40.service.status()).peers.registry, 'the connection it had goes on');
  await until(async () => (await g22.service.status()).directory.version > version);
  t.same((await g22.service.directoryEntry('H40')).seatList[0]?.addresses, wanted, 'others know it');
  await Promise.all([h40.service.announce(wanted), h40.service.announce(wanted)]);
  t.equal(registry.directory.require().version, version + 1, 'again: nothing changes');
  const { id } = await g22.service.submit(letter('H40', 1));
  await until(() => isDelivered(g22, id));

  for (const bad of [['/ip4/0.0.0.0/tcp/7400'], ['x'], []]) {
    await t.rejects(h40.service.announce(bad), { code: 'usage' });
  }
  await registry.stop();
  await t.rejects(h40.service.announce([original!]), { code: 'unreachable', details: { what: 'registry' } });
  t.same((await readNodeConfig(at('H40'))).announce, wanted, 'refused, nothing changed');
  await h40.stop();

  // changed by hand while the registry is off: told when it is back
  await writeNodeConfig(at('H40'), { ...(await readNodeConfig(at('H40'))), announce: [original!] });
  const again = await start('H40');
  const back = await startRegistry({ dir: at('registry') });
  t.teardown(() => back.stop());
  await until(() => back.directory.require().seat('H40')!.addresses.join() === original);
  await until(() => events.some(({ of, event }) => of === 'H40' && event === 'addresses.announced'));
  await until(
    async () => (await again.service.directoryEntry('H40')).seatList[0]?.addresses.join() === original,
  );
  t.equal(back.directory.require().version, version + 2, 'once');
});

t.test('a revoked node says so, reads on, and announces nothing', async (t) => {
  const { registry, start, at } = await federation(t, ['G22', 'H40']);
  const [g22, h40] = await Promise.all([start('G22'), start('H40')]);
  const { id } = await g22.service.submit(letter('H40', 1));
  await until(() => isDelivered(g22, id));
  await until(async () => (await h40.service.status()).peers.registry);
  await registry.service.revoke('H40', { reason: 'key-compromise' });
  await until(async () => (await h40.service.status()).directory.state === 'revoked');
  const { certificates } = await h40.service.status();
  t.same([...new Set(certificates.map(({ state }) => state))], ['revoked']);
  const [item] = (await h40.service.list({ box: 'inbox' } as never)).items;
  t.equal(item?.id, id);
  const { stream, sha256 } = await h40.service.attachment(id, 0);
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  t.equal(hash.digest('hex'), sha256, 'what it received is read on');
  t.equal((await h40.service.verify(id)).id, id);
  await t.rejects(h40.service.submit({ ...letter('G22', 2), notation: 'CV-UBND' }), LienthongError);
  t.equal((await h40.service.status()).counts.outbox, 0);
  await t.rejects(h40.service.announce(['/ip4/127.0.0.1/tcp/7999']), { code: 'certificate-revoked' });
  await h40.stop();
  const again = await startAgency({ dir: at('H40') });
  t.equal((await again.service.status()).directory.state, 'revoked', 'also after a restart');
  await again.stop();
});
