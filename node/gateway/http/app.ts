/**
 * The HTTP application behind every door: limits on headers, bodies, time and connections; schemas checked; errors by
 * code. Routes are added by the door that opens it. Callers that stand still for CALLER_IDLE_MS lose their connection;
 * answers may take as long as their route says.
 */
import type { Server } from 'node:http';
import fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify';
import { LienthongError } from '../../core/errors.ts';
import { limitSilence } from './caller-silence.ts';
import { errorBody, errorHandler, languageOf, type ReportError } from './error-reply.ts';
import {
  CALLER_IDLE_MS,
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
  /** Longest silence of a caller inside its body, or while it should take its answer. */
  callerIdleMs?: number;
}

export function buildApp({ report, callerIdleMs = CALLER_IDLE_MS }: AppOptions): FastifyInstance {
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

  app.addHook('onRequest', (request, reply, next) => {
    limitSilence(request.raw, reply.raw, callerIdleMs);
    next();
  });
  return app;
}
