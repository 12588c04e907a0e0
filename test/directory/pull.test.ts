import t from 'tap';
import { EMPTY, equalBytes, sha256 } from '../../node/core/bytes.ts';
import { DirectoryStore } from '../../node/directory/directory-store.ts';
import { makeEpochStatement } from '../../node/directory/epoch.ts';
import { encodeHeadResponse, type SignedHead } from '../../node/directory/head.ts';
import { type PullOutcome, pull } from '../../node/directory/pull.ts';
import { type Frames, serveDirectory } from '../../node/directory/serve.ts';
import {
  type DirectoryRequest,
  directoryEntry,
  directoryRequest,
  entriesResponse,
} from '../../proto/messages.ts';
import { type MemoryRegistry, makeKeys, memoryRegistry, memoryStore } from '../registry/federation.ts';
import { headLike } from './heads.ts';
import { serving } from './memory-frames.ts';

const signal = () => AbortSignal.timeout(10_000);
const faultOf = (outcome: PullOutcome) => (outcome.kind === 'refused' ? outcome.fault : outcome.kind);

async function emptyNode(registry: MemoryRegistry): Promise<DirectoryStore> {
  const root = registry.keys.root.bytes;
  const node = new DirectoryStore({
    store: memoryStore().store,
    clock: registry.clock,
    federationId: sha256(root),
    root,
  });
  await node.load();
  return node;
}
const honest = (store: DirectoryStore) =>
  serving((frames) => serveDirectory(frames, 'peer', { directory: store }));

/** A server that answers as the honest one, except where `lie` answers itself. */
const lying = (store: DirectoryStore, lie: (request: DirectoryRequest, frames: Frames) => Promise<boolean>) =>
  serving(async (frames) => {
    const bytes = await frames.require();
    if (await lie(directoryRequest.parse(bytes), frames)) return;
    await serveDirectory({ ...wrap(frames), require: async () => bytes }, 'peer', { directory: store });
  });
const wrap = (frames: Frames): Frames => ({
  read: () => frames.read(),
  require: () => frames.require(),
  write: (frame) => frames.write(frame),
  close: () => frames.close(),
  abort: (error) => frames.abort(error),
});

const answerHead = (head: SignedHead) => async (request: DirectoryRequest, frames: Frames) => {
  if (!request.head) return false;
  await frames.write(encodeHeadResponse(head));
  return true;
};

t.test('a node takes the whole directory, then only what changed, and serves it on', async (t) => {
  const registry = await memoryRegistry();
  const node = await emptyNode(registry);
  t.equal((await pull(node, honest(registry.directory), signal())).kind, 'adopted');
  t.equal(node.require().service('000.00.00.H40').kind, 'no-node');
  for (const name of ['Một', 'Hai', 'Ba']) await registry.service.import([{ code: 'H40', name }]);
  let pulled = 0;
  const counting = lying(registry.directory, async (request, frames) => {
    if (!request.entries) return false;
    t.equal(request.entries.sinceVersion, 1);
    const inner = wrap(frames);
    await serveDirectory(
      {
        ...inner,
        require: async () => directoryRequest.encode({ entries: request.entries! }),
        write: async (frame) => {
          pulled += entriesResponse.parse(frame).entries.length;
          await frames.write(frame);
        },
      },
      'peer',
      { directory: registry.directory },
    );
    return true;
  });
  t.equal((await pull(node, counting, signal())).kind, 'adopted');
  t.equal(pulled, 1, 'three heads changed one entry');
  t.equal(node.require().agencyName('H40'), 'Ba');
  t.equal(node.require().version, 4);
  t.equal(await node.check(), undefined);
  t.same(
    (await node.heads(1, 4, 10)).map(({ facts }) => facts.version),
    [1, 2, 3, 4],
    'the heads between are kept',
  );
  t.equal((await pull(node, honest(registry.directory), signal())).kind, 'current');
  const second = await emptyNode(registry);
  t.equal(
    (await pull(second, honest(node), signal())).kind,
    'adopted',
    'any node serves the newest head it holds',
  );
  t.ok(equalBytes(second.require().headHash, registry.directory.require().headHash));
});

