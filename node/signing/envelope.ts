/**
 * What is signed, byte for byte: ids, scopes and the bytes a signature covers. Pure.
 * WARNING: persisted and on the wire; `openssl dgst -sha256 -verify` accepts `coveredBytes` as they are.
 */
import { type Bytes, concat, EMPTY, sha256, uint32be, utf8 } from '../core/bytes.ts';

const SINGLE_PREFIX = utf8('lienthong/v1\0');
const BATCH_PREFIX = utf8('lienthong/v1/batch\0');

/** Kinds of signed things with the version each is written in. A new field is a new version. */
export const KINDS = {
  document: 'document/1',
  dispatch: 'dispatch/1',
  receipt: 'receipt/1',
  refusal: 'refusal/1',
  status: 'status/1',
  logHead: 'log-head/1',
  head: 'head/1',
  epoch: 'epoch/1',
} as const;
export type Kind = (typeof KINDS)[keyof typeof KINDS];

/** Id of a signed thing: independent of who signed it and how (ECDSA signatures are malleable). */
export const idOf = (kind: string, federationId: Bytes, payload: Bytes): Bytes =>
  sha256(utf8(`lienthong/v1/${kind}\0`), federationId, payload);

/** What a single signature covers: "lienthong/v1\0" ‖ u32be length(scope) ‖ scope ‖ payload. */
export const coveredBytes = (scope: Bytes, payload: Bytes): Bytes =>
  concat(SINGLE_PREFIX, uint32be(scope.byteLength), scope, payload);

/** What a batch signature covers: "lienthong/v1/batch\0" ‖ root. */
export const coveredBatchBytes = (root: Bytes): Bytes => concat(BATCH_PREFIX, root);

/** Leaf data of a batch: SHA-256 of what a single signature would cover. */
export const batchLeafData = (scope: Bytes, payload: Bytes): Bytes =>
  sha256(SINGLE_PREFIX, uint32be(scope.byteLength), scope, payload);

/** Hash of an envelope as received: what `sha256sum` prints for the exported file. */
export const envelopeHash = (signed: Bytes): Bytes => sha256(signed);

export const NO_HEAD: Bytes = EMPTY;
