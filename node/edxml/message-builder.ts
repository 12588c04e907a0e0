/**
 * Values of a message from the parser's events, by the schema's names: any order, any prefix, missing parts, parts
 * that are there twice (the first counts). What the schema has no place for is noted with its path and text, never
 * refused; below an XML signature nothing is noted. Called by read-edxml.ts.
 */
import type { SaxesTagNS } from 'saxes';
import { readDate, readTime } from './edxml-dates.ts';
import { fault, type Place, tooLarge } from './fault.ts';
import type { EdxmlLimits } from './limits.ts';
import { CONTINUED } from './long-lines.ts';
import { edxmlName } from './namespaces.ts';
import { type Field, READ_FIELDS } from './schema.ts';
import type { XmlEvents } from './xml-reader.ts';

/** An element the schema has no place for, or text between elements: where it stood, what it said. */
export interface UnknownPart {
  /** Names from below the root, "edXMLEnvelope/edXMLHeader/…"; at most 200 characters. */
  path: string;
  /** At most 1,000 characters. */
  text: string;
}

export type Raw = Record<string, unknown>;

interface Frame {
  path: string;
  fields: readonly Field[];
  /** Where the values of `fields` go. */
  target: Raw;
  /** Set for one value: what is done with the text at the end. */
  leaf?: Field;
  /** `unknown`: noted; `silent`: not even that. */
  kind: 'known' | 'unknown' | 'silent';
  text: string;
  children: boolean;
  /** Its text goes on with the line before. */
  continues?: boolean;
}

const MAX_UNKNOWN = 200;
const MAX_PATH = 200;
const MAX_UNKNOWN_TEXT = 1000;
const BLANK = /^[ \t\r\n]*$/;
const NO_FIELDS: readonly Field[] = [];
/** The one element below which anything may stand. */
const SIGNATURE = 'Signature';
const ROOTS: Readonly<Record<string, readonly Field[]>> = {
  edXML: READ_FIELDS,
  // the SOAP form's, and a root left out
  edXMLEnvelope: READ_FIELDS[0]!.fields,
};

export class MessageBuilder implements XmlEvents {
  readonly #limits: EdxmlLimits;
  readonly #place: () => Place;
  readonly #frames: Frame[] = [];
  #rootNamespace = '';
  /** What was read; `edXMLEnvelope`, `attachmentEncoded` and `status` of it may be missing. */
  readonly root: Raw = {};
  readonly unknown: UnknownPart[] = [];
  /** How many more parts were unknown than are noted. */
  unknownLeftOut = 0;
  hasSignature = false;
  #encoded: Raw | undefined;
  /** The next element goes on with the line before it. */
  #continues = false;

  constructor(limits: EdxmlLimits, place: () => Place) {
    this.#limits = limits;
    this.#place = place;
  }

  /** The attachment whose Base64 begins right here; told once. */
  takeEncoded(): Raw | undefined {
    const encoded = this.#encoded;
    this.#encoded = undefined;
    return encoded;
  }

  open(tag: SaxesTagNS): void {
    const parent = this.#frames.at(-1);
    if (parent === undefined) {
      this.#frames.push(this.#rootFrame(tag));
      return;
    }
    parent.children = true;
    const continues = this.#continues;
    this.#continues = false;
    const name = edxmlName(tag.uri, tag.local, this.#rootNamespace);
    this.#frames.push({ ...this.#childFrame(parent, tag, name), continues });
  }

  text(text: string): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined || frame.kind === 'silent') return;
    if (frame.kind === 'unknown') {
      frame.text = (frame.text + text).slice(0, MAX_UNKNOWN_TEXT);
      return;
    }
    if (frame.text.length + text.length > this.#limits.textLength) {
      throw tooLarge('textLength', this.#limits.textLength, this.#place(), { field: frame.path });
    }
    frame.text += text;
  }

  instruction(target: string, body: string): void {
    this.#continues = target === CONTINUED.target && body.trim() === CONTINUED.body;
  }

  close(): void {
    const frame = this.#frames.pop()!;
    this.#encoded = undefined;
    this.#continues = false;
    if (frame.kind === 'silent') return;
    if (frame.leaf !== undefined) {
      if (frame.continues) this.#continue(frame.target, frame.leaf, frame.text);
      else store(frame.target, frame.leaf, parsedText(frame.leaf, frame.text));
      return;
    }
    if (frame.kind === 'unknown') {
      if (!frame.children || !BLANK.test(frame.text)) this.#note(frame.path, frame.text);
    } else if (!BLANK.test(frame.text)) this.#note(`${frame.path}#text`, frame.text);
  }

