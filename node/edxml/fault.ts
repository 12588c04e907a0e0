/**
 * The errors of this folder, all from the one table: what is wrong, where (line, column, byte), by which rule. Reasons
 * are words of the message table (`reason.edxml-…`), so that a clerk reads a sentence. Used by every file here.
 */
import { type ErrorDetails, LienthongError } from '../core/errors.ts';
import type { EdxmlReason } from '../core/messages/edxml-reasons.ts';
import type { EdxmlLimits } from './limits.ts';

/** Where in the file: `byte` from 0, `line` and `column` from 1 (column not known on a line that holds an attachment). */
export interface Place {
  byte: number;
  line?: number;
  column?: number;
}

type FaultCode =
  | 'edxml-malformed'
  | 'edxml-forbidden'
  | 'edxml-encoding'
  | 'edxml-incomplete'
  | 'edxml-attachment';

export const fault = (
  code: FaultCode,
  reason: EdxmlReason,
  place: Partial<Place> = {},
  more: ErrorDetails = {},
): LienthongError => new LienthongError(code, { reason, ...known(place), ...more });

/** `limit` names the row of limits.ts, `most` its value. */
export const tooLarge = (
  limit: keyof EdxmlLimits,
  most: number,
  place: Partial<Place> = {},
  more: ErrorDetails = {},
): LienthongError =>
  new LienthongError('edxml-too-large', { reason: `edxml-limit-${limit}`, most, ...known(place), ...more });

function known({ byte, line, column }: Partial<Place>): ErrorDetails {
  return {
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    ...(byte !== undefined && { byte }),
  };
}
