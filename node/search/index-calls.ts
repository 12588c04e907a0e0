/** What is said between a node and the thread of its index: plain data that can be cloned. */

export type Box = 'inbox' | 'outbox';

/** Where a document stands in the lists: by time, then by id. */
export interface Place {
  storedAtMs: number;
  documentId: Uint8Array;
}

/** The end of something of a document that runs or was passed; what may be counted by time. `count` of one kind and end. */
export interface Moment {
  kind: 'due' | 'waiting' | 'confirm' | 'send';
  atMs: number;
  count: number;
}

/** Moments of a kind from `fromMs` on and before `beforeMs`. */
export interface MomentRange {
  box: Box;
  kind: Moment['kind'];
  fromMs?: number;
  beforeMs?: number;
}

export interface IndexEntry extends Place {
  box: Box;
  /** As written; folded by the index. */
  fields: string[];
  /** As `words.facet` gives them. */
  facets: string[];
  moments: Moment[];
}

/** How far the index is, kept with it: what else it knows of its store is the caller's. */
export type Note = string;

export interface FindRequest {
  box: Box;
  /** An expression of search-query.ts, never a person's text. */
  match: string;
  /** Newest first, from after here on. */
  before?: Place;
  /** Stored at this time or later, and before that one. */
  sinceMs?: number;
  untilMs?: number;
  /** Only documents with a moment of kind "due" before this. */
  dueBeforeMs?: number;
  limit: number;
}

export interface Found {
  documentIds: Uint8Array[];
  /** After which document the next page begins; undefined when all was looked through. Fewer than asked may be found. */
  next: Uint8Array | undefined;
}

export interface Compared {
  missing: number;
  different: number;
}

export interface IndexCalls {
  /** Opens the file, made anew when it is missing, damaged or of another version; what was noted last. */
  open(): Note | undefined;
  /** In one transaction: the entries as they are now, and how far that is. The same again changes nothing. */
  write(entries: readonly IndexEntry[], note: Note): void;
  find(request: FindRequest): Found;
  /** Documents indexed. */
  count(): number;
  /** One number for each range. */
  countMoments(ranges: readonly MomentRange[]): number[];
  compare(entries: readonly IndexEntry[]): Compared;
  /** What is wrong with the file itself, in words of SQLite; undefined when nothing is. */
  inspect(): string | undefined;
  /** An empty index in place of this one. */
  reset(): void;
}

export interface IndexCall {
  id: number;
  name: keyof IndexCalls | 'close';
  args: unknown[];
}

/** `damaged` failures end with a new index, `failed` ones are tried again. */
export type IndexAnswer =
  | { id: number; value: unknown }
  | { id: number; error: 'damaged' | 'failed'; reason: string };
