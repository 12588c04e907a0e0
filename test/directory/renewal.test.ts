/** Certificates that come to their end under a running node, with a registry of the same clock that tests move. */
import { readFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readCertificate } from '../../certs/certificate.ts';
import { startAgency } from '../../node/agency.ts';
import { systemClock } from '../../node/core/clock.ts';
import { enrol } from '../../node/directory/applicant.ts';
import { FIRST_ROUND_MS } from '../../node/exchange/janitor.ts';
import { initRegistry, type RunningRegistry, startRegistry } from '../../node/registry.ts';
import { OpenSsl } from '../certs/openssl.ts';
import { tempFolder, until } from '../registry/federation.ts';

const LISTEN = ['/ip4/127.0.0.1/tcp/0'];
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const HOUR_MS = 3_600_000;

async function world(t: Test) {
  const dir = await tempFolder(t.teardown.bind(t));
  const at = (name: string) => join(dir, name);
  const time = { aheadMs: 0 };
  const clock = { ...systemClock, nowMs: () => Date.now() + time.aheadMs };
  await initRegistry({ dir: at('registry'), name: 'Thử', listen: LISTEN, autoSeal: true });
  let registry: RunningRegistry | undefined;
  const open = async () => {
    registry = await startRegistry({ dir: at('registry'), clock });
    return registry;
  };
  await open();
  t.teardown(() => registry?.stop());
  const { token } = await registry!.service.invite('H40');
  await enrol({ dir: at('H40'), token, listen: LISTEN, clock });
  const events: { event: string; details: Record<string, unknown> }[] = [];
  /** Waits of the renewal: an hour between two looks, up to one after a failure. */
  const naps: { ms: number; end: () => void }[] = [];
  const napping = {
    ...clock,
    sleep: (ms: number, signal?: AbortSignal) =>
      ms < SHORTEST_NAP_MS || ms === FIRST_ROUND_MS
        ? systemClock.sleep(ms, signal)
        : new Promise<void>((resolve, reject) => {
            naps.push({ ms, end: resolve });
            signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          }),
  };
  const start = async () => {
    naps.length = 0;
    const node = await startAgency({
      dir: at('H40'),
      clock: napping,
      report: (event, details) => events.push({ event, details }),
    });
    t.teardown(() => node.stop());
    await until(() => naps.length > 0);
    return node;
  };
  const said = (event: string) => events.filter((one) => one.event === event).length;
  /** Lets the renewal look again. */
  const look = async () => {
    const count = naps.length;
    naps.at(-1)!.end();
    await until(() => naps.length > count);
  };
  const listed = (role: string) =>
    registry!.directory
      .require()
      .certificatesOf('H40')
      .filter((one) => one.role === role);
  return { at, time, clock, open, start, events, said, look, naps, listed, registry: () => registry! };
}

/** The renewal's first wait after a failure; but for the janitor nothing in a node waits so long. */
const SHORTEST_NAP_MS = 30_000;

t.test(
  'a running node renews all three when a third is left, and says so; before it asks nothing',
  async (t) => {
    const { at, time, start, said, look, naps, listed, registry } = await world(t);
    const node = await start();
    t.ok(naps[0]!.ms >= 0.75 * HOUR_MS && naps[0]!.ms <= HOUR_MS);
    time.aheadMs = YEAR_MS + 120 * DAY_MS;
    await registry().service.refresh();
    await look();
    t.equal(listed('node').length, 1, 'eight and a half months are left');
    time.aheadMs += 5 * DAY_MS;
    await registry().service.refresh();
    await look();
    t.equal(said('certificates.renewed'), 1);
    for (const role of ['node', 'service', 'seal']) t.equal(listed(role).length, 2, role);
    await until(async () => (await node.service.status()).certificates.length === 6);
    await look();
    const newest = (role: string) =>
      [...listed(role)].sort((a, b) => b.certificate.notAfterMs - a.certificate.notAfterMs)[0]!;
    const openssl = await OpenSsl.open();
    t.teardown(() => openssl.close());
    const intermediate = readCertificate(await readFile(at('H40/certificates/issuing.crt'), 'utf8'));
    const root = readCertificate(await readFile(at('H40/certificates/root.crt'), 'utf8'));
    for (const role of ['node', 'service', 'seal']) {
      const kept = readCertificate(await readFile(at(`H40/certificates/${role}.crt`), 'utf8'));
      t.equal(kept.serial, newest(role).serial, `${role}: the file is the certificate that counts`);
      const verdict = await openssl.verify({
        leaf: kept.bytes,
        intermediates: [intermediate.bytes],
        anchors: [root.bytes],
        crls: registry().directory.require().crls,
        atMs: Date.now() + time.aheadMs + 1_000,
      });
      t.ok(verdict.ok, verdict.text);
    }
    const { version } = registry().directory.require();
    await look();
    t.equal(registry().directory.require().version, version, 'and nothing more');
  },
);

