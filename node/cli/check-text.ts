/** A check of `verify` in the reader's language: the node names them in fixed English forms; unknown ones stay. */
import { isMessageKey, type Language, type MessageKey, message } from '../core/messages.ts';
import { faultText, wordText } from './faults.ts';

const FAULTS: Readonly<Record<string, MessageKey>> = {
  'the content is not what the id was made of': 'fault.content',
  'bytes differ from the signed SHA-256': 'fault.bytes',
  'it is for something else': 'fault.other',
  'it is missing': 'fault.missing',
  'the entry before is missing': 'fault.beforeMissing',
};

/** What is said of an envelope besides its signatures. */
const CLAIMS: Readonly<Record<string, MessageKey>> = {
  'names this document and its dispatch': 'check.names',
  'names the entry before it': 'check.follows',
  'is here': 'check.here',
};

/** "receipt-H40: service signature (H40 01ab)" → "Biên nhận của H40: chữ ký Dịch vụ (H40 01ab)". */
export function checkText(language: Language, what: string): string {
  if (what === 'document id') return message(language, 'check.documentId');
  const name = /^attachment (.+)$/s.exec(what)?.[1];
  if (name !== undefined) return message(language, 'check.attachment', { name });
  const signature = /^(\S+): (\w+) signature \((.*)\)$/s.exec(what);
  if (signature !== null) {
    const [, thing, role, by] = signature;
    const roleText = wordText(language, 'role', role!).toLowerCase();
    return message(language, 'check.signature', { thing: thingText(language, thing!), role: roleText, by });
  }
  const [, thing, claim] = /^(\S+): (.+)$/s.exec(what) ?? [];
  const key = claim === undefined || !Object.hasOwn(CLAIMS, claim) ? undefined : CLAIMS[claim];
  return key === undefined ? what : message(language, key, { thing: thingText(language, thing!) });
}

export function checkFaultText(language: Language, reason: string): string {
  return Object.hasOwn(FAULTS, reason) ? message(language, FAULTS[reason]!) : faultText(language, reason);
}

/** "receipt-H40.02" → "Biên nhận của H40.02". */
function thingText(language: Language, thing: string): string {
  const [, of, side, sequence] = /^status-(.+)-(sender|receiver)-(\d+)$/.exec(thing) ?? [];
  if (of !== undefined)
    return message(language, side === 'sender' ? 'thing.recall' : 'thing.status', { unit: of, sequence });
  const dash = thing.indexOf('-');
  const key = `thing.${dash < 0 ? thing : thing.slice(0, dash)}`;
  const unit = dash < 0 ? '' : thing.slice(dash + 1);
  if (!isMessageKey(key) || (dash < 0 && key !== 'thing.document')) return thing;
  return message(language, key, { unit });
}
