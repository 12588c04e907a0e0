/**
 * A node that keeps no rules, over real sockets: a libp2p node of its own with an enrolled agency's keys, or with any
 * other. It says whatever Hello it likes, signs what it likes with whatever keys it has, and writes raw bytes where it
 * wants to. Nothing of the exchange runs here.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { v7 as uuidBytes } from 'uuid';
import { type Bytes, copyOf, EMPTY, sha256, utf8 } from '../../node/core/bytes.ts';
import { systemClock } from '../../node/core/clock.ts';
import { leafHash } from '../../node/core/merkle.ts';
import { READS } from '../../node/directory/hello.ts';
import { IdentityFiles } from '../../node/directory/identity-files.ts';
import { type NodeFolder, openNodeFolder } from '../../node/directory/node-folder.ts';
import { FrameStream } from '../../node/network/framing.ts';
import { DEFAULT_LIMITS } from '../../node/network/host-limits.ts';
import { createNode } from '../../node/network/libp2p-node.ts';
import { PROTOCOLS, type Protocol } from '../../node/network/protocols.ts';
import { idOf, KINDS } from '../../node/signing/envelope.ts';
import type { SignerRole } from '../../node/signing/roles.ts';
import { type Claims, type SigningIdentity, sign } from '../../node/signing/sign.ts';
import * as wire from '../../proto/messages.ts';
import type { Agency } from './federation.ts';

export const soon = () => AbortSignal.timeout(30_000);
export const anyKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

interface Context {
  teardown(call: () => unknown): void;
}

/** An agency's keys as they lie in its folder: one's own, or stolen. */
export class Keys {
  readonly agency: string;
  readonly folder: NodeFolder;
  readonly #certificates: Readonly<Record<'service' | 'seal', Bytes>>;

  private constructor(folder: NodeFolder, certificates: Readonly<Record<'service' | 'seal', Bytes>>) {
    this.agency = folder.identity.agency;
    this.folder = folder;
    this.#certificates = certificates;
  }

  static async of({ dir }: Agency): Promise<Keys> {
    const files = new IdentityFiles(dir);
    const hash = async (name: 'service' | 'seal') => sha256((await files.certificate(name))!.bytes);
    return new Keys(await openNodeFolder(dir), { service: await hash('service'), seal: await hash('seal') });
  }

  /** The key of one name under a certificate and role of any other. */
  identity(
    key: 'service' | 'seal',
    role: SignerRole = key,
    certificate: Bytes = this.#certificates[key],
  ): SigningIdentity {
    const { serviceKey, sealKey } = this.folder.identity;
    const signer = key === 'service' ? serviceKey : sealKey;
    return { certificateSha256: certificate, role, sign: (data) => signer.sign(data) };
  }

  certificate = (name: 'service' | 'seal'): Bytes => this.#certificates[name];

  claims(claimedAtMs = systemClock.nowMs()): Claims {
    return {
      federationId: this.folder.identity.federationId,
      claimedAtMs,
      headHash: sha256(utf8('some head')),
    };
  }

  idOf = (payload: Bytes): Bytes => idOf(KINDS.document, this.folder.identity.federationId, payload);
}

let lastNumber = 0;

/** A letter of `agency` with one small file, ready to be signed. */
export function letterPayload(agency: string, file: Bytes, changes: object = {}): Bytes {
  const number = String(++lastNumber);
  return wire.document.encode({
    exchangeId: uuidBytes(undefined, new Uint8Array(16)),
    businessKind: 1,
    classification: 1,
    issuer: { code: agency, name: agency },
    senderAgency: agency,
    legalId: `${agency},2019/03/12,${number}/CV`,
    number,
    notation: 'CV',
    date: '2019-03-12',
    type: { name: 'Công văn' },
    subject: `Công văn ${number}`,
    attachments: [
      {
        sha256: sha256(file),
        size: file.byteLength,
        chunkSize: 1024 * 1024,
        chunkRoot: leafHash(file),
        name: 'a.txt',
        mediaType: 'text/plain',
        role: 1,
      },
    ],
    ...changes,
  });
}

export const dispatchPayload = (documentId: Bytes, unit: string): Bytes =>
  wire.dispatch.encode({
    documentId,
    unit,
    urgency: 1,
    logHead: { epoch: 1, size: 1, root: sha256(utf8('log')) },
  });

export interface Offer {
  document: Bytes;
  dispatch: Bytes;
  file: Bytes;
}

/** An offer in order: sealed and dispatched by the agency itself. Cases change one thing of it. */
export async function goodOffer(keys: Keys, to: string, changes: object = {}): Promise<Offer> {
  const file = utf8(`Nội dung ${lastNumber + 1}`);
  const payload = letterPayload(keys.agency, file, changes);
  const document = await sign({ kind: KINDS.document, payload }, keys.identity('seal'), keys.claims());
  return { document, dispatch: await dispatched(keys, payload, to), file };
}

export const dispatched = (
  keys: Keys,
  payload: Bytes,
  to: string,
  identity: SigningIdentity = keys.identity('service'),
): Promise<Bytes> =>
  sign({ kind: KINDS.dispatch, payload: dispatchPayload(keys.idOf(payload), to) }, identity, keys.claims());

