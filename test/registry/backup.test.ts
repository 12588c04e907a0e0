import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startAgency } from '../../node/agency.ts';
import { enrol } from '../../node/directory/applicant.ts';
import { initRegistry, startRegistry } from '../../node/registry.ts';
import { tempFolder, until } from './federation.ts';

const LISTEN = ['/ip4/127.0.0.1/tcp/0'];

t.test('a registry restored from a backup signs nothing once it has seen its own newer head', async (t) => {
  const dir = await tempFolder(t.teardown.bind(t));
  const [at, backup, node] = ['registry', 'backup', 'h40'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  await initRegistry({ dir: at, name: 'Thử', listen: LISTEN, autoSeal: true });
  const first = await startRegistry({ dir: at });
  t.teardown(() => first.stop());
  const { token } = await first.service.invite('H40');
  await enrol({ dir: node, token, listen: LISTEN });
  await first.stop();
  await cp(at, backup, { recursive: true });

  const second = await startRegistry({ dir: at });
  t.teardown(() => second.stop());
  const backedUp = second.directory.require().version;
  const agency = await startAgency({ dir: node });
  t.teardown(() => agency.stop());
  await second.service.import([{ code: 'H51', name: 'Sau bản sao lưu' }]);
  const { version } = second.directory.require();
  const held = async () => (await agency.service.status()).directory;
  await until(async () => (await held()).version === version);
  await second.stop();
  await rm(at, { recursive: true });
  await rename(backup, at);

  const events: { event: string; details: Record<string, unknown> }[] = [];
  const restored = await startRegistry({
    dir: at,
    report: (event, details) => events.push({ event, details }),
  });
  t.teardown(() => restored.stop());
  t.equal(restored.directory.require().version, backedUp, 'the day of the backup');
  await until(() => events.some(({ event }) => event === 'registry.behind'), 20_000);
  t.match(events.find(({ event }) => event === 'registry.behind')?.details, {
    version: backedUp,
    seen: version,
  });
  const refused = { code: 'fork', details: { version: backedUp, seen: version } };
  await t.rejects(restored.service.import([{ code: 'H51', name: 'Một lịch sử khác' }]), refused);
  await t.rejects(restored.service.revoke('H40'), refused);
  await t.rejects(restored.service.refresh(), refused);
  const h51 = await restored.service.invite('H51');
  await t.rejects(enrol({ dir: join(dir, 'h51'), token: h51.token, listen: LISTEN }), { code: 'fork' });
  t.equal(restored.directory.require().version, backedUp, 'no second head of any version');
  t.equal((await held()).version, version, 'the node keeps what it has');
  t.equal((await held()).state, 'fresh', 'and sees no fork');
  t.equal((await agency.service.directoryEntry('H51')).name, 'Sau bản sao lưu');
});
