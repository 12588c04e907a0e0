/**
 * Signs again what no longer counts, before it is offered or shown: where the certificate of a dispatch, of a document's
 * seal or of a stored receipt has run out or was revoked and replaced, its successor on this node signs the same payload,
 * so the ids stay. The new envelope is durable before anyone sees it, and the old one is kept beside it for the receipts
 * that name it. A crash before the commit leaves what was; after it, the new form is what is offered. Only this agency's
 * own signatures are made again, with the key the directory lists for the same role now; without such a key the delivery
 * waits, and says why. Called by seat-courier for what it reads from the queue, and by the inbox for repeats.
 */
import {
  type ArrivalRow,
  type DeliveryRow,
  document as documentCodec,
  type Signed,
  scope as scopeCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, hex, sha256 } from '../core/bytes.ts';
import { type ErrorCode, isLienthongError, LienthongError } from '../core/errors.ts';
import { roleOfWire } from '../signing/roles.ts';
import { addSignature, type SigningIdentity } from '../signing/sign.ts';
import { arrivalChange, getArrival } from '../store/arrivals.ts';
import { carriedKeyOf, dispatchChange, getDelivery } from '../store/deliveries.ts';
import { documentChange, getDocument } from '../store/documents.ts';
import { earlierEnvelopeWrite } from '../store/earlier-envelopes.ts';
import type { Batch } from '../store/key-value.ts';
import { prepareOffer } from './attempt.ts';
import type { FreshOffer } from './fresh-offers.ts';
import type { ExchangeComponents, TrustedDirectory } from './ports.ts';

/** Seats that share a document meet here; each round one of them has moved on. */
const MOST_ROUNDS = 5;
/** What a successor cures. Everything else about a certificate is no matter of its signature's age. */
const CURABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'certificate-expired',
  'certificate-revoked',
  'unknown-certificate',
  'seal-scope',
]);

export type FreshSignaturesComponents = Pick<
  ExchangeComponents,
  'store' | 'blobs' | 'directory' | 'self' | 'clock' | 'report'
>;

export class FreshSignatures {
  readonly #with: FreshSignaturesComponents;

  constructor(components: FreshSignaturesComponents) {
    this.#with = components;
  }

