/** Two hosts with a stream in use between them, then stop(): nothing may keep this process alive. */
import { PROTOCOLS } from '../../node/network/protocols.ts';
import { dialAddresses, startHost } from './network-helpers.ts';
import { soon } from './raw-peer.ts';

const context = { teardown: () => {} };
const a = await startHost(context);
const b = await startHost(context);
let ended = 0;
await b.host.handle(PROTOCOLS.delivery, async (stream) => {
  try {
    for await (const frame of stream) await stream.write(frame);
  } finally {
    ended++;
  }
});
const connection = await a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
const stream = await connection.openStream(PROTOCOLS.delivery, { signal: soon() });
await stream.write(Uint8Array.of(1));
await stream.read();
const reading = stream.read().catch((error: { code: string }) => error.code);
await b.host.stop();
await a.host.stop();
if (ended !== 1 || (await reading) !== 'unreachable') process.exitCode = 3;
process.send?.('stopped');
