/** The thread of hash-thread.ts: computes SHA-256 over memory it shares with the main thread. Answers in the order asked. */
import { createHash, type Hash, hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

export type HashCall =
  /** The next bytes of a running hash, which begins with its first ones. */
  | { call: number; name: 'update'; of: number; bytes: Uint8Array }
  /** Of bytes by themselves. */
  | { call: number; name: 'leaf'; bytes: Uint8Array }
  /** A running hash's end. */
  | { call: number; name: 'digest'; of: number };

export interface HashAnswer {
  call: number;
  value?: Uint8Array;
}

const running = new Map<number, Hash>();

function answer(asked: HashCall): Uint8Array | undefined {
  if (asked.name === 'leaf') return new Uint8Array(hash('sha256', asked.bytes, 'buffer'));
  const { of } = asked;
  const begun = running.get(of) ?? createHash('sha256');
  if (asked.name === 'digest') {
    running.delete(of);
    return new Uint8Array(begun.digest());
  }
  running.set(of, begun.update(asked.bytes));
  return undefined;
}

parentPort?.on('message', (asked: HashCall) => {
  parentPort?.postMessage({ call: asked.call, value: answer(asked) } satisfies HashAnswer);
});
