/**
 * The HTTP application behind every door: limits on headers, bodies, time and connections; schemas checked; errors by
 * code. Routes are added by the door that opens it. Bodies that stand still for BODY_IDLE_MS lose their connection;
 * answers may take as long as their route says.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify';
import { LienthongError } from '../../core/errors.ts';
import { errorBody, errorHandler, languageOf, type ReportError } from './error-reply.ts';
import {
  BODY_IDLE_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  MAX_JSON_BYTES,
  REQUEST_TIMEOUT_MS,
} from './limits.ts';
import { schemaCompiler } from './validation.ts';

type ValidatorFactory = NonNullable<
  NonNullable<
    NonNullable<FastifyHttpOptions<Server>['schemaController']>['compilersFactory']
  >['buildValidator']
>;

export interface AppOptions {
  report: ReportError;
  /** Longest silence inside a request's body. */
  bodyIdleMs?: number;
}

export function buildApp({ report, bodyIdleMs = BODY_IDLE_MS }: AppOptions): FastifyInstance {
  const options: FastifyHttpOptions<Server> = {
    logger: false,
    bodyLimit: MAX_JSON_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    exposeHeadRoutes: false,
    http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADERS_TIMEOUT_MS },
    schemaController: {
      compilersFactory: {
        // Fastify's type names Ajv's factory; any compiler of schemas will do.
        buildValidator: (() => schemaCompiler) as unknown as ValidatorFactory,
        buildSerializer: () => () => JSON.stringify,
      },
    },
    schemaErrorFormatter: (errors) => errors[0] as unknown as Error,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  };
  const app: FastifyInstance = fastify(options);
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setErrorHandler(errorHandler(report));
  app.setNotFoundHandler((request, reply) => {
    const error = new LienthongError('not-found', {
      what: `${request.method} ${request.url.split('?', 1)[0]!.slice(0, 100)}`,
    });
    reply.code(404).send(errorBody(error, languageOf(request)));
  });

  app.addHook('onRequest', (request, _reply, next) => {
    if (hasBody(request.raw)) limitSilence(request.raw.socket, bodyIdleMs);
    next();
  });
  app.addHook('onResponse', (request, _reply, next) => {
    if (hasBody(request.raw) && request.raw.complete) request.raw.socket.setTimeout(0);
    next();
  });
  app.addHook('preValidation', (request, _reply, next) => {
    if (request.raw.complete) request.raw.socket.setTimeout(0);
    next();
  });
  return app;
}

const hasBody = (request: { headers: NodeJS.Dict<string | string[]> }): boolean =>
  request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';

/** Node's HTTP server destroys a socket that times out without anyone listening for it. */
function limitSilence(socket: Socket, idleMs: number): void {
  socket.setTimeout(idleMs);
}
