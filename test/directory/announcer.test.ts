import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { startAgency } from '../../node/agency.ts';
import { systemClock } from '../../node/core/clock.ts';
import { enrol } from '../../node/directory/applicant.ts';
import { readNodeConfig, writeNodeConfig } from '../../node/directory/node-folder.ts';
import { initRegistry, startRegistry } from '../../node/registry.ts';
import { tempFolder, until } from '../registry/federation.ts';

const LISTEN = ['/ip4/127.0.0.1/tcp/0'];
const MINUTE_MS = 60_000;

t.test('told to come later, it does', async (t) => {
  const dir = await tempFolder(t.teardown.bind(t));
  const [registryDir, nodeDir] = [join(dir, 'registry'), join(dir, 'h40')];
  await initRegistry({ dir: registryDir, name: 'Thử', listen: LISTEN });
  let laterMs = 0;
  const registryClock = { ...systemClock, nowMs: () => Date.now() + laterMs };
  const registry = await startRegistry({ dir: registryDir, clock: registryClock });
  t.teardown(() => registry.stop());
  await enrol({ dir: nodeDir, token: (await registry.service.invite('H40')).token, listen: LISTEN });
  const codes: unknown[] = [];
  const naps: (() => void)[] = [];
  const clock = {
    ...systemClock,
    // only the announcer waits about a minute
    sleep: (ms: number, signal?: AbortSignal) =>
      ms < MINUTE_MS / 2 || ms > MINUTE_MS
        ? systemClock.sleep(ms, signal)
        : new Promise<void>((resolve, reject) => {
            naps.push(resolve);
            signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          }),
  };
  const report = (event: string, details: Record<string, unknown>) => {
    if (event === 'addresses.unannounced') codes.push(details.code);
  };
  const start = async () => {
    const running = await startAgency({ dir: nodeDir, clock, report });
    t.teardown(() => running.stop());
    await until(async () => (await running.service.status()).peers.registry);
    return running;
  };
  const listed = () => registry.directory.require().seat('H40')!.addresses.join();
  const config = await readNodeConfig(nodeDir);
  const first = await start();
  const spent = async () => {
    for (let i = 0; i < 100; i++) await first.service.announce(config.announce);
  };
  await t.rejects(spent(), { code: 'rate-limited' }, 'asked by hand too often');
  await first.stop();

  const wanted = '/ip4/127.0.0.1/tcp/7999';
  await writeNodeConfig(nodeDir, { ...config, announce: [wanted] });
  await start();
  await until(() => naps.length === 1);
  t.same(codes, ['rate-limited']);
  t.not(listed(), wanted);
  laterMs += MINUTE_MS;
  naps[0]!();
  await until(() => listed() === wanted);
  t.same(codes, ['rate-limited']);
});

t.test('stop ends an announcement to a registry that never answers', async (t) => {
  const dir = await tempFolder(t.teardown.bind(t));
  const [registryDir, nodeDir] = [join(dir, 'registry'), join(dir, 'h40')];
  await initRegistry({ dir: registryDir, name: 'Thử', listen: LISTEN });
  const registry = await startRegistry({ dir: registryDir });
  t.teardown(() => registry.stop());
  await enrol({ dir: nodeDir, token: (await registry.service.invite('H40')).token, listen: LISTEN });
  const port = Number(registry.ready.listening[0]!.match(/tcp\/(\d+)/)![1]);
  await registry.stop();
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(
    port,
    '127.0.0.1',
  );
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const node = await startAgency({ dir: nodeDir });
  t.teardown(() => node.stop());
  await until(() => sockets.size === 1);
  const announcing = t.rejects(node.service.announce(['/ip4/127.0.0.1/tcp/7999']), { code: 'not-running' });
  await until(() => sockets.size === 2);
  const startMs = performance.now();
  await node.stop();
  const elapsedMs = performance.now() - startMs;
  t.ok(elapsedMs < 5_000, `${elapsedMs.toFixed(0)} ms: no deadline was waited for`);
  await announcing;
  t.not((await readNodeConfig(nodeDir)).announce[0], '/ip4/127.0.0.1/tcp/7999');
});