t.test('a lying server is refused with a verdict and changes nothing', async (t) => {
  const registry = await memoryRegistry();
  const node = await emptyNode(registry);
  await pull(node, honest(registry.directory), signal());
  const before = node.require();
  await registry.service.import([{ code: 'H40', name: 'Mới' }]);
  const { head } = registry.directory.require();
  const refused = async (expected: string, open: ReturnType<typeof honest>) => {
    t.equal(faultOf(await pull(node, open, signal())), expected, expected);
    t.equal(node.require(), before, 'nothing changed');
  };
  const others = await memoryRegistry();
  await others.service.import([{ code: 'H40', name: 'Khác' }]);
  await refused('untrusted-certificate', honest(others.directory));
  const broken = { ...head, bytes: new Uint8Array(head.bytes) };
  broken.bytes[broken.bytes.length - 5]! ^= 1;
  await refused('bad-signature', lying(registry.directory, answerHead(broken)));
  await refused(
    'malformed',
    lying(registry.directory, async (request, frames) => {
      if (!request.head) return false;
      await frames.write(Uint8Array.of(255, 255));
      return true;
    }),
  );
  await refused(
    'bad-times',
    lying(
      registry.directory,
      answerHead(await headLike(registry, head, { facts: { freshUntilMs: head.facts.issuedAtMs - 1 } })),
    ),
  );
  await refused(
    'wrong-root',
    lying(registry.directory, answerHead(await headLike(registry, head, { facts: { root: sha256(EMPTY) } }))),
  );
  await refused(
    'broken-chain',
    lying(registry.directory, async (request, frames) => {
      if (request.heads) return true;
      if (!request.head) return false;
      return answerHead(await headLike(registry, head, { facts: { version: head.facts.version + 5 } }))(
        request,
        frames,
      );
    }),
  );
  const entries = (answer: Uint8Array[], last = true) =>
    lying(registry.directory, async (request, frames) => {
      if (!request.entries) return false;
      await frames.write(entriesResponse.encode({ entries: answer, last }));
      return true;
    });
  const entry = (key: string, code: string, changedIn = 2) =>
    directoryEntry.encode({ group: code, key, changedIn, agency: { code, name: 'X', state: 1 } });
  await refused('wrong-root', entries([]));
  await refused('wrong-root', entries([entry('agency', 'H40')]));
  await refused('out-of-order', entries([entry('agency', 'H51'), entry('agency', 'H40')]));
  await refused('out-of-order', entries([entry('agency', 'H40'), entry('agency', 'H40')]));
  await refused('out-of-order', entries([entry('agency', 'H40', 1)]));
  await refused('out-of-order', entries([entry('agency', 'H40', 9)]));
  await refused('malformed', entries([new Uint8Array(12).fill(1)]));
  await refused(
    'malformed',
    entries([
      directoryEntry.encode({
        group: 'H40',
        key: 'agency',
        changedIn: 2,
        agency: { code: 'H51', name: 'X', state: 1 },
      }),
    ]),
  );
  await refused('oversize', entries(Array.from({ length: 50 }, (_, i) => entry('agency', `H${i + 100}`))));
  await refused('broken-answer', entries([], false));
  await refused(
    'broken-answer',
    lying(registry.directory, async (request) => request.entries !== null && request.entries !== undefined),
  );
  t.equal(
    (await pull(node, honest(registry.directory), signal())).kind,
    'adopted',
    'the truth is still taken',
  );
});

t.test('an older head is nothing new', async (t) => {
  const registry = await memoryRegistry();
  const node = await emptyNode(registry);
  const old = registry.directory.require().head;
  await registry.service.import([{ code: 'H40', name: 'Mới' }]);
  await pull(node, honest(registry.directory), signal());
  t.equal((await pull(node, lying(registry.directory, answerHead(old)), signal())).kind, 'current');
  t.equal(node.require().version, 2);
});

