/** A peer whose every byte the test makes itself, with the real keys of an enrolled agency: what a forger could send. */
import { randomBytes } from 'node:crypto';
import { parse as parseUuid, v7 as uuidv7 } from 'uuid';
import { type Bytes, sha256, utf8 } from '../../node/core/bytes.ts';
import { leafHash } from '../../node/core/merkle.ts';
import type { Frames } from '../../node/exchange/ports.ts';
import { idOf } from '../../node/signing/envelope.ts';
import { addSignature, type Claims, type SigningIdentity, sign } from '../../node/signing/sign.ts';
import {
  dispatch as dispatchCodec,
  document as documentCodec,
  logStatement,
  offerFrame,
  outcomeFrame,
  receipt as receiptCodec,
  refusal as refusalCodec,
  signed as signedCodec,
  status as statusCodec,
} from '../../proto/messages.ts';
import type { TestFederation, TestNode } from './federation.ts';
import { memoryFrames } from './memory-frames.ts';

type Fields = Record<string, unknown>;

export const newExchangeId = (): Bytes => Uint8Array.from(parseUuid(uuidv7({ random: randomBytes(16) })));

const FILE = utf8('Điều 1.');
export const hash = (text: string): Bytes => sha256(utf8(text));

export class HandMadePeer {
  readonly federation: TestFederation;
  readonly node: TestNode;
  #sequence = 0;

  constructor(federation: TestFederation, node: TestNode) {
    this.federation = federation;
    this.node = node;
  }

  get claims(): Claims {
    const { federationId, headHash } = this.federation.authority.directory.require();
    return { federationId, headHash, claimedAtMs: this.federation.clock.nowMs() };
  }

  content(change: Fields = {}): Fields {
    const agency = this.node.who.agency;
    return {
      exchangeId: newExchangeId(),
      businessKind: 1,
      classification: 1,
      issuer: { code: agency },
      senderAgency: agency,
      number: '1',
      date: '2026-01-15',
      type: { name: 'Quyết định' },
      subject: 'Phê duyệt',
      attachments: [this.attachment()],
      ...change,
    };
  }

  attachment(change: Fields = {}): Fields {
    const facts = {
      sha256: sha256(FILE),
      size: FILE.byteLength,
      chunkSize: 1024 * 1024,
      chunkRoot: leafHash(FILE),
    };
    return { ...facts, name: 'a.txt', mediaType: 'text/plain', role: 1, ...change };
  }

  /** A signed document; `by` signs as the seal. */
  async document(
    change: Fields = {},
    by: SigningIdentity = this.node.own.seal()!,
    kind = 'document/1',
  ): Promise<Bytes> {
    return sign({ kind, payload: documentCodec.encode(this.content(change) as never) }, by, this.claims);
  }

  idOf(envelope: Bytes): Bytes {
    const { kind, payload } = signedCodec.parse(envelope);
    return idOf(kind, this.claims.federationId, payload);
  }

  async dispatch(
    document: Bytes,
    change: Fields = {},
    by: SigningIdentity = this.node.own.service(),
    kind = 'dispatch/1',
  ) {
    const logHead = { epoch: 1, size: 0, root: hash('log') };
    const fields = {
      documentId: this.idOf(document),
      unit: 'H40',
      urgency: 1,
      circular: false,
      logHead,
      ...change,
    };
    return sign({ kind, payload: dispatchCodec.encode(fields as never) }, by, this.claims);
  }

  /** Opens a delivery stream to a node as this peer (or as another seat) and offers once. */
  async offer(to: TestNode, document: Bytes, dispatch: Bytes, change: Fields = {}, as = this.node.who.seat) {
    const { client, server } = memoryFrames((frame) => [frame]);
    const served = to.exchange.serveDelivery(server, as);
    const offer = {
      sequence: ++this.#sequence,
      dispatches: [dispatch],
      document,
      inlineBlobs: [FILE],
      ...change,
    };
    await client.write(offerFrame.encode(offer as never));
    const frame = await client.read();
    await client.close();
    await served;
    const [outcome] = outcomeFrame.parse(frame!).outcomes;
    return { ...this.read(outcome!), retryAfterMs: outcome!.retryAfterMs ?? 0 };
  }

