import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Roots } from '../../../node/cli/roots.ts';
import { LienthongError } from '../../../node/core/errors.ts';
import { openRegistryDoor } from '../../../node/gateway/http/door.ts';
import { run, temporaryFolder } from '../../helpers/command-line.ts';
import { MemoryRegistry } from '../../helpers/memory-registry.ts';

const FINGERPRINT = 'ab'.repeat(32);

/** The same commands over the socket of a running registry, and on a folder at rest. */
async function eachWay(
  t: Test,
  act: (
    t: Test,
    registry: MemoryRegistry,
    cli: (argv: string[]) => ReturnType<typeof run>,
    dir: string,
  ) => Promise<void>,
): Promise<void> {
  await t.test('while it runs', async (t) => {
    const dir = await temporaryFolder(t);
    const registry = new MemoryRegistry();
    const door = await openRegistryDoor(registry, { folder: dir });
    t.teardown(() => door.close());
    await act(t, registry, (argv) => run([...argv, '--dir', dir]), dir);
  });
  await t.test('at rest', async (t) => {
    const dir = await temporaryFolder(t);
    const registry = new MemoryRegistry();
    let isOpen = false;
    const roots: Partial<Roots> = {
      openRegistryFolder: async (folder) => {
        t.equal(folder, dir);
        t.notOk(isOpen);
        isOpen = true;
        return {
          service: registry,
          close: async () => {
            isOpen = false;
          },
        };
      },
    };
    await act(t, registry, (argv) => run([...argv, '--dir', dir], { roots }), dir);
    t.notOk(isOpen, 'the folder is closed again, also after an error');
  });
}

t.test('invite prints the token alone on stdout', async (t) => {
  await eachWay(t, async (t, _registry, cli) => {
    const { status, out, err } = await cli(['registry', 'invite', 'h40', '--expires', '1d', '--lang', 'en']);
    t.equal(status, 0);
    t.equal(out, 'lt1.abc\n');
    t.match(err, /until 02\/05\/2026 08:00:00/);
    t.same(JSON.parse((await cli(['registry', 'invite', 'H40', '--json'])).out), {
      token: 'lt1.abc',
      agency: 'H40',
      expiresAt: '2026-05-08T08:00:00.000+07:00',
    });
    t.equal((await cli(['registry', 'invite', 'H99'])).status, 4);
    t.equal((await cli(['registry', 'invite', 'Nam Định'])).status, 2);
    t.equal((await cli(['registry', 'invite', 'H40', '--expires', 'later'])).status, 2);
  });
});

t.test('list shows agencies, certificates, and the seals that wait', async (t) => {
  await eachWay(t, async (t, _registry, cli) => {
    const { out } = await cli(['registry', 'list', '--certificates', '--lang', 'en']);
    t.match(out, /H40 +UBND tỉnh Nam Định +active +1/);
    t.match(out, /H40 +Seal +01\/05\/2026 08:00:00 +valid +0a1b/);
    t.match(out, /H40 +Seal +01\/05\/2026 08:00:00 +replaced +0a1a/);
    t.match(out, /registry +Issuing CA +01\/05\/2026 08:00:00 +valid +0c/);
    const soon = out.split('Ending soon')[1]!;
    t.match(soon, /! H40: the Seal certificate.*lienthong registry renew H40/s);
    t.match(soon, /! Registry: the Issuing CA certificate.*root/s);
    t.equal(soon.split('!').length, 3, "a replaced one is nobody's concern");
    t.match(out, `lienthong registry grant-seal H40 ${FINGERPRINT}`);
    const listed = JSON.parse((await cli(['registry', 'list', '--certificates', '--json'])).out);
    t.match(listed, [{ code: 'H40' }, { code: '', state: 'registry', certificates: [{ role: 'issuing' }] }]);
    t.same(JSON.parse((await cli(['registry', 'list', '--json'])).out), [
      { code: 'H40', name: 'UBND tỉnh Nam Định', state: 'active', seats: 1 },
    ]);
  });
});

t.test('renew says what was issued, or why nothing was', async (t) => {
  await eachWay(t, async (t, registry, cli) => {
    const { status, out } = await cli(['registry', 'renew', 'H40', '--lang', 'en']);
    t.equal(status, 0);
    t.match(out, /H40 +Seal +01\/05\/2026 08:00:00 +0a1d/);
    t.match(out, /H40 has new certificates/);
    t.same(registry.acts.pop(), { renew: 'H40' });
    t.same(JSON.parse((await cli(['registry', 'renew', '0a1b', '--json'])).out), {
      renewed: [
        {
          agency: 'H40',
          role: 'seal',
          old: '0a1b',
          serial: '0a1d',
          notAfter: '2026-05-01T08:00:00.000+07:00',
        },
      ],
      version: 3,
    });
    t.match((await cli(['registry', 'renew', 'H98', '--lang', 'en'])).out, /issuing CA ends too soon/);
    t.equal((await cli(['registry', 'renew', 'H99'])).status, 4);
    t.equal((await cli(['registry', 'renew'])).status, 2);
  });
});

