/** Shapes of what is said about a document, with a limit on every size; as in schemas.ts the rules are the exchange's. */
import Type, { type Static } from 'typebox';
import { STATUS_CODES } from '../../core/business-status.ts';
import { MAX_RECIPIENTS } from '../../core/field-limits.ts';
import { MAX_PAGE } from './limits.ts';
import { code, documentId, oneOf, strict, text } from './schemas.ts';

export const StatusBody = strict({
  code: oneOf(STATUS_CODES),
  unit: Type.Optional(code()),
  reason: Type.Optional(text()),
  note: Type.Optional(text()),
  staff: Type.Optional(
    strict({
      name: Type.Optional(text()),
      department: Type.Optional(text()),
      email: Type.Optional(text()),
      mobile: Type.Optional(text()),
    }),
  ),
  answers: Type.Optional(documentId()),
});
export type StatusBody = Static<typeof StatusBody>;

export const TakenBody = strict({ unit: Type.Optional(code()) });
export type TakenBody = Static<typeof TakenBody>;

export const RecallBody = strict({
  reason: text(),
  units: Type.Optional(Type.Array(code(), { minItems: 1, maxItems: MAX_RECIPIENTS })),
  by: Type.Optional(code()),
});
export type RecallBody = Static<typeof RecallBody>;

export const RegisterBox = strict({ box: oneOf(['inbox', 'outbox'] as const) });
export const RegisterQuerystring = strict({
  year: Type.Optional(Type.String({ pattern: '^\\d{4}$' })),
  unit: Type.Optional(code()),
  limit: Type.Optional(Type.String({ pattern: '^[1-9]\\d{0,2}$', description: `1 to ${MAX_PAGE}` })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
});

export const RecipientsBody = strict({
  to: Type.Array(code(), { minItems: 1, maxItems: MAX_RECIPIENTS }),
  reason: text(),
  by: Type.Optional(code()),
});
export type RecipientsBody = Static<typeof RecipientsBody>;
