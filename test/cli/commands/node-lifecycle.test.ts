import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import t from 'tap';
import type { NodeInitAnswer, Report, Roots } from '../../../node/cli/roots.ts';
import { LienthongError } from '../../../node/core/errors.ts';
import { run, temporaryFolder } from '../../helpers/command-line.ts';

const FINGERPRINT = 'ab'.repeat(32);
const enrolled: NodeInitAnswer = {
  agency: 'H40',
  agencyName: 'UBND tỉnh Nam Định',
  peerId: '12D3',
  listening: ['/ip4/0.0.0.0/tcp/7400'],
  sealFingerprint: FINGERPRINT,
  sealGranted: false,
};

t.test('init hands over token and addresses, and says whom to ask for the seal', async (t) => {
  const dir = await temporaryFolder(t);
  const asked: unknown[] = [];
  const roots: Partial<Roots> = {
    initNode: async (options) => {
      asked.push(options);
      return enrolled;
    },
  };
  const { status, out } = await run(
    [
      'node',
      'init',
      '--dir',
      dir,
      '--invite',
      'lt1.x ',
      '--listen',
      '/ip4/0.0.0.0/tcp/0',
      '--announce',
      '/dns4/a.vn/tcp/7400',
      '--lang',
      'en',
    ],
    { roots },
  );
  t.equal(status, 0);
  t.match(asked, [
    { dir, token: 'lt1.x', listen: ['/ip4/0.0.0.0/tcp/0'], announce: ['/dns4/a.vn/tcp/7400'] },
  ]);
  t.match(out, `grant-seal H40 ${FINGERPRINT}`);
  t.match(out, `lienthong node run --dir ${dir}`);
  t.equal((await run(['node', 'init', '--dir', dir], { roots })).status, 2, 'no invite');
  t.equal(
    (await run(['node', 'init', '--dir', dir, '--invite', 'x', '--listen', 'here'], { roots })).status,
    2,
  );
});

t.test(
  'init and request hand over where the seal lives, paths made absolute; what is amiss is named',
  async (t) => {
    const dir = await temporaryFolder(t);
    const asked: { seal?: unknown }[] = [];
    const roots: Partial<Roots> = {
      initNode: async (options) => {
        asked.push(options);
        return enrolled;
      },
      requestNode: async (options) => {
        asked.push(options);
        return { request: new Uint8Array(1), agency: 'H40', peerId: '12D3', sealFingerprint: FINGERPRINT };
      },
    };
    const init = (...more: string[]) =>
      run(['node', 'init', '--dir', dir, '--invite', 'lt1.x', '--json', ...more], { roots });
    const least = ['--seal-token', '/usr/lib/p11.so', '--seal-label', 'Con dấu', '--seal-pin-file', 'pin'];
    const token = { module: '/usr/lib/p11.so', label: 'Con dấu', pinFile: resolve('pin') };
    t.equal((await init()).status, 0);
    t.equal((await init(...least)).status, 0);
    const exact = ['--seal-id', '0A:0b', '--seal-slot', '0', '--seal-token-label', 'VGCA'];
    t.equal((await init(...least, ...exact, '--seal-algorithm', 'rsa-3072')).status, 0);
    const request = ['node', 'request', '--dir', dir, '--agency', 'H40', '--out', join(dir, 'r'), ...least];
    t.equal((await run(request, { roots })).status, 0);
    t.same(
      asked.map(({ seal }) => seal),
      [
        undefined,
        { token },
        { token: { ...token, id: '0a0b', slot: 0, tokenLabel: 'VGCA' }, algorithm: 'rsa-3072' },
        { token },
      ],
    );
    for (const [more, field] of [
      [least.slice(0, 4), '--seal-pin-file'],
      [least.slice(2), '--seal-token'],
      [[...least, '--seal-slot', 'one'], '--seal-slot'],
      [[...least, '--seal-id', 'xyz'], '--seal-id'],
      [[...least, '--seal-token-label', 'x'.repeat(33)], '--seal-token-label'],
      [[...least, '--seal-algorithm', 'rsa-1024'], '--seal-algorithm'],
    ] as const) {
      const { status, err } = await init(...more);
      t.equal(status, 2, field);
      t.match(JSON.parse(err), { error: { code: 'usage', details: { field } } });
    }
    t.equal(asked.length, 4);
  },
);

for (const [code, status] of [
  ['seal-pin-wrong', 3],
  ['invite-used', 3],
  ['invite-expired', 3],
  ['invite-invalid', 3],
  ['unreachable', 5],
  ['registry-mismatch', 3],
  ['already-initialised', 3],
] as const)
  t.test(`init that fails with ${code} ends with status ${status} and a sentence`, async (t) => {
    const roots: Partial<Roots> = {
      initNode: async () => {
        throw new LienthongError(code);
      },
    };
    const ran = await run(['node', 'init', '--dir', '/nowhere', '--invite', 'lt1.x', '--json'], { roots });
    t.equal(ran.status, status);
    t.match(JSON.parse(ran.err), { error: { code, message: /.{20}/, details: {} } });
    t.equal(ran.out, '');
  });