t.test(
  'two heads of one version are a fork: kept as evidence, and only the offline root ends it',
  async (t) => {
    const registry = await memoryRegistry();
    const node = await emptyNode(registry);
    await pull(node, honest(registry.directory), signal());
    const own = node.require().head;
    const other = await headLike(registry, own, { facts: { issuedAtMs: own.facts.issuedAtMs + 1 } });
    const forked = await pull(node, lying(registry.directory, answerHead(other)), signal(), {
      suspect: true,
    });
    t.equal(faultOf(forked), 'fork');
    t.same(
      node.forks.map(({ hash }) => Buffer.from(hash).toString('hex')),
      [own, other].map(({ hash }) => Buffer.from(hash).toString('hex')),
    );
    await registry.service.import([{ code: 'H40', name: 'Mới' }]);
    t.equal(
      faultOf(await pull(node, honest(registry.directory), signal())),
      'fork',
      'nothing newer is taken',
    );
    t.equal(node.require().version, 1);

    const statement = (signer = registry.keys.rootSigner) =>
      makeEpochStatement(
        { epoch: 2, abandoned: [other.hash], standsOn: own.hash, reason: 'two heads of version 1' },
        { signer, certificate: registry.keys.root.bytes },
        registry.directory.federationId,
        registry.clock.nowMs(),
      );
    const bytes = await statement();
    const current = registry.directory.require().head;
    const open = async (epochBytes: Uint8Array) => {
      const head = await headLike(registry, current, {
        facts: { epoch: 2, epochStatement: sha256(epochBytes) },
        epochStatement: epochBytes,
      });
      return pull(node, lying(registry.directory, answerHead(head)), signal());
    };
    const forged = await statement(registry.keys.issuing.signer);
    t.equal(faultOf(await open(forged)), 'epoch-unproven', 'not signed by the root');
    t.equal((await open(bytes)).kind, 'adopted');
    t.equal(node.require().epoch, 2);
    t.same(node.forks, [], 'the fork is behind us');
    t.equal(node.require().agencyName('H40'), 'Mới');
  },
);

t.test('a head that names another one of our version proves the fork', async (t) => {
  const registry = await memoryRegistry();
  const node = await emptyNode(registry);
  await pull(node, honest(registry.directory), signal());
  await registry.service.import([{ code: 'H40', name: 'Mới' }]);
  const { head } = registry.directory.require();
  const next = await headLike(registry, head, { facts: { previous: sha256(EMPTY) } });
  t.equal(faultOf(await pull(node, lying(registry.directory, answerHead(next)), signal())), 'fork');
  t.equal(node.forks.length, 2);
});

t.test('a restarted node holds what it adopted, forks included', async (t) => {
  const registry = await memoryRegistry({ autoSeal: true });
  const { store } = memoryStore();
  const root = registry.keys.root.bytes;
  const components = { store, clock: registry.clock, federationId: sha256(root), root };
  const node = new DirectoryStore(components);
  await node.load();
  await pull(node, honest(registry.directory), signal());
  await node.keepFork(
    node.require().head,
    await headLike(registry, node.require().head, { facts: { entries: 1 } }),
  );
  const again = new DirectoryStore(components);
  await again.load();
  t.ok(equalBytes(again.require().headHash, node.require().headHash));
  t.equal(again.forks.length, 2);
  t.equal(await again.check(), undefined);
  t.same(
    again
      .require()
      .agencies()
      .map(({ code }) => code),
    ['G22', 'H40', 'H51'],
  );
});

t.test('a directory key of another registry signs nothing', async (t) => {
  const registry = await memoryRegistry();
  const node = await emptyNode(registry);
  const stranger = await makeKeys(registry.clock.nowMs());
  const { head } = registry.directory.require();
  const swapped = {
    ...head,
    certificates: [stranger.directory.certificate.bytes, stranger.issuing.certificate.bytes],
  };
  t.equal(
    faultOf(await pull(node, lying(registry.directory, answerHead(swapped)), signal())),
    'untrusted-certificate',
  );
  t.equal(node.current, undefined);
});