  /** What an outcome says, and its signed bytes. */
  read(outcome: { receipt?: Bytes | null; refusal?: Bytes | null }) {
    if (outcome.receipt) {
      const content = receiptCodec.parse(signedCodec.parse(outcome.receipt).payload);
      return { kind: 'receipt' as const, code: '', retry: '', bytes: outcome.receipt, content };
    }
    const bytes = outcome.refusal!;
    const content = refusalCodec.parse(signedCodec.parse(bytes).payload);
    return {
      kind: 'refusal' as const,
      code: content.code,
      retry: content.retry === 1 ? 'never' : 'later',
      bytes,
      content,
    };
  }

  /** A receipt of this peer for what it was offered, changed as the test wants. */
  async receipt(
    dispatch: Bytes,
    document: Bytes,
    change: Fields = {},
    by = this.node.own.service(),
    claims = this.claims,
  ) {
    const { payload } = signedCodec.parse(dispatch);
    const { unit } = dispatchCodec.parse(payload);
    const fields = {
      dispatchId: this.idOf(dispatch),
      documentId: this.idOf(document),
      unit,
      documentEnvelope: sha256(document),
      dispatchEnvelope: sha256(dispatch),
      storedAtMs: claims.claimedAtMs,
      logHead: { epoch: 1, size: 0, root: hash('log') },
      ...change,
    };
    return sign({ kind: 'receipt/1', payload: receiptCodec.encode(fields as never) }, by, claims);
  }

  async refusal(dispatch: Bytes, document: Bytes, change: Fields = {}, by = this.node.own.service()) {
    const fields = {
      dispatchId: this.idOf(dispatch),
      documentId: this.idOf(document),
      documentEnvelope: sha256(document),
      dispatchEnvelope: sha256(dispatch),
      code: 'malformed',
      retry: 1,
      refusedAtMs: this.claims.claimedAtMs,
      ...change,
    };
    return sign({ kind: 'refusal/1', payload: refusalCodec.encode(fields as never) }, by, this.claims);
  }

  /** A status of this peer, changed as the test wants: the first of its chain, a recall. */
  async status(document: Bytes, change: Fields = {}, by = this.node.own.service()): Promise<Bytes> {
    const fields = {
      documentId: this.idOf(document),
      unit: 'H40',
      side: 1,
      sequence: 1,
      code: 13,
      reason: 'Sai',
      happenedAtMs: this.claims.claimedAtMs,
      logHead: { epoch: 1, size: 0, root: hash('log') },
      ...change,
    };
    return sign({ kind: 'status/1', payload: statusCodec.encode(fields as never) }, by, this.claims);
  }

  /** Offers a status alone: its code where it was refused, "stored", "busy". */
  async say(to: TestNode, status: Bytes, as = this.node.who.seat): Promise<string> {
    const { client, server } = memoryFrames((frame) => [frame]);
    const served = to.exchange.serveDelivery(server, as);
    await client.write(offerFrame.encode({ sequence: ++this.#sequence, status } as never));
    const [outcome] = outcomeFrame.parse((await client.read())!).outcomes;
    await client.close();
    await served;
    if (outcome!.statusStored) return 'stored';
    return outcome!.busy ? 'busy' : `${this.read(outcome!).code} ${this.read(outcome!).retry}`;
  }

  /** A log head of this peer signed alone, changed as the test wants. */
  async logHead(change: Fields = {}, by = this.node.own.service(), claims = this.claims): Promise<Bytes> {
    const { agency, seat } = this.node.who;
    const fields = { agency, seat, head: this.node.audit.head(), ...change };
    return sign({ kind: 'log-head/1', payload: logStatement.encode(fields as never) }, by, claims);
  }

  addSignature(envelope: Bytes, by: SigningIdentity): Promise<Bytes> {
    return addSignature(envelope, by, this.claims);
  }

  /** Opens a stream to a node as this peer, for what no honest peer would send. */
  stream(
    to: TestNode,
    protocol: 'delivery' | 'blob' | 'log',
    as = this.node.who.seat,
  ): { frames: Frames; served: Promise<void> } {
    const { client, server } = memoryFrames((frame) => [frame]);
    const serve = {
      delivery: () => to.exchange.serveDelivery(server, as),
      blob: () => to.exchange.serveBlobs(server, as),
      log: () => to.exchange.serveLog(server, as),
    };
    const served = serve[protocol]();
    return { frames: client, served };
  }
}
