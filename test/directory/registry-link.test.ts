/** When a node dials its registry again: within 2 s, then more and more slowly, and at most a minute later. */
import t from 'tap';
import { LienthongError } from '../../node/core/errors.ts';
import { RegistryLink } from '../../node/directory/registry-link.ts';
import type { Host } from '../../node/network/host.ts';
import type { PeerConnection } from '../../node/network/peer-connection.ts';
import { ManualClock } from '../exchange/manual-clock.ts';
import { eventually } from '../helpers/eventually.ts';

/** A registry that is on or off; what is asked of the host is counted. */
function registryOf(isOn: () => boolean) {
  const closers: (() => void)[] = [];
  let dials = 0;
  const connect = async () => {
    dials++;
    if (!isOn()) throw new LienthongError('unreachable', { what: 'registry' });
    return { onClosed: (call: () => void) => closers.push(call) } as unknown as PeerConnection;
  };
  return {
    host: { connect } as unknown as Host,
    get dials() {
      return dials;
    },
    hangUp() {
      for (const close of closers.splice(0)) close();
    },
  };
}

t.test(
  'dialled again within 2 s, then with backoff, at most every 60 s; once back, from the start',
  async (t) => {
    const clock = new ManualClock(Date.UTC(2026, 0, 5));
    let on = false;
    const registry = registryOf(() => on);
    const events: string[] = [];
    const link = new RegistryLink({
      host: registry.host,
      clock,
      random: (bytes) => new Uint8Array(bytes).fill(255),
      registry: () => ({ peerIds: ['peer'], addresses: ['/ip4/127.0.0.1/tcp/1'] }),
      report: (event) => events.push(event),
    });
    link.start();
    t.teardown(() => link.stop());
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt++) {
      await eventually(`attempt ${attempt}`, () => registry.dials === attempt && longest(clock) > 0);
      waits.push(longest(clock));
      clock.advance(longest(clock));
    }
    t.same(
      waits.map((ms) => Math.round(ms / 1000)),
      [2, 4, 8, 16, 32, 60, 60, 60],
    );
    t.same(events, ['registry.unreachable'], 'said once');
    await eventually('the ninth attempt', () => registry.dials === 9 && longest(clock) > 0);
    on = true;
    clock.advance(longest(clock));
    await eventually('connected', () => link.isConnected);
    on = false;
    registry.hangUp();
    await eventually('lost', () => !link.isConnected && longest(clock) > 0);
    t.ok(longest(clock) <= 2_000, 'the count begins anew');
    t.same(events, ['registry.unreachable', 'registry.back', 'registry.lost']);
  },
);

/** The redial's timer: while a dial is under way its deadline is another one, gone when it ended. */
const longest = (clock: ManualClock): number => Math.max(0, ...clock.timersMs);
