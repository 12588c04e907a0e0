/** ZIP archives made by hand, right and wrong in every way a test needs. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface Entry {
  name: string;
  content: Buffer;
  stored?: boolean;
  /** Checksum and sizes behind the data. */
  descriptor?: 'signed' | 'plain' | 'wide';
  flags?: number;
  method?: number;
  crc?: number;
  /** Sizes as the local header says them. */
  sizes?: [compressed: number, size: number];
  data?: Buffer;
  extra?: Buffer;
}

export function zip(entries: readonly Entry[], { listed = entries.length, end = true } = {}): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  for (const entry of entries) {
    const data = entry.data ?? (entry.stored ? entry.content : deflateRawSync(entry.content));
    const crc = entry.crc ?? crc32(entry.content);
    const flags = (entry.flags ?? 0) | 0x0800 | (entry.descriptor ? 8 : 0);
    const method = entry.method ?? (entry.stored ? 0 : 8);
    const name = Buffer.from(entry.name);
    const extra = entry.extra ?? Buffer.alloc(0);
    const known = entry.sizes ?? [data.length, entry.content.length];
    const [compressed, size] = entry.descriptor ? [0, 0] : known;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(entry.descriptor ? 0 : crc, 14);
    local.writeUInt32LE(compressed, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(extra.length, 28);
    parts.push(local, name, extra, data);
    if (entry.descriptor) parts.push(descriptor(entry.descriptor, crc, data.length, entry.content.length));
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(flags, 8);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(crc, 16);
    record.writeUInt32LE(data.length, 20);
    record.writeUInt32LE(entry.content.length, 24);
    record.writeUInt16LE(name.length, 28);
    central.push(record, name);
  }
  const offset = Buffer.concat(parts).length;
  const directory = Buffer.concat(central.slice(0, listed * 2));
  const last = Buffer.alloc(22);
  last.writeUInt32LE(0x06054b50, 0);
  last.writeUInt16LE(listed, 8);
  last.writeUInt16LE(listed, 10);
  last.writeUInt32LE(directory.length, 12);
  last.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, ...(end ? [last] : [])]);
}

function descriptor(
  form: 'signed' | 'plain' | 'wide',
  crc: number,
  compressed: number,
  size: number,
): Buffer {
  const bytes = Buffer.alloc(form === 'wide' ? 24 : 16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(crc, 4);
  if (form === 'wide') {
    bytes.writeBigUInt64LE(BigInt(compressed), 8);
    bytes.writeBigUInt64LE(BigInt(size), 16);
  } else {
    bytes.writeUInt32LE(compressed, 8);
    bytes.writeUInt32LE(size, 12);
  }
  return form === 'plain' ? bytes.subarray(4) : bytes;
}
