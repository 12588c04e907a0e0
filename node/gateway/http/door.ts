/**
 * A local door: the HTTP application on a Unix socket that only the folder's owner can reach (folder 0700, socket
 * 0600). One process holds a folder, so a socket file left by a killed process is replaced. Called by the composition
 * roots; `close` lets running calls finish for a moment, then ends them, and removes the file.
 */
import { chmodSync } from 'node:fs';
import { chmod, stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Clock, systemClock } from '../../core/clock.ts';
import { LienthongError } from '../../core/errors.ts';
import { diskError, FOLDER_MODE, isMissing, socketPath } from '../../store/folder.ts';
import { type AppOptions, buildApp } from './app.ts';
import { addBlobRoutes } from './blob-routes.ts';
import { addDocumentRoutes } from './document-routes.ts';
import { addEdxmlRoutes } from './edxml-routes.ts';
import { addLifeRoutes } from './life-routes.ts';
import { CLOSE_GRACE_MS } from './limits.ts';
import { addLocalFileRoutes } from './local-file-routes.ts';
import { addNodeRoutes } from './node-routes.ts';
import { addRegistryRoutes } from './registry-routes.ts';
import { RunningCalls } from './running-calls.ts';
import type { NodeService, RegistryApi } from './services.ts';
import { NODE_SOCKET, REGISTRY_SOCKET } from './socket-names.ts';

const SOCKET_MODE = 0o600;
/** A living server answers a connection at once. */
const PROBE_MS = 1_000;

export interface Door {
  readonly path: string;
  /** Never rejects; takes at most CLOSE_GRACE_MS and a little. */
  close(): Promise<void>;
}

export interface DoorOptions extends Partial<AppOptions> {
  folder: string;
  clock?: Clock;
}

export async function openNodeDoor(node: NodeService, options: DoorOptions): Promise<Door> {
  const stopping = new AbortController();
  const app = buildApp({ report: () => undefined, ...options });
  addNodeRoutes(app, node);
  addEdxmlRoutes(app, node);
  addBlobRoutes(app, node);
  addLocalFileRoutes(app, node, stopping.signal, options.clock ?? systemClock);
  addDocumentRoutes(app, node, stopping.signal, options.clock ?? systemClock);
  addLifeRoutes(app, node);
  return open(app, await socketPath(options.folder, NODE_SOCKET), options, stopping);
}

export async function openRegistryDoor(registry: RegistryApi, options: DoorOptions): Promise<Door> {
  const stopping = new AbortController();
  const app = buildApp({ report: () => undefined, ...options });
  addRegistryRoutes(app, registry);
  return open(app, await socketPath(options.folder, REGISTRY_SOCKET), options, stopping);
}

async function open(
  app: FastifyInstance,
  path: string,
  options: DoorOptions,
  stopping: AbortController,
): Promise<Door> {
  const clock = options.clock ?? systemClock;
  await keepPrivate(options.folder);
  await removeStale(path);
  const calls = new RunningCalls(app);
  await app.ready();
  await new Promise<void>((resolve, reject) => {
    app.server.once('error', (cause) => reject(diskError(cause, path)));
    app.server.listen({ path }, resolve);
    // Pipes are bound inside listen(): the file is there and nobody had time to connect.
    if (app.server.listening) chmodSync(path, SOCKET_MODE);
  });
  await chmod(path, SOCKET_MODE);
  let closing: Promise<void> | undefined;
  return {
    path,
    close: () => {
      closing ??= close(app, path, stopping, clock, calls);
      return closing;
    },
  };
}

async function close(
  app: FastifyInstance,
  path: string,
  stopping: AbortController,
  clock: Clock,
  calls: RunningCalls,
): Promise<void> {
  const closed = new Promise<void>((resolve) => app.server.close(() => resolve()));
  stopping.abort(new LienthongError('not-running', { what: 'closing' }));
  const dontForce = clock.after(CLOSE_GRACE_MS, () => app.server.closeAllConnections());
  // Connections without a call (also those that never sent one) have nothing to finish.
  await calls.none();
  app.server.closeAllConnections();
  await closed;
  dontForce();
  await app.close().catch(() => undefined);
  await unlink(path).catch(() => undefined);
}

async function keepPrivate(folder: string): Promise<void> {
  const { mode } = await stat(folder).catch((cause) => {
    throw diskError(cause, folder);
  });
  if ((mode & 0o077) !== 0) await chmod(folder, FOLDER_MODE);
}

async function removeStale(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (isMissing(error)) return;
    throw diskError(error, path);
  }
  if (await answers(path)) throw new LienthongError('locked', { where: path });
  await unlink(path).catch(() => undefined);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const done = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(PROBE_MS, () => done(true));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
