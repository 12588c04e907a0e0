/**
 * Whether an offer may come in: every rule a receiver checks before it spends disk on a document, in one place, in
 * order. A fault is `never` only when it follows from the offered bytes alone; all that depends on directory, clock,
 * policy or room is `later`. Pure but for the directory it asks. Called by inbox.
 */
import type { Dispatch, Document } from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { classificationOfWire } from '../core/classification.ts';
import { isDay } from '../core/dates.ts';
import type { ErrorCode } from '../core/errors.ts';
import { MAX_ATTACHMENT_BYTES } from '../core/field-limits.ts';
import { CHUNK_BYTES } from '../store/blob-facts.ts';
import { type Fault, later, never } from './faults.ts';
import type { TrustedDirectory } from './ports.ts';
import type { Statement, Trust } from './trust.ts';

export interface Offered {
  dispatch: Statement<Dispatch>;
  document: Statement<Document>;
  /** The seat at the other end of the connection. */
  fromSeat: string;
  /** Other recipients it named, where it is a circular's sender. */
  helpers?: readonly string[];
}

export class Admission {
  readonly #directory: () => TrustedDirectory;
  readonly #trust: Trust;
  readonly #seat: string;

  constructor(components: { directory: () => TrustedDirectory; trust: Trust; seat: string }) {
    this.#directory = components.directory;
    this.#trust = components.trust;
    this.#seat = components.seat;
  }

  /** Whether the peer is the agency the document says it comes from: asked before anything is told about a repeat. */
  senderFault({ document, fromSeat }: Offered): Fault | undefined {
    const peer = this.#directory().agencyOfSeat(fromSeat);
    const { senderAgency, issuer } = document.content;
    if (peer !== senderAgency) {
      return later(
        'sender-mismatch',
        `document is from ${senderAgency}, connection from ${peer ?? 'nobody known'}`,
      );
    }
    const service = this.#directory().service(issuer.code!);
    if (service.kind === 'served' && service.agency !== senderAgency) {
      return later('sender-mismatch', `unit ${issuer.code} is served by ${service.agency}`);
    }
    return undefined;
  }

  /** First rule the offer breaks, or undefined. */
  fault(offered: Offered, nowMs: number): Fault | undefined {
    return (
      this.#contentFault(offered) ??
      this.#signatureFault(offered, nowMs) ??
      this.#addressFault(offered) ??
      this.#freshnessFault(nowMs)
    );
  }

  #contentFault({ dispatch, document }: Offered): Fault | undefined {
    if (!equalBytes(dispatch.content.documentId, document.id))
      return never('malformed', 'dispatch names another document');
    const classification = classificationOfWire(document.content.classification);
    if (classification !== 'thuong')
      return never('classified', `classification ${classification ?? 'not declared'}`);
    if (!isUuidV7(document.content.exchangeId)) return never('malformed', 'exchange id is no UUIDv7');
    if (!isDay(document.content.date)) return never('malformed', `date ${document.content.date}`);
    const files = new Map<string, string>();
    for (const { sha256, size, chunkSize, chunkRoot, name } of document.content.attachments) {
      const facts = `${size} ${hex(chunkRoot!)}`;
      if ((files.get(hex(sha256!)) ?? facts) !== facts)
        return never('malformed', `attachment ${name}: one hash, two files`);
      files.set(hex(sha256!), facts);
      if (size > MAX_ATTACHMENT_BYTES) return never('oversize', `attachment ${name}: ${size} bytes`);
      if (chunkSize !== CHUNK_BYTES)
        return never('malformed', `attachment ${name}: chunks of ${chunkSize} bytes`);
    }
    return undefined;
  }

  #signatureFault({ dispatch, document, fromSeat }: Offered, nowMs: number): Fault | undefined {
    const named = (what: string, code: ErrorCode): Fault =>
      code === 'signature-invalid' ? never(code, what) : later(code, what);
    const seal = this.#trust.documentFault(document, nowMs);
    if (seal !== undefined) return named(`seal of ${document.content.issuer.code}`, seal);
    const service = this.#trust.serviceFault(dispatch.signed, fromSeat, nowMs);
    return service && named(`dispatch by ${fromSeat}`, service);
  }

  #addressFault({ dispatch }: Offered): Fault | undefined {
    const { unit } = dispatch.content;
    const service = this.#directory().service(unit);
    if (service.kind === 'served' && service.seat === this.#seat) return undefined;
    if (service.kind === 'served')
      return later('moved', `${unit} is served by ${service.seat}`, service.seat);
    if (service.kind === 'merged') return later('moved', `${unit} became ${service.into}`, service.into);
    return later('unknown-recipient', `${unit} is not served here`);
  }

  #freshnessFault(nowMs: number): Fault | undefined {
    const { validUntilMs, version, headHash } = this.#directory();
    if (nowMs <= validUntilMs) return undefined;
    return later(
      'directory-expired',
      `directory version ${version} (${hex(headHash).slice(0, 8)}) has expired`,
    );
  }
}

/** Whether nothing has to be pulled: every attachment came along. */
export const isAllInline = ({ document }: Offered, inlineBlobs: readonly Bytes[]): boolean =>
  document.content.attachments.length <= inlineBlobs.length;

/** What it is to an agency's day: the document and its attachments, in bytes. */
export const bytesOf = ({ document: { bytes, content } }: Offered): number =>
  content.attachments.reduce((sum, { size }) => sum + (size ?? 0), bytes.byteLength);

/** What it costs to find out whether it may come in. */
export const signaturesOf = ({ dispatch, document }: Offered): number =>
  document.signed.signatures.length + dispatch.signed.signatures.length;

/** RFC 9562: version 7 in the seventh byte, variant 10 in the ninth. */
const isUuidV7 = (bytes: Bytes): boolean => bytes[6]! >> 4 === 7 && bytes[8]! >> 6 === 2;
