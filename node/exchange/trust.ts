/**
 * Whose word a signed envelope is: signatures checked (signing) and certificates held against the directory.
 * Every answer is a typed fault or the parsed statement; nothing here writes or waits. Called by inbox (documents,
 * dispatches), courier (receipts, refusals) and the reading side (verify).
 */
import {
  type Dispatch,
  type Document,
  dispatch as dispatchCodec,
  document as documentCodec,
  type Receipt,
  type Refusal,
  receipt as receiptCodec,
  refusal as refusalCodec,
  type Signed,
  type Status,
  signed as signedCodec,
  status as statusCodec,
} from '../../proto/messages.ts';
import { type Bytes, sha256 } from '../core/bytes.ts';
import type { ErrorCode } from '../core/errors.ts';
import { idOf, KINDS } from '../signing/envelope.ts';
import { type CheckedSignature, checkSignatures, VerifiedRoots } from '../signing/verify.ts';
import type { ListedCertificate, TrustedDirectory } from './ports.ts';

/** A statement as received: its exact bytes, their hash, its id and content. */
export interface Statement<T> {
  readonly bytes: Bytes;
  readonly hash: Bytes;
  readonly id: Bytes;
  readonly signed: Signed;
  readonly content: T;
}

interface PayloadCodec<T> {
  parse(bytes: Bytes): T;
}

/** Reads an envelope of one kind; undefined when it isn't one. The federation decides the id. */
function read<T>(
  bytes: Bytes,
  kind: string,
  codec: PayloadCodec<T>,
  federationId: Bytes,
): Statement<T> | undefined {
  try {
    const signed = signedCodec.parse(bytes);
    if (signed.kind !== kind) return undefined;
    const content = codec.parse(signed.payload);
    return { bytes, hash: sha256(bytes), id: idOf(kind, federationId, signed.payload), signed, content };
  } catch {
    return undefined;
  }
}

/** Whether the bytes are an envelope of the same thing in a version this node doesn't read: not malformed, only newer. */
export function isOtherVersion(bytes: Bytes, kind: string): boolean {
  try {
    const of = signedCodec.parse(bytes).kind;
    return (
      of !== kind &&
      /^\d+$/.test(of.slice(of.indexOf('/') + 1)) &&
      of.split('/', 1)[0] === kind.split('/', 1)[0]
    );
  } catch {
    return false;
  }
}

export const readDocument = (bytes: Bytes, federationId: Bytes): Statement<Document> | undefined =>
  read(bytes, KINDS.document, documentCodec, federationId);
export const readDispatch = (bytes: Bytes, federationId: Bytes): Statement<Dispatch> | undefined =>
  read(bytes, KINDS.dispatch, dispatchCodec, federationId);
export const readReceipt = (bytes: Bytes, federationId: Bytes): Statement<Receipt> | undefined =>
  read(bytes, KINDS.receipt, receiptCodec, federationId);
export const readRefusal = (bytes: Bytes, federationId: Bytes): Statement<Refusal> | undefined =>
  read(bytes, KINDS.refusal, refusalCodec, federationId);
export const readStatus = (bytes: Bytes, federationId: Bytes): Statement<Status> | undefined =>
  read(bytes, KINDS.status, statusCodec, federationId);

export class Trust {
  readonly #directory: () => TrustedDirectory;
  readonly #roots = new VerifiedRoots();

  constructor(directory: () => TrustedDirectory) {
    this.#directory = directory;
  }

  /** Every signature of an envelope with its certificate as the directory lists it. */
  signatures(signed: Signed): CheckedSignature<ListedCertificate>[] {
    const directory = this.#directory();
    return checkSignatures(signed, directory.federationId, (sha) => directory.certificate(sha), this.#roots);
  }

  /** Fault of a document: each signature must verify, the agency's seal comes last and counts for the issuing unit. */
  documentFault(document: Statement<Document>, atMs: number): ErrorCode | undefined {
    const checked = this.signatures(document.signed);
    const seal = checked.at(-1);
    if (seal === undefined || seal.role !== 'seal') return 'signature-invalid';
    return (
      faultOf(checked) ??
      this.#directory().sealFault(seal.certificateSha256, document.content.issuer.code, atMs)
    );
  }

  /** Fault of a statement a seat makes by itself: exactly one signature, by that seat's service key. Times as the directory's. */
  serviceFault(signed: Signed, seat: string, atMs: number, nowMs = atMs): ErrorCode | undefined {
    const checked = this.signatures(signed);
    const only = checked[0];
    if (only === undefined || checked.length !== 1 || only.role !== 'service') return 'signature-invalid';
    return faultOf(checked) ?? this.#directory().serviceFault(only.certificateSha256, seat, atMs, nowMs);
  }
}

/** An unknown certificate may only be new to us; every other fault follows from the bytes. */
function faultOf(checked: readonly CheckedSignature[]): ErrorCode | undefined {
  let unknown: ErrorCode | undefined;
  for (const { fault } of checked) {
    if (fault === 'unknown-certificate') unknown = 'unknown-certificate';
    else if (fault !== undefined) return 'signature-invalid';
  }
  return unknown;
}
