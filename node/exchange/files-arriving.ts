/**
 * Files of circulars that are being pulled here: what of them is here and checked may be handed on to other recipients
 * while the rest still comes. A document's files are here from the moment its offer was found good until it is
 * committed, when its arrival speaks for it, or given up. In memory only: a partial file after a restart is handed on
 * again when its document is offered again. Filled by collector and blob-puller, read by blob-access.
 */
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import type { BlobReceiver } from '../store/blob-receiver.ts';
import type { LeasedBlob } from '../store/blobs.ts';
import type { ChunkBuffer } from '../store/chunk-buffer.ts';
import { bitsOf } from './chunk-bits.ts';

export class FilesArriving {
  readonly #documents = new Map<string, Set<ArrivingDocument>>();

  /** A document whose offer was found good. End it. */
  begin(documentId: Bytes, fromSeat: string): ArrivingDocument {
    const name = hex(documentId);
    const same = this.#documents.get(name) ?? new Set();
    this.#documents.set(name, same);
    const document = new ArrivingDocument(fromSeat, () => {
      same.delete(document);
      if (same.size === 0) this.#documents.delete(name);
    });
    same.add(document);
    return document;
  }

  /** The file where it is being pulled here for that document, and who offered that. */
  find(documentId: Bytes, sha256: Bytes): { file: ArrivingFile; fromSeat: string } | undefined {
    for (const { files, fromSeat } of this.#documents.get(hex(documentId)) ?? []) {
      const file = files.find((one) => equalBytes(one.sha256, sha256));
      if (file !== undefined) return { file, fromSeat };
    }
    return undefined;
  }
}

export class ArrivingDocument {
  readonly fromSeat: string;
  readonly files: ArrivingFile[] = [];
  /** It is committed, or given up. */
  readonly end: () => void;

  constructor(fromSeat: string, end: () => void) {
    this.fromSeat = fromSeat;
    this.end = end;
  }

  receiving(sha256: Bytes, chunkHashes: readonly Bytes[], receiver: BlobReceiver<LeasedBlob>): ArrivingFile {
    const file = new ArrivingFile(sha256, chunkHashes, receiver);
    this.files.push(file);
    return file;
  }
}

export class ArrivingFile {
  readonly sha256: Bytes;
  readonly chunkHashes: readonly Bytes[];
  readonly #receiver: BlobReceiver<LeasedBlob>;
  readonly #listeners = new Set<() => void>();
  /** It lies whole under its name, or its transfer stopped. */
  readonly ended: Promise<void>;
  #end!: () => void;

  constructor(sha256: Bytes, chunkHashes: readonly Bytes[], receiver: BlobReceiver<LeasedBlob>) {
    this.sha256 = sha256;
    this.chunkHashes = chunkHashes;
    this.#receiver = receiver;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** The chunks that are here. */
  held(): Bytes {
    return bitsOf(this.chunkHashes.length, (index) => this.#receiver.has(index));
  }

  has(index: number): boolean {
    return this.#receiver.has(index);
  }

  /** Undefined where it isn't here, or the file is whole and lies under its name. */
  read(index: number): Promise<ChunkBuffer | undefined> {
    return this.#receiver.readChunk(index);
  }

  /** Called whenever there is more; the answer ends it. */
  onMore(call: () => void): () => void {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  grew(): void {
    for (const call of this.#listeners) call();
  }

  end(): void {
    this.#end();
  }
}
