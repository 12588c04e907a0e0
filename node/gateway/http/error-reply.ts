/**
 * Errors as the doors answer them: `{"error":{"code","message","details"}}` with the code's HTTP status. Never a stack
 * and never a path of this machine: details of unforeseen errors stay in the log.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorDetails, LienthongError } from '../../core/errors.ts';
import { errorText, type Language } from '../../core/messages.ts';

export interface ErrorBody {
  error: { code: string; message: string; details: ErrorDetails };
}

/** Told of errors nobody foresaw, for the node's log. */
export type ReportError = (error: unknown, route: string) => void;

/** Codes whose details may hold what only the operator should see. */
const PRIVATE_DETAILS = new Set(['internal', 'damaged', 'folder-damaged', 'disk-full']);

export function errorBody(error: LienthongError, language: Language): ErrorBody {
  const details = PRIVATE_DETAILS.has(error.code) ? withoutPaths(error.details) : error.details;
  return {
    error: { code: error.code, message: errorText(language, { code: error.code, details }), details },
  };
}

/** Whatever was thrown, as one of ours. */
export function asLienthongError(error: unknown): LienthongError {
  if (error instanceof LienthongError) return error;
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new LienthongError('oversize', { what: 'body' }, { cause: error });
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new LienthongError('usage', { reason: 'content-type' }, { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new LienthongError('usage', { reason: 'not valid JSON or HTTP' }, { cause: error });
  return new LienthongError('internal', {}, { cause: error });
}

export const languageOf = (request: FastifyRequest): Language =>
  /^\s*en\b/i.test(request.headers['accept-language'] ?? '') ? 'en' : 'vi';

/** Fastify's error handler. */
export const errorHandler =
  (report: ReportError) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const known = asLienthongError(error);
    if (known.code === 'internal') report(error, `${request.method} ${request.routeOptions.url ?? '?'}`);
    if (reply.sent) return;
    reply
      .code(known.httpStatus)
      .type('application/json; charset=utf-8')
      .send(errorBody(known, languageOf(request)));
  };

function withoutPaths(details: ErrorDetails): ErrorDetails {
  return Object.fromEntries(
    Object.entries(details).filter(([, value]) => typeof value !== 'string' || !value.includes('/')),
  );
}