  /**
   * The delivery with signatures that count now, as it is on disk. Throws the fault by its code (details: what it is the
   * certificate of) where this node has no successor; 'damaged' as `prepareOffer`.
   */
  async ofDelivery(row: DeliveryRow): Promise<FreshOffer> {
    const { store, blobs } = this.#with;
    let found: FreshOffer = { row, offered: await prepareOffer(row, store, blobs) };
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const dispatch = this.#faultOfService(found.row.dispatch);
      const seal = row.statusSequence > 0 ? undefined : this.#faultOfSeal(found.offered.document);
      if (dispatch === undefined && seal === undefined) return found;
      try {
        if (dispatch !== undefined) await this.#dispatchAgain(found.row, dispatch);
        if (seal !== undefined) await this.#sealAgain(found.row, seal);
      } catch (error) {
        if (!isLienthongError(error, 'state-changed')) throw error;
      }
      const now = await getDelivery(store, carriedKeyOf(row));
      if (now === undefined) throw new LienthongError('damaged', { where: 'delivery' });
      found = { row: now, offered: await prepareOffer(now, store, blobs) };
    }
    return found;
  }

  /**
   * The receipt a repeat gets: the stored one, byte for byte, for as long as who asks can accept it (one whose certificate
   * ran out in the ordinary way it accepts as of its time); where the certificate was revoked, the same receipt signed again.
   */
  async ofArrival(row: ArrivalRow): Promise<Bytes> {
    const fault = this.#faultOfService(row.receipt, row.storedAtMs);
    if (fault === undefined) return row.receipt;
    const { store } = this.#with;
    const own = this.#service();
    if (own === undefined) return row.receipt;
    const receipt = await this.#sign(row.receipt, own);
    try {
      await this.#commit(
        'receipt',
        row,
        { old: row.receipt, fault },
        arrivalChange(row, { ...row, receipt }),
      );
      return receipt;
    } catch (error) {
      if (!isLienthongError(error, 'state-changed')) throw error;
      // a repeat that asked at the same moment was first
      return (await getArrival(store, row.documentId, row.unit))?.receipt ?? row.receipt;
    }
  }

  async #dispatchAgain(row: DeliveryRow, fault: ErrorCode): Promise<void> {
    const own = this.#service();
    if (own === undefined) throw new LienthongError(fault, { role: 'service' });
    const dispatch = await this.#sign(row.dispatch, own);
    await this.#commit(
      'dispatch',
      row,
      { old: row.dispatch, fault },
      dispatchChange(row, { ...row, dispatch }),
    );
  }

  async #sealAgain(of: DeliveryRow, fault: ErrorCode): Promise<void> {
    const { store, self } = this.#with;
    const row = await getDocument(store, of.documentId);
    if (row === undefined) throw new LienthongError('damaged', { where: 'document' });
    // another seat's courier was first
    if (this.#faultOfSeal(row.envelope) === undefined) return;
    const unit = issuerOf(signedCodec.parse(row.envelope));
    const own = self.seal(unit);
    if (
      own === undefined ||
      !row.outgoing ||
      this.#isAnothers(row.envelope) ||
      this.#sealFault(own.certificateSha256, unit) !== undefined
    )
      throw new LienthongError(fault, { role: 'seal' });
    const envelope = await this.#sign(row.envelope, own);
    await this.#commit(
      'document',
      of,
      { old: row.envelope, fault },
      documentChange(row, { ...row, envelope }),
    );
  }

  /** The signatures before the last one stay; the last one is made again by `own` and names them as it did. */
  async #sign(envelope: Bytes, own: SigningIdentity): Promise<Bytes> {
    const { clock } = this.#with;
    const { federationId, headHash } = this.#directory;
    const { kind, payload, signatures } = signedCodec.parse(envelope);
    const unsigned = signedCodec.encode({ kind, payload, signatures: signatures.slice(0, -1) });
    return addSignature(unsigned, own, { federationId, headHash, claimedAtMs: clock.nowMs() });
  }

  async #commit(
    what: 'document' | 'dispatch' | 'receipt',
    { documentId, unit }: Pick<DeliveryRow, 'documentId' | 'unit'>,
    { old, fault }: { old: Bytes; fault: ErrorCode },
    { require, writes }: Required<Pick<Batch, 'require' | 'writes'>>,
  ): Promise<void> {
    const { store, clock, report } = this.#with;
    const fields = [
      { name: 'document', value: hex(documentId) },
      { name: 'unit', value: unit },
      { name: 'what', value: what },
      { name: 'before', value: hex(sha256(old)) },
      { name: 'reason', value: fault },
    ];
    await store.commit({
      require,
      writes: [...writes, earlierEnvelopeWrite(documentId, old)],
      audit: [{ atMs: clock.nowMs(), event: 'document.signed-again', fields }],
    });
    report('document.signed-again', { what, document: hex(documentId), to: unit, reason: fault });
  }

  /** This node's service key where its certificate counts now. */
  #service(): SigningIdentity | undefined {
    const { self } = this.#with;
    try {
      const own = self.service();
      const fault = this.#directory.serviceFault(own.certificateSha256, self.seat, this.#nowMs);
      return fault === undefined ? own : undefined;
    } catch (error) {
      if (isLienthongError(error, 'unknown-certificate')) return undefined;
      throw error;
    }
  }

  #faultOfService(envelope: Bytes, atMs = this.#nowMs): ErrorCode | undefined {
    const { certificateSha256 } = lastScope(signedCodec.parse(envelope));
    const { seat } = this.#with.self;
    return curable(this.#directory.serviceFault(certificateSha256, seat, atMs, this.#nowMs));
  }

  #faultOfSeal(envelope: Bytes): ErrorCode | undefined {
    const signed = signedCodec.parse(envelope);
    return curable(this.#sealFault(lastScope(signed).certificateSha256, issuerOf(signed)));
  }

  #sealFault(certificateSha256: Bytes, unit: string): ErrorCode | undefined {
    return this.#directory.sealFault(certificateSha256, unit, this.#nowMs);
  }

  /** Whether the last signature is another agency's, by what the directory says of its certificate. */
  #isAnothers(envelope: Bytes): boolean {
    const { certificateSha256, role } = lastScope(signedCodec.parse(envelope));
    const agency = this.#directory.certificate(certificateSha256)?.agency ?? this.#with.self.agency;
    return roleOfWire(role) !== 'seal' || agency !== this.#with.self.agency;
  }

  get #directory(): TrustedDirectory {
    return this.#with.directory();
  }

  get #nowMs(): number {
    return this.#with.clock.nowMs();
  }
}

const curable = (fault: ErrorCode | undefined): ErrorCode | undefined =>
  fault !== undefined && CURABLE.has(fault) ? fault : undefined;

/** Of what this node made or has accepted: there is one. */
const lastScope = ({ signatures }: Signed) => scopeCodec.parse(signatures.at(-1)!.scope!);

const issuerOf = ({ payload }: Signed): string => documentCodec.parse(payload).issuer.code;
