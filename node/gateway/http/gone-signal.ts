/** For calls that go on: a signal that aborts when the caller has gone or the door closes. */
import { LienthongError } from '../../core/errors.ts';

export function goneSignal(response: NodeJS.EventEmitter, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort(new LienthongError('timeout', { reason: 'caller-gone' })));
  return AbortSignal.any([gone.signal, stopping]);
}
