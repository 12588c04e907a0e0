/**
 * Makes the writes of one turn leave the TCP socket as one system call. libp2p writes each encrypted message as
 * several small buffers; with Nagle's algorithm off each would be a segment of its own. Only how bytes are grouped
 * changes, never which: where a socket isn't found the connection simply stays as libp2p made it.
 * Called by the gater's hooks, where libp2p shows a connection first.
 */
import { Socket } from 'node:net';
import type { MultiaddrConnection } from '@libp2p/interface';

/**
 * A socket takes this much before it asks to wait: several encrypted messages (64 KiB each), so that both ends work
 * at once instead of taking turns. Bounds what one slow peer makes us hold per connection.
 */
export const SOCKET_BUFFER_BYTES = 512 * 1024;

export function tuneSocket(connection: MultiaddrConnection): void {
  const socket: unknown = 'socket' in connection ? connection.socket : undefined;
  if (!(socket instanceof Socket)) return;
  const write = socket.write.bind(socket) as (chunk: Uint8Array) => boolean;
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  socket.write = (chunk: Uint8Array | string) => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    return write(chunk as Uint8Array);
  };
}
