/**
 * The token's own process: loads the module and answers its parent's requests, one after another. A module that crashes
 * or hangs ends with this process and not with the node. It ends itself when the parent is gone, also one that was killed,
 * and whatever the module does: its code runs on another thread than this. Started by TokenLink.
 */
import { CLOSE_TIMEOUT_MS, type TokenAnswer, type TokenRequest } from './token-messages.ts';
import { problemOf, TokenProblem } from './token-problem.ts';
import { TokenSession } from './token-session.ts';

let session: TokenSession | undefined;
let isWorking = false;

async function answer(request: TokenRequest): Promise<TokenAnswer> {
  try {
    if (request.do === 'open') {
      session = await TokenSession.open(request);
      return { ok: true, spki: session.spki };
    }
    if (session === undefined) throw new TokenProblem('token-failed', 'not open');
    if (request.do === 'sign') return { ok: true, signature: await session.sign(request.sha256) };
    await session.check();
    return { ok: true };
  } catch (error) {
    const { code, message, refusedPin } = problemOf(error);
    return { ok: false, fault: { code, reason: message, ...(refusedPin && { refusedPin }) } };
  }
}

process.on('message', (request: TokenRequest) => {
  isWorking = true;
  void answer(request).then((said) => {
    isWorking = false;
    process.send?.(said);
  });
});

/** A call that hangs can't be waited for, and its thread can't be ended otherwise. */
process.on('disconnect', () => {
  const end = () => process.kill(process.pid, 'SIGKILL');
  if (isWorking || session === undefined) {
    end();
    return;
  }
  setTimeout(end, CLOSE_TIMEOUT_MS);
  void session.close().then(end, end);
});

// those of a terminal are the parent's to act on
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
