/** The asker's end of /lienthong/log/1: requests are answered in order, so several may be under way. */
import { type LogResponse, type lienthong, logRequest, logResponse } from '../../proto/messages.ts';
import { LienthongError } from '../core/errors.ts';
import type { Frames } from './ports.ts';

export type LogAsk = lienthong.v1.LogRequest.$Properties;

/** A page of what is held is read from disk at once; beyond this the seat has stalled. */
const ANSWER_MS = 60_000;

/** The answers, in order. A seat that answers something else or too late rejects. */
export async function askLog(
  frames: Frames,
  asks: readonly LogAsk[],
  signal: AbortSignal,
): Promise<LogResponse[]> {
  for (const ask of asks) await frames.write(logRequest.encode(ask));
  const answers: LogResponse[] = [];
  while (answers.length < asks.length) {
    const bytes = await frames.read({ signal, timeoutMs: ANSWER_MS });
    if (bytes === undefined) throw new LienthongError('unreachable', { reason: 'stream ended' });
    answers.push(logResponse.parse(bytes));
  }
  return answers;
}
