/**
 * Opens a stream's receive window at once. Every yamux stream starts with 256 KiB, and js-yamux widens it only when
 * data comes within four round trips of the last update, as it measured them once in whole milliseconds: between
 * nodes near each other never. A sender that may have no more than 256 KiB under way and a receiver then take turns.
 * A larger window is an ordinary window update, which any yamux accepts. Where the stream isn't yamux's, nothing happens.
 */
import type { Stream } from '@libp2p/interface';
import { STREAM_WINDOW_BYTES } from './host-limits.ts';

interface YamuxWindow {
  recvWindow: number;
  sendWindowUpdate(): void;
}

/** `bytes` is what the reader is ready to hold; never more than libp2p was told it may hold. */
export function openWindow(stream: Stream, bytes: number): void {
  if (!hasWindow(stream) || stream.status !== 'open') return;
  const window = Math.min(bytes, STREAM_WINDOW_BYTES);
  if (stream.recvWindow >= window) return;
  stream.recvWindow = window;
  try {
    stream.sendWindowUpdate();
  } catch {
    // the connection is just closing, which the stream's own events tell
  }
}

const hasWindow = (stream: Stream): stream is Stream & YamuxWindow =>
  'recvWindow' in stream && typeof stream.recvWindow === 'number' && 'sendWindowUpdate' in stream;
