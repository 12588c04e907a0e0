/** The thread of hash-thread.ts: computes SHA-256 over memory it shares with the main thread. Answers in the order asked. */
import { parentPort } from 'node:worker_threads';
import { type ChunkVerdict, FileHash, leafHashOf } from './file-hash.ts';

export type HashCall =
  /** The next chunk of a running hash, which begins with its first one. */
  | { call: number; name: 'update'; of: number; bytes: Uint8Array }
  /** Of bytes by themselves. */
  | { call: number; name: 'leaf'; bytes: Uint8Array }
  /** A chunk behind its leaf prefix, for a running hash. */
  | { call: number; name: 'accept'; of: number; bytes: Uint8Array; index: number; expected: Uint8Array }
  /** A running hash's end. */
  | { call: number; name: 'digest'; of: number };

export type HashValue = Uint8Array | ChunkVerdict | undefined;

export interface HashAnswer {
  call: number;
  value: HashValue;
}

const running = new Map<number, FileHash>();

function answer(asked: HashCall): HashValue {
  if (asked.name === 'leaf') return leafHashOf(asked.bytes);
  const { of } = asked;
  const hash = running.get(of) ?? new FileHash();
  running.set(of, hash);
  if (asked.name === 'accept') return hash.accept(asked.bytes, asked.index, asked.expected);
  if (asked.name === 'update') return void hash.update(asked.bytes);
  running.delete(of);
  return hash.digest();
}

parentPort?.on('message', (asked: HashCall) => {
  parentPort?.postMessage({ call: asked.call, value: answer(asked) } satisfies HashAnswer);
});
