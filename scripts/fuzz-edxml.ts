/**
 * Damages edXML messages in every way it can think of and reads them: each is read or refused with an error of the
 * table, in bounded time; one that is read and allowed is written and read back the same. Inputs follow from the seed.
 *
 *   sh scripts/run-node scripts/fuzz-edxml.ts [--inputs 1000000] [--seed 1]
 *
 * Prints how many ended how; exits 1 at the first that breaks the rule and leaves it in a file. A short run is a test.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { isLienthongError } from '../node/core/errors.ts';
import { checkMessage } from '../node/edxml/check-message.ts';
import { EDXML_LIMITS } from '../node/edxml/limits.ts';
import { type EdxmlRead, readEdxml } from '../node/edxml/read-edxml.ts';
import { writeEdxml } from '../node/edxml/write-edxml.ts';

const SEEDS = path.join(import.meta.dirname, '..', 'test', 'edxml', 'fixtures');
/** Far above what a few KiB need on a busy machine. */
const MAX_INPUT_MS = 5000;
/** Small ones, so that limits are met too. */
const LIMITS = {
  ...EDXML_LIMITS,
  markupBytes: 9000,
  tags: 300,
  textLength: 300,
  attachmentBytes: 3400,
  zipRatioFromBytes: 3300,
  zipRatio: 40,
};
const TOKENS = [
  '<',
  '>',
  '</',
  '/>',
  '&',
  '&amp;',
  '&lol;',
  '&#13;',
  '&#0;',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?',
  '?>',
  '<?lienthong continued?>',
  '"',
  "'",
  '=',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '\0',
  '\ufeff',
  '\r\n',
  'xmlns=""',
  ' xmlns:edXML="urn:x"',
  'edXML:',
  'cid:',
  'UEsDBA==',
  '<edXML:To><edXML:OrganId>H1</edXML:OrganId></edXML:To>',
  '</edXML:MessageHeader>',
  '<Attachment>',
  '<Signature>',
  'application/zip',
  '.zip',
  'PK\x03\x04',
  'PK\x07\x08',
  '\u{10ffff}',
  '\xff',
  '2014/02/30',
].map((text) => Buffer.from(text, text === '\xff' ? 'latin1' : 'utf8'));

/** A generator of numbers from a seed (mulberry32); each below `below`. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Next = (below: number) => number;

/** One change of `bytes`. */
function damaged(bytes: Buffer, next: Next): Buffer {
  const at = next(bytes.length + 1);
  const to = Math.min(bytes.length, at + next(next(8) === 0 ? 2000 : 12));
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (next(8)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[at % copy.length]! ^= 1 << next(8);
      return copy;
    }
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, part, part, after]);
    case 3:
      return before;
    case 4:
      return Buffer.concat([before, Buffer.from([next(256)]), after]);
    case 5: {
      const from = next(bytes.length + 1);
      return Buffer.concat([before, bytes.subarray(from, from + next(300)), after]);
    }
    default:
      return Buffer.concat([
        before,
        TOKENS[next(TOKENS.length)]!,
        next(2) === 0 ? part : Buffer.alloc(0),
        after,
      ]);
  }
}

const BASE64 = /(ContentTransferEncoded[^>]*>)([A-Za-z0-9+/=\s]+)</;

/** Damage below the Base64: the ZIP archive in it. */
function damagedWithin(bytes: Buffer, next: Next): Buffer {
  const text = bytes.toString('latin1');
  const changed = text.replace(BASE64, (_, tag: string, encoded: string) => {
    let content = Buffer.from(encoded, 'base64');
    for (let left = 1 + next(3); left > 0; left--) content = Buffer.from(damaged(content, next));
    return `${tag}${content.toString('base64')}<`;
  });
  return Buffer.from(changed, 'latin1');
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size: number): Promise<EdxmlRead> {
  const sink = {
    async attachment(_: unknown, content: AsyncIterable<Uint8Array>) {
      for await (const _piece of content);
    },
  };
  return await readEdxml(inChunks(bytes, size), sink, LIMITS);
}

/** How one input ended: "read" or the error's code and reason. Throws what breaks the rule. */
async function outcome(input: Buffer, chunk: number): Promise<string> {
  let first: EdxmlRead;
  try {
    first = await read(input, chunk);
  } catch (error) {
    if (!isLienthongError(error) || !error.code.startsWith('edxml-')) throw error;
    return `${error.code} ${error.details.reason}`;
  }
  try {
    checkMessage(first.message);
  } catch (error) {
    if (isLienthongError(error)) return `read, not to be written: ${error.code}`;
    throw error;
  }
  const parts: Buffer[] = [];
  for await (const part of writeEdxml(first.message)) parts.push(part);
  const again = await read(Buffer.concat(parts), 65_536);
  const canonical = (message: EdxmlRead['message']) =>
    // dates of other forms are written in the standard's one
    JSON.parse(JSON.stringify(message, (key, value) => (key === 'text' ? undefined : value)));
  if (!isDeepStrictEqual(canonical(again.message), canonical(first.message)))
    throw new Error('not read back the same');
  return 'read';
}

/** Runs `inputs` inputs; how many ended how. Throws with the input in `cause` at the first that breaks the rule. */
export async function fuzz(inputs: number, seed: number): Promise<Map<string, number>> {
  const next = numbers(seed);
  const originals = readdirSync(SEEDS).map((name) => readFileSync(path.join(SEEDS, name)));
  const ends = new Map<string, number>();
  for (let count = 0; count < inputs; count++) {
    let input: Buffer = originals[next(originals.length)]!;
    if (next(3) === 0) input = damagedWithin(input, next);
    else for (let left = 1 + next(4); left > 0; left--) input = damaged(input, next);
    const chunk = next(4) === 0 ? 1 + next(200) : 65_536;
    const startedAt = performance.now();
    try {
      const end = await outcome(input, chunk);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    } catch (error) {
      throw new Error(`input ${count} of seed ${seed}, chunks of ${chunk}: ${error}`, {
        cause: { error, input },
      });
    }
    const ms = performance.now() - startedAt;
    if (ms > MAX_INPUT_MS)
      throw new Error(`input ${count} of seed ${seed} took ${ms} ms`, { cause: { input } });
  }
  return ends;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  });
  try {
    const ends = await fuzz(Number(values.inputs), Number(values.seed));
    for (const [end, count] of [...ends].sort((a, b) => b[1] - a[1])) console.log(`${count}\t${end}`);
  } catch (error) {
    const { input } = (error as Error).cause as { input: Buffer };
    writeFileSync('fuzz-edxml.input', input);
    console.error(error, '\nthe input is in fuzz-edxml.input');
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
