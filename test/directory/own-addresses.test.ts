import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import { withPorts } from '../../node/directory/own-addresses.ts';

const LISTEN = '/ip4/127.0.0.1/tcp/0';
const portOf = (address: string): number => Number(/tcp\/(\d+)$/.exec(address)![1]);
/** The random source that always draws the same fraction. */
const always = (byte: number) => (bytes: number) => new Uint8Array(bytes).fill(byte);

t.test(
  'a kept port lies below those of outgoing connections, which would hold it at the next start',
  async (t) => {
    for (const byte of [0, 0x7f, 0xff]) {
      const [address] = await withPorts([LISTEN], always(byte));
      t.ok(portOf(address!) >= 20_000 && portOf(address!) < 32_768);
    }
  },
);

t.test('a port somebody listens on is passed over', async (t) => {
  const [taken] = await withPorts([LISTEN], always(0x33));
  const holder = createServer().listen(portOf(taken!), '127.0.0.1');
  await once(holder, 'listening');
  t.teardown(() => holder.close());
  let draws = 0;
  const [other] = await withPorts([LISTEN], (bytes) => always(draws++ < 3 ? 0x33 : 0x77)(bytes));
  t.not(portOf(other!), portOf(taken!));
  t.ok(draws > 3);
  await t.rejects(withPorts([LISTEN], always(0x33)), { code: 'usage' }, 'no endless search');
});

t.test('an address this machine has not, and what is no address, are named', async (t) => {
  await t.rejects(withPorts(['/ip4/192.0.2.1/tcp/0']), { code: 'usage', details: { address: '192.0.2.1' } });
  await t.rejects(withPorts(['nonsense']), { code: 'usage' });
});