t.test('while the registry is off it asks again with backoff, and tells who runs the node', async (t) => {
  const { time, open, start, said, look, naps, listed, registry, events } = await world(t);
  await start();
  await registry().stop();
  time.aheadMs = 2 * YEAR_MS - 30 * DAY_MS;
  await look();
  t.match(events.find(({ event }) => event === 'certificates.unrenewed')?.details, { code: 'unreachable' });
  t.ok(naps.at(-1)!.ms <= 60_000, 'the first retry within a minute');
  for (let i = 0; i < 7; i++) await look();
  t.ok(naps.at(-1)!.ms > HOUR_MS / 2 && naps.at(-1)!.ms <= HOUR_MS, 'later once an hour');
  t.equal(said('certificate.ends'), 3, 'each certificate that ends soon, once a day');
  time.aheadMs += DAY_MS;
  await look();
  t.equal(said('certificate.ends'), 6);
  await open();
  await registry().service.refresh();
  await look();
  t.equal(said('certificates.renewed'), 1);
  t.equal(listed('seal').length, 2);
});

t.test('a node that was off beyond the end of its certificates renews them when it starts', async (t) => {
  const { time, start, listed, registry, said } = await world(t);
  await (await start()).stop();
  time.aheadMs = 2 * YEAR_MS + 40 * DAY_MS;
  await registry().service.refresh();
  const node = await start();
  t.equal(said('certificates.renewed'), 1);
  t.equal(listed('node').length, 2);
  await until(async () => (await node.service.status()).directory.state === 'fresh');
  await until(async () => (await node.service.status()).peers.registry);
  const { token } = await registry().service.invite('H40');
  t.ok(token, 'the registry goes on as before');
});

t.test('a revoked node asks for nothing', async (t) => {
  const { time, start, listed, registry, look, events } = await world(t);
  const node = await start();
  await registry().service.revoke('H40', { reason: 'superseded' });
  await until(async () => (await node.service.status()).directory.state === 'revoked');
  time.aheadMs = YEAR_MS + 200 * DAY_MS;
  await look();
  t.equal(listed('node').length, 1);
  t.notOk(events.some(({ event }) => event === 'certificates.renewed'));
});

t.test('stop ends a renewal whose registry never answers', async (t) => {
  const { at, time, registry, clock } = await world(t);
  const port = Number(registry().ready.listening[0]!.match(/tcp\/(\d+)/)![1]);
  await registry().stop();
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(
    port,
    '127.0.0.1',
  );
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  time.aheadMs = YEAR_MS + 200 * DAY_MS;
  const events: string[] = [];
  const node = await startAgency({ dir: at('H40'), clock, report: (event) => events.push(event) });
  t.teardown(() => node.stop());
  await until(() => sockets.size >= 2);
  const startMs = performance.now();
  await node.stop();
  const elapsedMs = performance.now() - startMs;
  t.ok(elapsedMs < 5_000, `${elapsedMs.toFixed(0)} ms: no deadline was waited for`);
  t.notOk(events.includes('certificates.unrenewed'), 'being stopped is no failure');
});
