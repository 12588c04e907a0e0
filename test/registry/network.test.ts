import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { enrol } from '../../node/directory/applicant.ts';
import { DirectoryStore } from '../../node/directory/directory-store.ts';
import { openNodeFolder } from '../../node/directory/node-folder.ts';
import { SeatNetwork } from '../../node/directory/seat-network.ts';
import { Host } from '../../node/network/host.ts';
import { PROTOCOLS } from '../../node/network/protocols.ts';
import { initRegistry, type RunningRegistry, startRegistry } from '../../node/registry.ts';
import { openNodeStore } from '../../node/store/node-store.ts';
import { enrolmentAnswer } from '../../proto/messages.ts';
import { newKey, tempFolder, until } from './federation.ts';

/** Less than a node waits before it asks for changes by itself. */
const UNASKED_MS = 15_000;
const LISTEN = ['/ip4/127.0.0.1/tcp/0'];

interface RunningNode {
  directory: DirectoryStore;
  network: SeatNetwork;
  events: string[];
  stop(): Promise<void>;
}

async function startNode(dir: string): Promise<RunningNode> {
  const { identity, config } = await openNodeFolder(dir);
  const storage = await openNodeStore(dir, { clock: systemClock, random: systemRandom });
  const { federationId, root } = identity;
  const directory = new DirectoryStore({ store: storage.store, clock: systemClock, federationId, root });
  await directory.load();
  const events: string[] = [];
  const network = new SeatNetwork({
    directory,
    privateKey: identity.nodeKey,
    listen: config.listen,
    announce: config.announce,
    registryPeerIds: identity.registryPeerIds,
    seat: identity.seat,
    clock: systemClock,
    random: systemRandom,
    report: (event) => events.push(event),
    onContact: () => {},
    logs: { statementFor: () => undefined, shown: () => {} },
  });
  await network.start();
  return {
    directory,
    network,
    events,
    async stop() {
      await network.stop();
      await storage.close();
    },
  };
}

async function federation(t: Test, codes: string[]) {
  const dir = await tempFolder(t.teardown.bind(t));
  await initRegistry({ dir: join(dir, 'registry'), name: 'Thử', listen: LISTEN, autoSeal: true });
  const registry: RunningRegistry = await startRegistry({ dir: join(dir, 'registry') });
  t.teardown(() => registry.stop());
  for (const code of codes) {
    const { token } = await registry.service.invite(code);
    await enrol({ dir: join(dir, code), token, listen: LISTEN });
  }
  return { dir, registry };
}

t.test('a revocation reaches connected nodes unasked and cuts the revoked one off', async (t) => {
  const { dir, registry } = await federation(t, ['H40', 'H51']);
  const h40 = await startNode(join(dir, 'H40'));
  const h51 = await startNode(join(dir, 'H51'));
  const nodes = [h40, h51];
  t.teardown(() => Promise.all(nodes.map((node) => node.stop())).then(() => undefined));
  const peerOf = (code: string) => registry.directory.require().seatsOf(code)[0]!.peerIds[0]!;
  await until(() =>
    nodes.every(({ directory }) => directory.require().version === registry.directory.require().version),
  );
  await until(() => nodes.every(({ network }) => network.registryLink.isConnected));
  const signal = AbortSignal.timeout(5_000);
  const { addresses } = registry.directory.require().seat('H51')!;
  await h40.network.host.connect(peerOf('H51'), addresses, { purpose: 'exchange', signal });
  // the accepting side has it once it has sent its answer
  await until(() => h51.network.host.current(peerOf('H40'), 'exchange') !== undefined);

  const { version } = await registry.service.revoke('H51', { reason: 'key-compromise' });
  await until(() => h40.network.host.connections(peerOf('H51')).length === 0, UNASKED_MS);
  t.equal(h40.directory.require().version, version);
  t.same(h40.directory.require().nodeMayConnect(peerOf('H51'), Date.now()), { ok: false, code: 'revoked' });
  await t.rejects(
    h40.network.host.connect(peerOf('H51'), addresses, { purpose: 'exchange', signal }),
    { code: 'peer-refused' },
    'nor dialled',
  );
  await until(() => h51.directory.require().version === version, 5_000);
  t.pass('the revoked node still fetches the head, and knows');
});

t.test('a restarted registry goes on with the chain, and the nodes follow', async (t) => {
  const { dir, registry } = await federation(t, ['H40']);
  const node = await startNode(join(dir, 'H40'));
  t.teardown(() => node.stop());
  await registry.service.import([{ code: 'H51', name: 'Một' }]);
  await until(() => node.directory.require().agencyName('H51') === 'Một');
  const { version, headHash } = registry.directory.require();
  await registry.stop();
  await until(() => !node.network.registryLink.isConnected);
  const again = await startRegistry({ dir: join(dir, 'registry') });
  t.teardown(() => again.stop());
  t.same(again.directory.require().headHash, headHash);
  await again.service.import([{ code: 'H51', name: 'Hai' }]);
  t.equal(again.directory.require().version, version + 1);
  t.same(again.directory.require().head.facts.previous, headHash);
  await until(() => node.directory.require().agencyName('H51') === 'Hai');
  t.equal(node.directory.forks.length, 0);
});

t.test('a stranger may enrol and nothing else, and not without end', async (t) => {
  const { registry } = await federation(t, []);
  const { privateKey } = await newKey('ed25519');
  const host = new Host({
    privateKey,
    listen: [],
    clock: systemClock,
    policy: { mayConnect: () => 'allow' },
  });
  await host.start();
  t.teardown(() => host.stop());
  const { peerId, listening } = registry.ready;
  const signal = AbortSignal.timeout(20_000);
  const connection = await host.connect(peerId, listening, { purpose: 'enrolment', signal });
  const ask = async (protocol: typeof PROTOCOLS.enrolment) => {
    const stream = await connection.openStream(protocol, { signal });
    await stream.write(Uint8Array.of(1));
    const frame = await stream.require({ signal });
    await stream.close();
    return frame;
  };
  const codes: string[] = [];
  for (let i = 0; i < 40; i++) codes.push(enrolmentAnswer.parse(await ask(PROTOCOLS.enrolment)).refused);
  t.equal(codes[0], 'request-invalid');
  t.equal(codes.at(-1), 'rate-limited');
  t.ok(codes.indexOf('rate-limited') >= 30);
  await t.rejects(
    connection.openStream(PROTOCOLS.directory, { signal }),
    { code: 'peer-refused' },
    'before Hello',
  );
  const forced = await host.connect(peerId, listening, { purpose: 'enrolment', signal });
  await t.rejects(async () => {
    const stream = await forced.openStream({ ...PROTOCOLS.directory, afterHello: false } as never, {
      signal,
    });
    await stream.write(Uint8Array.of(10, 0));
    await stream.require({ signal });
  });
});
