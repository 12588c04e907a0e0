/** Turns what the HTTP door received, already checked against its schema, into the exchange's own words. */
import { LienthongError } from '../../core/errors.ts';
import type { ListQuery, Submission, SubmittedAttachment } from '../../core/views.ts';
import { DEFAULT_PAGE, MAX_INLINE_BYTES, MAX_PAGE, MAX_WAIT_MS } from './limits.ts';
import type { ListQuerystring, SubmissionBody } from './schemas.ts';

/** Which local system submits when the caller doesn't say. */
export const DEFAULT_SYSTEM = 'api';

export function submissionOf(body: SubmissionBody): Submission {
  return { ...body, system: body.system ?? DEFAULT_SYSTEM, attachments: body.attachments.map(attachmentOf) };
}

function attachmentOf(file: SubmissionBody['attachments'][number]): SubmittedAttachment {
  if (!('base64' in file)) return file;
  const { base64, ...described } = file;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64)
    throw new LienthongError('usage', { field: 'base64', reason: 'not Base64' });
  if (bytes.byteLength === 0) throw new LienthongError('file-empty', { name: file.name });
  if (bytes.byteLength > MAX_INLINE_BYTES)
    throw new LienthongError('file-too-large', {
      name: file.name,
      bytes: bytes.byteLength,
      maxBytes: MAX_INLINE_BYTES,
    });
  return { ...described, bytes };
}

export const listQueryOf = ({ limit, waiting, overdue, ...query }: ListQuerystring): ListQuery => ({
  ...query,
  waiting: waiting === 'true',
  overdue: overdue === 'true',
  limit: Math.min(Number(limit ?? DEFAULT_PAGE), MAX_PAGE),
});

export const waitMsOf = (wait: string | undefined): number => Math.min(Number(wait ?? 0), MAX_WAIT_MS);
