/** Business statuses as people read them: the code, and its name beside it. */
import type { Language } from '../core/messages.ts';
import { wordText } from './faults.ts';

/** "03" → "03 Đã tiếp nhận"; "" for none. */
export const statusText = (language: Language, code: string | null): string =>
  code === null ? '' : `${code} ${wordText(language, 'status', code)}`;
