/** `node announce` as an admin runs it: against a running node, with and without its registry. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { Federation } from '../helpers/federation.ts';

const WANTED = ['/ip4/127.0.0.1/tcp/7400', '/dns4/nut.example.vn/tcp/7400'];

t.test('node announce changes what others dial, and says what is wrong', async (t) => {
  const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
  const [g22, h40] = [federation.agency('G22'), federation.agency('H40')];
  await eventually('the registry is connected', async () => (await h40.status()).peers.registry);
  const done = await h40.cli('node', 'announce', ...WANTED, '--json');
  t.equal(done.exit, 0, done.stderr);
  t.same(done.value, { addresses: WANTED });
  const seats = async () => (await (await g22.client()).directoryEntry('H40')).seatList;
  await eventually('another node knows', async () => (await seats())[0]?.addresses.join() === WANTED.join());

  const wildcard = await h40.cli('node', 'announce', '/ip4/0.0.0.0/tcp/7400', '--json');
  t.equal(wildcard.exit, 2, 'nobody can dial a wildcard');
  await federation.registry.stop();
  const off = await h40.cli('node', 'announce', '/ip4/127.0.0.1/tcp/7401', '--json', '--lang', 'en');
  t.equal(off.exit, 5);
  t.match(JSON.parse(off.stderr), { error: { code: 'unreachable', message: /registry/i } });
  await h40.stop();
  const down = await h40.cli('node', 'announce', '/ip4/127.0.0.1/tcp/7401', '--json');
  t.equal(down.exit, 5);
  t.match(JSON.parse(down.stderr), { error: { code: 'not-running' } });
});
