/** Real hosts on 127.0.0.1 for the network tests, with a policy and a HelloBook that tests steer. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { fromUtf8, utf8 } from '../../node/core/bytes.ts';
import { systemClock } from '../../node/core/clock.ts';
import { LienthongError } from '../../node/core/errors.ts';
import { withPeer } from '../../node/network/addresses.ts';
import type { HelloBook } from '../../node/network/hello.ts';
import { Host, type HostOptions } from '../../node/network/host.ts';
import { peerIdOfKey } from '../../node/network/peer-id.ts';
import type { PeerPolicy, Refusal, RefusalReason } from '../../node/network/peer-policy.ts';
import type { Purpose, Standing } from '../../node/network/protocols.ts';

export const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

/** Everyone is `otherwise` unless named. */
export class TestPolicy implements PeerPolicy {
  readonly named = new Map<string, Standing | RefusalReason>();
  otherwise: Standing | RefusalReason;

  constructor(otherwise: Standing | RefusalReason = 'allow') {
    this.otherwise = otherwise;
  }

  mayConnect(peerId: string) {
    const answer = this.named.get(peerId) ?? this.otherwise;
    return answer === 'allow' || answer === 'enrol-only' || answer === 'head-only'
      ? answer
      : { refused: answer };
  }
}

/** Hello as text: the purpose one way, "welcome" the other. */
export const testHello = (): HelloBook => ({
  compose: (_peerId, purpose) => utf8(purpose),
  answer: (_peerId, hello) => ({ purpose: fromUtf8(hello) as Purpose, answer: utf8('welcome') }),
  answered: (_peerId, _purpose, answer) => {
    if (fromUtf8(answer) !== 'welcome') throw new LienthongError('malformed', { what: 'hello' });
  },
});

export interface TestHost {
  readonly host: Host;
  readonly policy: TestPolicy;
  readonly refusals: Refusal[];
  readonly unknown: string[];
  readonly errors: unknown[];
}

interface Context {
  teardown(call: () => Promise<void>): void;
}

/** A started host, stopped at the end of the test. */
export async function startHost(t: Context, options: Partial<HostOptions> = {}): Promise<TestHost> {
  const policy = new TestPolicy();
  const refusals: Refusal[] = [];
  const unknown: string[] = [];
  const errors: unknown[] = [];
  const host = new Host({
    privateKey: newKey(),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    policy,
    hello: testHello(),
    clock: systemClock,
    onRefused: (refusal) => refusals.push(refusal),
    onUnknownPeer: (peerId) => unknown.push(peerId),
    onHandlerError: (error) => errors.push(error),
    ...options,
  });
  await host.start();
  t.teardown(() => host.stop());
  return { host, policy, refusals, unknown, errors };
}

/** Two keys, the lower PeerId first. */
export function orderedKeys(): [KeyObject, KeyObject] {
  const [a, b] = [newKey(), newKey()];
  return peerIdOfKey(a) < peerIdOfKey(b) ? [a, b] : [b, a];
}

export const dialAddresses = (host: Host): string[] =>
  host.addresses().map((address) => withPeer(address, host.peerId)!);

/** Resolves when the condition holds; fails after `timeoutMs` naming it. */
export async function until(what: string, holds: () => boolean, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
