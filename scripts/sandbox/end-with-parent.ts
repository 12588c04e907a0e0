/**
 * Loaded into every process of a sandbox, benchmark or test federation (`--import`): when whoever started it is gone,
 * however it went, the pipe on standard input closes and the process stops as if it had been asked to. So nothing is
 * left running after a `kill -9` of the starter.
 */
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

/** A stop that hangs is no reason to stay. */
const GRACE_MS = 15_000;

const leave = () => {
  process.stdin.removeAllListeners();
  setTimeout(() => process.exit(1), GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
};

// a thread is given this file too, and a standard input of its own that ends at once
if (isMainThread) {
  process.stdin.once('end', leave).once('error', leave).resume();
  // a process that has nothing else to do ends by itself; `unref` is missing where standard input is a file
  (process.stdin as Partial<typeof process.stdin>).unref?.();
}
