/**
 * Reads distinguished names of any CA, for people to see; they are never parsed for rights. Comparison elsewhere
 * is byte by byte on the DER: a CA must spell its own name one way (RFC 5280 §4.1.2.6).
 */

import { DerError, DerReader, type DerValue, readOid, tags } from './der.ts';
import { attributeNames } from './oids.ts';

/** One attribute of a name, in the order of the certificate; `type` is a short name or a dotted OID. */
export interface NameAttribute {
  type: string;
  value: string;
}

function text(value: DerValue): string {
  const bytes = Buffer.from(value.content);
  switch (value.tag) {
    case 0x0c:
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    case 0x1e:
      if (bytes.length % 2) throw new DerError('BMPString');
      return bytes.swap16().toString('utf16le');
    default:
      return bytes.toString('latin1');
  }
}

/** Reads a Name (its whole SEQUENCE). Throws DerError. */
export function readName(der: Uint8Array): NameAttribute[] {
  const attributes: NameAttribute[] = [];
  const names = new DerReader(der).enter(tags.sequence);
  while (!names.done) {
    const set = names.enter(tags.set);
    do {
      const attribute = set.enter(tags.sequence);
      const oid = readOid(attribute.read(tags.oid));
      attributes.push({ type: attributeNames[oid] ?? oid, value: text(attribute.read()) });
      attribute.end();
    } while (!set.done);
  }
  return attributes;
}

/** Control characters, and those that turn the direction of writing so that a name reads as another. */
const invisible = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** `CN=…, O=…, C=VN`: most specific first, with RFC 4514's escapes and invisible characters made visible. */
export function nameText(attributes: readonly NameAttribute[]): string {
  return attributes
    .map(({ type, value }) => {
      const escaped = value
        .replace(/[,+"\\<>;=]/g, '\\$&')
        .replace(/^[ #]| $/g, '\\$&')
        .replace(invisible, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
      return `${type}=${escaped}`;
    })
    .reverse()
    .join(', ');
}