export type Answer = { receipt: Bytes } | { refusal: string; retry: number } | { other: unknown };

export class HostileNode {
  readonly #node: Libp2p;
  readonly #federationId: Bytes;

  private constructor(node: Libp2p, federationId: Bytes) {
    this.#node = node;
    this.#federationId = federationId;
  }

  static async start(
    t: Context,
    privateKey: KeyObject,
    federationId: Bytes,
    listen: string[] = [],
  ): Promise<HostileNode> {
    const node = await createNode({ privateKey, listen, gater: {}, limits: DEFAULT_LIMITS });
    await node.start();
    t.teardown(() => node.stop());
    return new HostileNode(node, federationId);
  }

  get peerId(): string {
    return this.#node.peerId.toString();
  }

  /** Dials, says Hello and waits for the answer. Rejects where the other side doesn't want it. */
  async connect(victim: Agency, purpose: 1 | 2 = 1): Promise<Connection> {
    const { listening, peerId } = await victim.status();
    return this.connectTo(listening, peerId, purpose);
  }

  async connectTo(addresses: readonly string[], peerId: string, purpose: 1 | 2 = 1): Promise<Connection> {
    const connection = await this.#dial(addresses, peerId);
    const stream = await connection.newStream(PROTOCOLS.hello.id, { signal: soon() });
    const frames = new FrameStream(stream, PROTOCOLS.hello, peerId, systemClock);
    await frames.write(this.hello(purpose));
    const answer = wire.hello.parse(await frames.require());
    if (answer.refused !== '') throw new Error(answer.refused);
    await frames.close();
    return connection;
  }

  /** Dials and says nothing. */
  async dial(victim: Agency): Promise<Connection> {
    const { listening, peerId } = await victim.status();
    return this.#dial(listening, peerId);
  }

  #dial(addresses: readonly string[], peerId: string): Promise<Connection> {
    const whole = addresses.map((address) =>
      address.includes('/p2p/') ? address : `${address}/p2p/${peerId}`,
    );
    return this.#node.dial(
      whole.map((address) => multiaddr(address)),
      { force: true, signal: soon() },
    );
  }

  hello(purpose: 1 | 2): Bytes {
    return wire.hello.encode({
      purpose,
      federationId: this.#federationId,
      clockMs: systemClock.nowMs(),
      reads: [...READS],
      software: 'hostile/0',
    });
  }

  /** A stream as libp2p gives it, for bytes that are no frames. */
  async raw(victim: Agency, protocol: Protocol): Promise<Stream> {
    const connection = await this.connect(victim, protocol.purposes[0] === 'bulk' ? 2 : 1);
    return connection.newStream(protocol.id, { signal: soon() });
  }

  async frames(victim: Agency, protocol: Protocol): Promise<FrameStream> {
    const stream = await this.raw(victim, protocol);
    return new FrameStream(stream, protocol, stream.id, systemClock);
  }

  /** Takes Hellos and offers as the seat whose key it has, and answers each offer with whatever `answer` makes of it. */
  async receive(answer: (offer: wire.OfferFrame) => Promise<object>): Promise<void> {
    const serve = (protocol: Protocol, act: (frames: FrameStream) => Promise<void>) =>
      this.#node.handle(protocol.id, async (stream, { remotePeer }) => {
        await act(new FrameStream(stream, protocol, remotePeer.toString(), systemClock)).catch(() => {});
      });
    await serve(PROTOCOLS.hello, async (frames) => {
      const { purpose } = wire.hello.parse(await frames.require());
      await frames.write(this.hello(purpose as 1 | 2));
      await frames.close();
    });
    await serve(PROTOCOLS.delivery, async (frames) => {
      for await (const frame of frames) {
        const offer = wire.offerFrame.parse(copyOf(frame));
        const outcomes = [(await answer(offer)) as never];
        await frames.write(wire.outcomeFrame.encode({ sequence: offer.sequence, outcomes }));
      }
    });
  }

  /** Ends every connection it has: a peer may only hold a few. */
  async hangUp(): Promise<void> {
    await Promise.all(this.#node.getConnections().map((connection) => connection.close()));
  }

  /** Offers and reads the first outcome. */
  async offer(victim: Agency, { document, dispatch, file }: Offer): Promise<Answer> {
    const frames = await this.frames(victim, PROTOCOLS.delivery);
    const inlineBlobs = file.byteLength === 0 ? [] : [file];
    await frames.write(
      wire.offerFrame.encode({ sequence: 1, dispatches: [dispatch], document, inlineBlobs }),
    );
    const { outcomes } = wire.outcomeFrame.parse(await frames.require({ timeoutMs: 30_000 }));
    await frames.close();
    await this.hangUp();
    const { receipt = EMPTY, refusal = EMPTY } = outcomes[0] ?? {};
    if (receipt !== null && receipt.byteLength > 0) return { receipt: copyOf(receipt) };
    if (refusal === null || refusal.byteLength === 0) return { other: outcomes };
    const { code, retry } = wire.refusal.parse(wire.signed.parse(refusal).payload);
    return { refusal: code, retry };
  }
}
