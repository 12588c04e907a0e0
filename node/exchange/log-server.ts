/**
 * Serves /lienthong/log/1 to seats: proofs that this node's audit log still goes on from a head it signed before, and
 * what this node holds of itself and a seat that declares a loss. One request at a time, answered in order, paced: what
 * costs a signature or a scan can't be asked for faster than it should be. Writes nothing but what a seat declares.
 */
import { type lienthong, logRequest, logResponse } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { heldItem, heldPage } from './held.ts';
import { type StatementComponents, signLogHead } from './log-statement.ts';
import type { LogWitness } from './log-witness.ts';
import type { ExchangeComponents, Frames } from './ports.ts';

/** Between two proofs or pages of one stream. A scan of 1,000,000 deliveries then takes a minute and half a core. */
const PACE_MS = 50;

type Answer = lienthong.v1.LogResponse.$Properties;

export type LogServerComponents = Pick<ExchangeComponents, 'store' | 'blobs' | 'clock' | 'report'> &
  StatementComponents & { witness: LogWitness };

export class LogServer {
  readonly #with: LogServerComponents;

  constructor(components: LogServerComponents) {
    this.#with = components;
  }

  /** Serves one stream of a seat until it ends. Never rejects. */
  async serve(frames: Frames, seat: string): Promise<void> {
    const { clock, report } = this.#with;
    let pacedUntilMs = Number.NEGATIVE_INFINITY;
    try {
      for (;;) {
        const bytes = await frames.read();
        if (bytes === undefined) break;
        const request = logRequest.parse(bytes);
        const waitMs = request.ask === 'item' ? 0 : pacedUntilMs - clock.nowMs();
        if (waitMs > 0) await clock.sleep(waitMs);
        await frames.write(logResponse.encode(await this.#answer(request, seat)));
        if (request.ask !== 'item') pacedUntilMs = clock.nowMs() + PACE_MS;
      }
      await frames.close();
    } catch (error) {
      frames.abort(error as Error);
      if (!isLienthongError(error, 'timeout'))
        report('stream.broken', { seat, protocol: 'log', reason: (error as Error).message });
    }
  }

  async #answer(request: lienthong.v1.LogRequest, seat: string): Promise<Answer> {
    try {
      if (request.proof) return await this.#prove(request.proof.epoch ?? 0, request.proof.size ?? 0);
      if (request.list) return await this.#list(request.list.statement!, request.list.after!, seat);
      if (request.item) {
        const { documentId, unit, sent } = request.item;
        const key = { documentId: documentId!, unit: unit!, sent: sent ?? false };
        const item = await heldItem(this.#with, seat, key);
        return item === undefined ? refused('not-found') : { item };
      }
      return refused('malformed');
    } catch (error) {
      if (!isLienthongError(error)) throw error;
      return refused(error.code);
    }
  }

  /** A node that has lost part of its log signs nothing that says so before the loss is accepted and declared. */
  async #prove(epoch: number, size: number): Promise<Answer> {
    const { auditLog, store } = this.#with;
    const head = auditLog.head();
    const isBehind = epoch > head.epoch || (epoch === head.epoch && size > head.size);
    if (isBehind || store.health.state !== 'ok') return refused('read-only');
    const path = epoch === head.epoch ? await auditLog.proveConsistency(size, head.size) : [];
    return { proof: { statement: await signLogHead(this.#with, head), path } };
  }

  async #list(statement: Bytes, after: Bytes, seat: string): Promise<Answer> {
    const head = await this.#with.witness.told(seat, statement);
    if (head?.gapAfter === undefined) return refused('malformed');
    const list = await heldPage(this.#with, seat, after);
    return list === undefined ? refused('malformed') : { list };
  }
}

const refused = (code: string): Answer => ({ refused: { code } });
