/**
 * Names of attachments: what a peer or a clerk calls a file, made safe to write on any system. Used when a document
 * is made and again when one is fetched: a name from a peer is never trusted.
 */
import { FIELD_LIMITS } from './field-limits.ts';

const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** NFC, no path parts, no control or direction-changing characters, no leading dot, never empty. */
export function cleanFileName(name: string): string {
  const last = name.normalize('NFC').split(/[/\\]/).pop() ?? '';
  let clean = last
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, '')
    .normalize('NFC')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[.\s]+/u, '')
    .replace(/[.\s]+$/u, '');
  if (RESERVED.test(clean)) clean = `_${clean}`;
  if (clean === '') return 'tep-dinh-kem';
  return shorten(clean).replace(/[.\s]+$/u, '');
}

/** "a.pdf" → "a (2).pdf". */
export function numberedFileName(name: string, number: number): string {
  const { stem, extension } = split(name);
  return `${stem} (${number})${extension}`;
}

function shorten(name: string): string {
  const characters = [...name];
  if (characters.length <= FIELD_LIMITS.attachmentName) return name;
  const { extension } = split(name);
  return characters.slice(0, FIELD_LIMITS.attachmentName - [...extension].length).join('') + extension;
}

function split(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || name.length - dot > 12) return { stem: name, extension: '' };
  return { stem: name.slice(0, dot), extension: name.slice(dot) };
}
