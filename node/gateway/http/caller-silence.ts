/**
 * A caller may be slow, but not stand still when it is its turn: while the node waits for more of a body, or has an
 * answer nobody takes. What the node itself is slow with (a commit, a slow disk, events to come) ends no call. It is
 * the connection's own timer, which every octet in or out sets back; after the answer it is that of idle connections.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** From here to the end of the answer: a caller that is silent for `idleMs` in its turn loses its connection. */
export function limitSilence(request: IncomingMessage, response: ServerResponse, idleMs: number): void {
  const { socket } = request;
  const begin = () => socket.setTimeout(idleMs);
  // a connection is paused while what came lies unread
  const isCallersTurn = () => (!request.complete && !socket.isPaused()) || response.writableLength > 0;
  begin();
  socket.on('resume', begin);
  response.on('timeout', () => {
    if (isCallersTurn()) socket.destroy();
  });
  response.once('close', () => socket.off('resume', begin));
}
