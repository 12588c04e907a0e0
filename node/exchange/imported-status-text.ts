/**
 * What an imported status said that the signed status has no field for, as lines of "Name: text": its Timestamp, and a
 * Description longer than a reason. WARNING: signed and persisted (Status.imported_text).
 */
import { LienthongError } from '../core/errors.ts';
import type { EdxmlStatus } from '../edxml/message.ts';

/** Bytes on the wire. */
const MOST_BYTES = 3_000;
const TIMESTAMP = 'Timestamp: ';
const DESCRIPTION = 'Description: ';

/** `isLong`: the description is only kept whole here. Throws 'field-too-long'. */
export function composeText({ timestamp, description }: EdxmlStatus, isLong: boolean): string {
  const lines: string[] = [];
  if (timestamp !== undefined && timestamp.text.trim() !== '')
    lines.push(`${TIMESTAMP}${timestamp.text.trim().replace(/\s+/g, ' ')}`);
  if (isLong) lines.push(`${DESCRIPTION}${description}`);
  const text = lines.join('\n').normalize('NFC').toWellFormed();
  const length = Buffer.byteLength(text);
  if (length > MOST_BYTES)
    throw new LienthongError('field-too-long', { field: 'Description', length, most: MOST_BYTES });
  return text;
}

export function readText(text: string): { timestamp?: string; description?: string } {
  const [first = '', ...rest] = text.split('\n');
  const isStamped = first.startsWith(TIMESTAMP);
  const others = (isStamped ? rest : [first, ...rest]).join('\n');
  return {
    ...(isStamped && { timestamp: first.slice(TIMESTAMP.length) }),
    ...(others.startsWith(DESCRIPTION) && { description: others.slice(DESCRIPTION.length) }),
  };
}
