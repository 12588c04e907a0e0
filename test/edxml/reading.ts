/** Reads edXML given whole, in chunks of a chosen size, and keeps what came: what the tests of this folder share. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isLienthongError, type LienthongError } from '../../node/core/errors.ts';
import type { ReadAttachment } from '../../node/edxml/attachments-reader.ts';
import { EDXML_LIMITS, type EdxmlLimits } from '../../node/edxml/limits.ts';
import { type EdxmlRead, readEdxml } from '../../node/edxml/read-edxml.ts';

export const FIXTURES = path.join(import.meta.dirname, 'fixtures');
export const fixture = (name: string): Buffer => readFileSync(path.join(FIXTURES, name));

export interface Taken extends EdxmlRead {
  /** Bytes of each attachment, in order. */
  files: Buffer[];
}

export async function* inChunks(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function taken(
  file: string | Uint8Array,
  { chunk = 65_536, limits = {} }: { chunk?: number; limits?: Partial<EdxmlLimits> } = {},
): Promise<Taken> {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file;
  const files: Buffer[] = [];
  const attachment = async (_: ReadAttachment, content: AsyncIterable<Uint8Array>) => {
    files.push(await joined(content));
  };
  const read = await readEdxml(inChunks(bytes, chunk), { attachment }, { ...EDXML_LIMITS, ...limits });
  return { ...read, files };
}

/** The error a reading ends with; fails where it doesn't. */
export async function refusal(...args: Parameters<typeof taken>): Promise<LienthongError> {
  let read: Taken;
  try {
    read = await taken(...args);
  } catch (error) {
    if (isLienthongError(error)) return error;
    throw error;
  }
  throw new Error(`was read: ${JSON.stringify(read.message).slice(0, 300)}`);
}

export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

const NS = 'http://www.mic.gov.vn/TBT/QCVN_102_2016';

/** A small document; `header` goes in its MessageHeader, `attachments` in AttachmentEncoded. */
export const document = ({ header = '', attachments = '', before = '', references = '' } = {}): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
${before}<edXML xmlns="${NS}">
<edXML:edXMLEnvelope xmlns:edXML="${NS}"><edXML:edXMLHeader><edXML:MessageHeader>
<edXML:From><edXML:OrganId>H90</edXML:OrganId></edXML:From><edXML:To><edXML:OrganId>H91</edXML:OrganId></edXML:To>
<edXML:Subject>Thử</edXML:Subject>${header}</edXML:MessageHeader></edXML:edXMLHeader>
<edXML:edXMLBody><edXML:edXMLManifest version="1.0">${references}</edXML:edXMLManifest></edXML:edXMLBody>
</edXML:edXMLEnvelope><AttachmentEncoded>${attachments}</AttachmentEncoded></edXML>`;

export const attachment = (
  encoded: string,
  { name = 'a.txt', type = 'text/plain', id = 'cid:1' } = {},
): string =>
  `<Attachment><ContentId>${id}</ContentId><AttachmentName>${name}</AttachmentName><ContentType>${type}</ContentType>` +
  `<edXML:ContentTransferEncoded xmlns:edXML="${NS}">${encoded}</edXML:ContentTransferEncoded></Attachment>`;

export const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;

/** Throws with xmllint's words when `bytes` aren't well-formed. */
export const xmllint = (bytes: Buffer): void => {
  execFileSync('xmllint', ['--noout', '--huge', '-'], { input: bytes, stdio: ['pipe', 'pipe', 'pipe'] });
};
