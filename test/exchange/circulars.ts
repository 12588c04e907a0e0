/** A circular in a federation in memory: one sender, its recipients, and what each seat was given by whom. */
import type { Submission } from '../../node/core/views.ts';
import { blobRequest, blobResponse } from '../../proto/messages.ts';
import { type Fault, TestFederation } from './federation.ts';

export const MIB = 1024 * 1024;
export const SENDER = 'G22';

type Context = Parameters<typeof TestFederation.create>[0];
type Frame = Parameters<Fault>[0];

export const seatsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `H${String(i + 1).padStart(2, '0')}`);

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += MIB) yield bytes.subarray(at, at + MIB);
}

export class Circulars {
  readonly federation: TestFederation;
  readonly recipients: string[];
  /** Chunks by "giver reader", as they left the giver, in order of time. */
  readonly given: { from: string; to: string; bytes: number }[] = [];
  /** Chunks asked for by number: of whom, by whom, which. */
  readonly asked: { of: string; by: string; chunk: number }[] = [];
  /** As the federation's; asked before a frame is counted. */
  fault: Fault = () => undefined;

  private constructor(federation: TestFederation, recipients: string[]) {
    this.federation = federation;
    this.recipients = recipients;
    federation.fault = (of) => this.#pass(of);
  }

  static async create(t: Context, count: number): Promise<Circulars> {
    const recipients = seatsOf(count);
    return new Circulars(await TestFederation.create(t, [SENDER, ...recipients]), recipients);
  }

  #pass(of: Frame): ReturnType<Fault> {
    const fate = this.fault(of);
    if (of.protocol !== 'blob') return fate;
    if (of.toward === 'server') {
      const { want, chunk } = blobRequest.parse(of.frame);
      if (want === 'chunk') this.asked.push({ of: of.to, by: of.from, chunk: chunk! });
    } else if (fate === undefined) {
      const { chunk } = blobResponse.parse(of.frame);
      if (chunk) this.given.push({ from: of.to, to: of.from, bytes: chunk.byteLength });
    }
    return fate;
  }

  givenBy(seat: string, to?: string): number {
    const these = this.given.filter((one) => one.from === seat && (to === undefined || one.to === to));
    return these.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async submit(bytes: Uint8Array, change: Partial<Submission> = {}): Promise<string> {
    const { exchange } = this.federation.node(SENDER);
    const { lease, sha256 } = await exchange.storeBlob(pieces(bytes));
    const attachments = [{ name: 'phu-luc.bin', lease, sha256 }];
    const { id } = await exchange.submit(
      this.federation.submission({ to: this.recipients, circular: true, attachments, ...change }),
    );
    return id;
  }

  /** Until it is delivered to all; small steps of time, since what is late is measured in it. */
  settled(id: string, stepMs = 20) {
    return this.federation.settled(SENDER, id, 'delivered', stepMs);
  }

  /** Whether a recipient holds the document with its attachment as it was signed. */
  async holds(seat: string, id: string): Promise<boolean> {
    return (await this.federation.node(seat).exchange.verify(id)).valid;
  }

  documentId = async (id: string): Promise<Uint8Array> => {
    const { documentHash } = await this.federation.node(SENDER).exchange.show(id);
    return new Uint8Array(Buffer.from(documentHash, 'hex'));
  };

  reported(seat: string, event: string) {
    return this.federation.node(seat).reported(event);
  }
}