t.test('a fingerprint is taken as machines write it or as people read it', async (t) => {
  await eachWay(t, async (t, registry, cli) => {
    const groups = FINGERPRINT.toUpperCase().match(/.{4}/g)!;
    for (const typed of [[FINGERPRINT], groups, [groups.join(' ')], [FINGERPRINT.match(/../g)!.join(':')]])
      t.equal((await cli(['registry', 'grant-seal', 'H40', ...typed])).status, 0);
    t.equal(registry.acts.length, 4);
    for (const act of registry.acts) t.same(act, { agency: 'H40', fingerprint: FINGERPRINT });
    t.equal((await cli(['registry', 'grant-seal', 'H40', 'abcd'])).status, 2);
  });
});

t.test('revoke, import and issue', async (t) => {
  await eachWay(t, async (t, registry, cli, dir) => {
    const revoked = await cli([
      'registry',
      'revoke',
      'H40',
      '--reason',
      'key-compromise',
      '--since',
      '2026-04-30',
      '--json',
    ]);
    t.match(JSON.parse(revoked.out), { target: 'H40', revoked: [{ serial: '0a1b' }] });
    t.same(registry.acts.pop(), {
      target: 'H40',
      reason: 'key-compromise',
      sinceMs: Date.parse('2026-04-30T00:00:00+07:00'),
    });
    t.equal((await cli(['registry', 'revoke', 'H40', '--reason', 'angry'])).status, 2);

    const list = join(dir, 'co-quan.json');
    await writeFile(list, '[{"code":"H40"}]');
    t.match((await cli(['registry', 'import', list])).out, /changed: 2/);
    t.same(registry.acts.pop(), [{ code: 'H40' }]);
    await writeFile(list, '[{"code":');
    t.match(await cli(['registry', 'import', list, '--json']), { status: 2, err: /invalid-file/ });
    t.equal((await cli(['registry', 'import', join(dir, 'none.json')])).status, 2);

    const request = join(dir, 'h40.request');
    await writeFile(request, 'abc');
    t.equal((await cli(['registry', 'issue', request])).status, 0);
    t.equal(await readFile(`${request}.answer`, 'utf8'), 'cba');
    t.equal((await cli(['registry', 'issue', request])).status, 2, 'an answer is never replaced');
    await writeFile(request, Buffer.from([0]));
    t.match(await cli(['registry', 'issue', request, '--out', join(dir, 'x'), '--json']), {
      status: 3,
      err: /request-invalid/,
    });
  });
});

t.test('init passes on what was asked and says to take the root offline', async (t) => {
  const dir = await temporaryFolder(t);
  const asked: unknown[] = [];
  const roots: Partial<Roots> = {
    initRegistry: async (options) => {
      asked.push(options);
      const { name } = options;
      return {
        name,
        peerId: '12D3',
        federationId: FINGERPRINT,
        rootFingerprint: FINGERPRINT,
        rootFolder: `${dir}/root`,
        agencies: 95,
      };
    },
  };
  const argv = [
    'registry',
    'init',
    '--dir',
    dir,
    '--name',
    'Thử',
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--auto-seal',
    '--lang',
    'en',
  ];
  const { status, out, err } = await run(argv, { roots });
  t.equal(status, 0);
  t.match(asked, [
    { dir, name: 'Thử', listen: ['/ip4/127.0.0.1/tcp/0'], autoSeal: true, agencies: undefined },
  ]);
  t.match(err, new RegExp(`${dir}/root.*offline`));
  t.match(out, `lienthong registry run --dir ${dir}`);
  t.equal((await run([...argv, '--agencies', join(dir, 'none')], { roots })).status, 2);
  t.equal((await run(['registry', 'init', '--dir', dir, '--name', ' '], { roots })).status, 3);
  const taken: Partial<Roots> = {
    initRegistry: async () => {
      throw new LienthongError('already-initialised', { where: dir });
    },
  };
  t.equal((await run(argv, { roots: taken })).status, 3);
});

t.test('a registry that is starting is waited for: locked first, then it answers', async (t) => {
  const dir = await temporaryFolder(t);
  let tries = 0;
  const roots: Partial<Roots> = {
    openRegistryFolder: async () => {
      if (++tries === 3) {
        const door = await openRegistryDoor(new MemoryRegistry(), { folder: dir });
        t.teardown(() => door.close());
      }
      throw new LienthongError('locked', { where: dir });
    },
  };
  const { status, out } = await run(['registry', 'invite', 'H40', '--dir', dir], { roots });
  t.equal(status, 0);
  t.equal(out, 'lt1.abc\n');
  t.equal(tries, 3);
});

t.test('a folder that stays locked ends with its own sentence', async (t) => {
  const dir = await temporaryFolder(t);
  const clock = { nowMs: () => 0, sleep: async () => undefined, after: () => () => undefined };
  const roots: Partial<Roots> = {
    openRegistryFolder: async () => {
      throw new LienthongError('locked', { where: dir, pid: 7 });
    },
  };
  const { status, err } = await run(['registry', 'list', '--dir', dir, '--json'], { roots, clock });
  t.equal(status, 3);
  t.match(JSON.parse(err), { error: { code: 'locked', details: { pid: 7 } } });
});