  #rootFrame({ uri, local }: SaxesTagNS): Frame {
    const name = edxmlName(uri, local, uri);
    const fields = name !== undefined && Object.hasOwn(ROOTS, name) ? ROOTS[name] : undefined;
    if (fields === undefined) {
      throw fault('edxml-incomplete', 'edxml-root', this.#place(), { found: local.slice(0, 60) });
    }
    this.#rootNamespace = uri;
    const target = name === 'edXML' ? this.root : child(this.root, 'edXMLEnvelope');
    return { path: '', fields, target, kind: 'known', text: '', children: false };
  }

  #childFrame(parent: Frame, tag: SaxesTagNS, name: string | undefined): Frame {
    const path = `${parent.path === '' ? '' : `${parent.path}/`}${tag.local}`.slice(0, MAX_PATH);
    const frame = { path, fields: NO_FIELDS, target: {}, text: '', children: false };
    if (parent.kind === 'silent') return { ...frame, kind: 'silent' };
    if (parent.leaf?.holds === 'base64') {
      throw fault('edxml-attachment', 'edxml-base64-character', this.#place());
    }
    if (tag.local === SIGNATURE && parent.kind === 'known') {
      this.hasSignature = true;
      return { ...frame, kind: 'silent' };
    }
    const field = parent.fields.find((one) => (one.within ?? one.name) === name);
    if (field === undefined || parent.kind === 'unknown') return { ...frame, kind: 'unknown' };
    if (field.within !== undefined) {
      const { within: _, ...item } = field;
      return { ...frame, fields: [item], target: parent.target, kind: 'known' };
    }
    if (field.many === undefined && Object.hasOwn(parent.target, field.key)) {
      return { ...frame, kind: 'unknown' };
    }
    if (field.holds !== 'fields') return this.#leafFrame(frame, parent, field);
    const target: Raw = {};
    store(parent.target, field, target);
    if (field.name === 'Attachment') this.#countAttachments(parent.target[field.key] as unknown[]);
    return { ...frame, fields: field.fields, target, kind: 'known' };
  }

  #leafFrame(frame: Omit<Frame, 'kind'>, parent: Frame, leaf: Field): Frame {
    if (leaf.holds === 'base64') this.#encoded = parent.target;
    return { ...frame, target: parent.target, leaf, kind: 'known' };
  }

  /** Only lines of a list may; a first one begins. */
  #continue(target: Raw, leaf: Field, text: string): void {
    const lines = target[leaf.key];
    if (leaf.holds !== 'text' || !Array.isArray(lines)) {
      store(target, leaf, parsedText(leaf, text));
      return;
    }
    const whole = lines.pop() + text;
    if (whole.length > this.#limits.textLength)
      throw tooLarge('textLength', this.#limits.textLength, this.#place(), { field: leaf.name });
    lines.push(whole);
  }

  #countAttachments(list: readonly unknown[]): void {
    const { attachments } = this.#limits;
    if (list.length > attachments) throw tooLarge('attachments', attachments, this.#place());
  }

  #note(path: string, text: string): void {
    if (this.unknown.length < MAX_UNKNOWN) this.unknown.push({ path, text: text.slice(0, MAX_UNKNOWN_TEXT) });
    else this.unknownLeftOut += 1;
  }
}

function parsedText({ holds }: Field, text: string): unknown {
  if (holds === 'date') return readDate(text);
  return holds === 'time' ? readTime(text) : text;
}

function store(target: Raw, { key, many }: Field, value: unknown): void {
  if (many === undefined) target[key] = value;
  else if (Object.hasOwn(target, key)) (target[key] as unknown[]).push(value);
  else target[key] = [value];
}

function child(target: Raw, key: string): Raw {
  const made: Raw = {};
  target[key] = made;
  return made;
}

/** `raw` as `fields` describe it, with an empty list where a list is missing; keys of `fields` only. */
export function completed(raw: Raw, fields: readonly Field[]): Raw {
  const value: Raw = {};
  for (const field of fields) {
    const { key, holds, many } = field;
    if (many !== undefined) {
      const items = (raw[key] ?? []) as unknown[];
      value[key] = holds === 'fields' ? items.map((item) => completed(item as Raw, field.fields)) : items;
    } else if (Object.hasOwn(raw, key)) {
      value[key] = holds === 'fields' ? completed(raw[key] as Raw, field.fields) : raw[key];
    }
  }
  return value;
}
