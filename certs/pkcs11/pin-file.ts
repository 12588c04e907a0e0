/**
 * The file that holds a token's PIN: a regular file of ours or of root that nobody else may read, as ssh has it for keys.
 * Read each time a token is opened, used once, and overwritten in memory. Read in the token's own process only.
 */
import { open } from 'node:fs/promises';
import { getuid } from 'node:process';
import type { PinMark } from './token-messages.ts';
import { TokenProblem } from './token-problem.ts';

/** PINs have 4 to 64 characters or so. */
const MAX_PIN_BYTES = 512;

export interface Pin {
  bytes: Buffer;
  mark: PinMark;
}

/** Throws TokenProblem 'token-pin-file' with the reason. */
export async function readPin(path: string): Promise<Pin> {
  const refuse = (reason: string) => new TokenProblem('token-pin-file', `${path}: ${reason}`);
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw refuse(error.code ?? 'unreadable');
  });
  try {
    const facts = await file.stat({ bigint: true });
    if (!facts.isFile()) throw refuse('not a file');
    if (facts.mode & 0o077n) throw refuse('chmod 600');
    if (facts.uid !== 0n && facts.uid !== BigInt(getuid?.() ?? 0)) throw refuse('another owner');
    if (facts.size > MAX_PIN_BYTES) throw refuse('too large');
    const whole = Buffer.alloc(MAX_PIN_BYTES);
    const { bytesRead } = await file.read(whole, 0, MAX_PIN_BYTES, 0);
    let end = bytesRead;
    while (end > 0 && (whole[end - 1] === 0x0a || whole[end - 1] === 0x0d)) end--;
    if (end === 0) throw refuse('empty');
    const state = [facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(' ');
    return { bytes: whole.subarray(0, end), mark: { file: path, state } };
  } finally {
    await file.close();
  }
}
