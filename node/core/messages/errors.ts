/** Texts of the error codes: assembled from the topics, one for every code of errors.ts (the type holds it). */
import type { ErrorCode } from '../errors.ts';
import { EDXML_ERROR_TEXTS } from './errors-edxml.ts';
import { EXCHANGE_ERROR_TEXTS } from './errors-exchange.ts';
import { LOCAL_ERROR_TEXTS } from './errors-local.ts';
import { SEAL_ERROR_TEXTS } from './errors-seal.ts';
import { SUBMISSION_ERROR_TEXTS } from './errors-submission.ts';

export const ERROR_TEXTS: Readonly<Record<ErrorCode, { readonly vi: string; readonly en: string }>> = {
  ...LOCAL_ERROR_TEXTS,
  ...SUBMISSION_ERROR_TEXTS,
  ...EXCHANGE_ERROR_TEXTS,
  ...SEAL_ERROR_TEXTS,
  ...EDXML_ERROR_TEXTS,
};
