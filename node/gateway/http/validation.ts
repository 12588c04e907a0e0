/**
 * Checks what a request holds against its schema. Each schema is compiled when its route is first used: a start
 * doesn't pay for routes nobody calls. Faults become 'usage' with the field and the reason.
 */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/schema';
import { LienthongError } from '../../core/errors.ts';

type Answer = { value: unknown } | { error: Error };

export const schemaCompiler: FastifySchemaCompiler<unknown> = ({ schema }) => {
  let check: Validator | undefined;
  return (value: unknown): Answer => {
    check ??= Compile(schema as TSchema);
    return check.Check(value) ? { value } : { error: fault(check, value) };
  };
};

function fault(check: Validator, value: unknown): LienthongError {
  const [, errors] = check.Errors(value);
  const unknown = errors.find((error) => error.keyword === 'additionalProperties');
  const first = unknown ?? errors.at(-1);
  const extra = unknown && (unknown.params as { additionalProperties?: string[] }).additionalProperties?.[0];
  const field = `${first?.instancePath ?? ''}${extra === undefined ? '' : `/${extra}`}`;
  return new LienthongError('usage', {
    reason: extra === undefined ? (first?.message ?? 'wrong form') : 'unknown field',
    ...(field === '' ? {} : { field: field.slice(0, 200) }),
  });
}
