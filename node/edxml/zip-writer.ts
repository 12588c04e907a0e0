/**
 * A ZIP archive of one entry as a stream, the shape of real messages: deflated, checksum and sizes behind the data. The
 * media type rides in a private extra field, since edXML has no room for it beside application/zip. The same bytes give
 * the same archive (no clock). Used by write-edxml.ts.
 */
import { pipeline, Readable } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';
import {
  CENTRAL_HEADER,
  CENTRAL_HEADER_BYTES,
  DESCRIPTOR,
  END_RECORD,
  END_RECORD_BYTES,
  FLAG_DESCRIPTOR,
  FLAG_UTF8,
  LOCAL_HEADER,
  LOCAL_HEADER_BYTES,
  METHOD_DEFLATED,
  mediaTypeExtra,
} from './zip-format.ts';

/** 2.0: deflate. */
const VERSION = 20;
/** 1 January 1980, the format's zero. */
const DOS_DATE = 0x21;
/** What offices attach is compressed already; level 1 costs a third of level 6 and loses some per cent. */
const LEVEL = 1;
const OUTPUT_BYTES = 65_536;

interface Sums {
  crc: number;
  size: number;
  compressed: number;
}

/** `name` lies in no folder. At most 4 GiB: the caller's limits are far below. */
export async function* zipped(
  name: string,
  mediaType: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const names = Buffer.concat([Buffer.from(name), mediaTypeExtra(mediaType)]);
  const nameLength = Buffer.byteLength(name);
  const sums: Sums = { crc: 0, size: 0, compressed: 0 };
  const header = Buffer.alloc(LOCAL_HEADER_BYTES);
  header.writeUInt32LE(LOCAL_HEADER, 0);
  common(header, 4, { crc: 0, size: 0, compressed: 0 }, nameLength, names.length - nameLength);
  yield Buffer.concat([header, names]);
  for await (const piece of deflated(bytes, sums)) {
    sums.compressed += piece.length;
    yield piece;
  }
  const offset = header.length + names.length + sums.compressed;
  yield trailer(names, nameLength, sums, offset);
}

async function* deflated(bytes: AsyncIterable<Uint8Array>, sums: Sums): AsyncGenerator<Buffer> {
  const deflate = createDeflateRaw({ level: LEVEL, chunkSize: OUTPUT_BYTES });
  const counted = async function* () {
    for await (const piece of bytes) {
      sums.crc = crc32(piece, sums.crc);
      sums.size += piece.length;
      if (piece.length > 0) yield piece;
    }
  };
  // an error of the source ends the loop below
  pipeline(Readable.from(counted(), { objectMode: false }), deflate, () => {});
  for await (const piece of deflate as AsyncIterable<Buffer>) yield piece;
}

function trailer(names: Buffer, nameLength: number, sums: Sums, offset: number): Buffer {
  const descriptor = Buffer.alloc(16);
  descriptor.writeUInt32LE(DESCRIPTOR, 0);
  descriptor.writeUInt32LE(sums.crc, 4);
  descriptor.writeUInt32LE(sums.compressed, 8);
  descriptor.writeUInt32LE(sums.size, 12);
  const central = Buffer.alloc(CENTRAL_HEADER_BYTES);
  central.writeUInt32LE(CENTRAL_HEADER, 0);
  central.writeUInt16LE(VERSION, 4);
  common(central, 6, sums, nameLength, names.length - nameLength);
  const end = Buffer.alloc(END_RECORD_BYTES);
  end.writeUInt32LE(END_RECORD, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + names.length, 12);
  end.writeUInt32LE(offset + descriptor.length, 16);
  return Buffer.concat([descriptor, central, names, end]);
}

/** The fields both headers share, in one order, from `at` on. */
function common(header: Buffer, at: number, sums: Sums, nameLength: number, extraLength: number): void {
  header.writeUInt16LE(VERSION, at);
  header.writeUInt16LE(FLAG_DESCRIPTOR | FLAG_UTF8, at + 2);
  header.writeUInt16LE(METHOD_DEFLATED, at + 4);
  header.writeUInt16LE(0, at + 6);
  header.writeUInt16LE(DOS_DATE, at + 8);
  header.writeUInt32LE(sums.crc, at + 10);
  header.writeUInt32LE(sums.compressed, at + 14);
  header.writeUInt32LE(sums.size, at + 18);
  header.writeUInt16LE(nameLength, at + 22);
  header.writeUInt16LE(extraLength, at + 24);
}
