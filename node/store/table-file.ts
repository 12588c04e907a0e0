/**
 * Checks one LevelDB table file (.ldb) against the checksums inside it, which LevelDB itself does not look at:
 * every data block, the filter (a flipped bit there makes a key seem absent), the meta index and the index.
 * Layout: leveldb/doc/table_format.md; the engine writes tables uncompressed, so blocks are read as they lie.
 * Pure over the bytes of one file, which is at most a few MiB.
 */
import type { Bytes } from '../core/bytes.ts';
import { crc32c } from './crc32c.ts';
import { VarintReader } from './varint.ts';

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
const TRAILER_BYTES = 5;
const MASK_DELTA = 0xa282ead8;
/** A table's keys end in eight bytes of LevelDB's own: sequence and type. */
const INTERNAL_BYTES = 8;

/** Keys after `after` (or all) up to and including `upTo` (or all) may be altered or missing. */
export interface DamagedKeys {
  after: Bytes | undefined;
  upTo: Bytes | undefined;
}

const EVERYTHING: readonly DamagedKeys[] = [{ after: undefined, upTo: undefined }];

interface Handle {
  offset: number;
  size: number;
}

/** The keys put in doubt by what is damaged in this table; empty when it is whole. */
export function damagedKeysOf(table: Bytes): readonly DamagedKeys[] {
  try {
    if (table.byteLength < FOOTER_BYTES) return EVERYTHING;
    const footer = table.subarray(table.byteLength - FOOTER_BYTES);
    const view = new DataView(footer.buffer, footer.byteOffset, FOOTER_BYTES);
    if (view.getBigUint64(40, true) !== MAGIC) return EVERYTHING;
    const reader = new VarintReader(footer);
    const metaIndex = blockAt(table, handleFrom(reader));
    const index = blockAt(table, handleFrom(reader));
    if (metaIndex === undefined || index === undefined) return EVERYTHING;
    for (const { value } of entriesOf(metaIndex))
      if (blockAt(table, handleFrom(new VarintReader(value))) === undefined) return EVERYTHING;
    return damagedBlocks(table, index);
  } catch {
    return EVERYTHING;
  }
}

function damagedBlocks(table: Bytes, index: Bytes): DamagedKeys[] {
  const found: DamagedKeys[] = [];
  let after: Bytes | undefined;
  for (const { key, value } of entriesOf(index)) {
    const upTo = key.slice(0, -INTERNAL_BYTES);
    if (blockAt(table, handleFrom(new VarintReader(value))) === undefined) found.push({ after, upTo });
    after = upTo;
  }
  return found;
}

/** A block's bytes, or undefined when its checksum doesn't hold. */
function blockAt(table: Bytes, { offset, size }: Handle): Bytes | undefined {
  const end = offset + size + TRAILER_BYTES;
  if (end > table.byteLength - FOOTER_BYTES) return undefined;
  const stored = new DataView(table.buffer, table.byteOffset + offset + size + 1, 4).getUint32(0, true);
  const crc = crc32c(table.subarray(offset, offset + size + 1));
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
  return masked === stored ? table.subarray(offset, offset + size) : undefined;
}

function* entriesOf(block: Bytes): Generator<{ key: Bytes; value: Bytes }> {
  const restarts = new DataView(block.buffer, block.byteOffset + block.byteLength - 4, 4).getUint32(0, true);
  const reader = new VarintReader(block.subarray(0, block.byteLength - 4 - restarts * 4));
  let key: Bytes = new Uint8Array(0);
  while (!reader.done) {
    const shared = reader.next();
    const own = reader.next();
    const length = reader.next();
    const next = new Uint8Array(shared + own);
    next.set(key.subarray(0, shared));
    next.set(reader.take(own), shared);
    key = next;
    yield { key, value: reader.take(length) };
  }
}

function handleFrom(reader: VarintReader): Handle {
  return { offset: reader.next(), size: reader.next() };
}