t.test('request writes a file it never replaces; install reads the answer', async (t) => {
  const dir = await temporaryFolder(t);
  const out = join(dir, 'h40.request');
  const installed: unknown[] = [];
  const roots: Partial<Roots> = {
    requestNode: async ({ agency }) => ({
      request: new Uint8Array([1, 2, 3]),
      agency,
      peerId: '12D3',
      sealFingerprint: FINGERPRINT,
    }),
    installNode: async (options) => {
      installed.push(options);
      return { ...enrolled, sealGranted: true };
    },
  };
  const made = await run(['node', 'request', '--dir', dir, '--agency', 'h40', '--out', out, '--json'], {
    roots,
  });
  t.same(JSON.parse(made.out), { agency: 'H40', peerId: '12D3', sealFingerprint: FINGERPRINT, file: out });
  t.same([...(await readFile(out))], [1, 2, 3]);
  t.equal(
    (await run(['node', 'request', '--dir', dir, '--agency', 'H40', '--out', out], { roots })).status,
    2,
  );
  const answer = join(dir, 'answer');
  await writeFile(answer, 'ok');
  t.equal((await run(['node', 'install', answer, '--root', FINGERPRINT, '--dir', dir], { roots })).status, 0);
  t.match(installed, [{ dir, rootFingerprint: FINGERPRINT, answer: { length: 2 } }]);
  t.equal(
    (await run(['node', 'install', join(dir, 'none'), '--root', 'x', '--dir', dir], { roots })).status,
    2,
  );
});

t.test('run prints what is up, a line per event, and stops cleanly at Ctrl-C', async (t) => {
  const stop = new AbortController();
  const order: string[] = [];
  let report: Report = () => undefined;
  const roots: Partial<Roots> = {
    startAgency: async (options) => {
      report = options.report;
      return {
        ready: {
          agency: 'H40',
          agencyName: 'Nam Định',
          peerId: '12D3',
          listening: ['/ip4/127.0.0.1/tcp/7400'],
          version: '0.1.0',
          directoryVersion: 4,
        },
        stop: async () => void order.push('stopped'),
      };
    },
  };
  const onWrite = (text: string) => {
    if (text.includes('Ctrl-C')) {
      report('directory.adopted', { version: 5 });
      stop.abort();
    }
  };
  const { status, out } = await run(['node', 'run', '--dir', '/x y', '--lang', 'en'], {
    roots,
    signal: stop.signal,
    onWrite,
  });
  t.equal(status, 0);
  t.same(order, ['stopped']);
  t.match(
    out,
    /The node of Nam Định \(H40\) is up.*tcp\/7400.*New directory, version 5\nStopping…\nStopped\.\n$/s,
  );
  t.match(out, "lienthong node status --dir '/x y'");
});

t.test('with --json run prints one value when ready, and events on stderr', async (t) => {
  const stop = new AbortController();
  const roots: Partial<Roots> = {
    startRegistry: async ({ report }) => {
      report('registry.back', {});
      queueMicrotask(() => setImmediate(() => stop.abort()));
      return {
        ready: { name: 'R', peerId: '12D3', listening: [], federationId: FINGERPRINT, directoryVersion: 1 },
        stop: async () => undefined,
      };
    },
  };
  const { status, out, err } = await run(['registry', 'run', '--dir', '/x', '--json'], {
    roots,
    signal: stop.signal,
  });
  t.equal(status, 0);
  t.match(JSON.parse(out), { name: 'R', directoryVersion: 1 });
  t.match(err, /sổ đăng ký/);
});

for (const [code, status] of [
  ['address-in-use', 5],
  ['locked', 3],
  ['not-initialised', 3],
  ['folder-damaged', 3],
  ['configuration', 2],
  ['damaged', 7],
] as const)
  t.test(`a start that fails with ${code} is a clear line and status ${status}`, async (t) => {
    const roots: Partial<Roots> = {
      startAgency: async () => {
        throw new LienthongError(code, { where: '/x' });
      },
    };
    const clock = { nowMs: () => 0, sleep: async () => undefined, after: () => () => undefined };
    const { err, ...ran } = await run(['node', 'run', '--dir', '/x'], { roots, clock });
    t.equal(ran.status, status);
    t.notMatch(err, /\n\s+at /);
  });

t.test('what nobody foresaw is status 1, with its stack only when asked for', async (t) => {
  const roots: Partial<Roots> = {
    startAgency: async () => {
      throw new TypeError('boom');
    },
  };
  const plain = await run(['node', 'run', '--dir', '/x'], { roots });
  t.equal(plain.status, 1);
  t.notMatch(plain.err, /\n\s+at /);
  t.match(
    (await run(['node', 'run', '--dir', '/x'], { roots, env: { LIENTHONG_DEBUG: '1' } })).err,
    /TypeError: boom\n\s+at /,
  );
});
