/** For calls that go on: a signal that aborts when the caller has gone or the door closes. */
import type { ServerResponse } from 'node:http';
import { LienthongError } from '../../core/errors.ts';

export function goneSignal(response: ServerResponse, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const leave = () => gone.abort(new LienthongError('timeout', { reason: 'caller-gone' }));
  // before its call was looked at, perhaps
  if (response.closed) leave();
  else response.once('close', leave);
  return AbortSignal.any([gone.signal, stopping]);
}
