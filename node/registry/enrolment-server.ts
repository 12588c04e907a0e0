/**
 * The serving side of /lienthong/enrolment/1: one envelope, one answer, end. Strangers may do this and nothing else,
 * a few times a minute from one address. A refusal is an answer with its code; what went wrong inside stays inside.
 */
import { enrolmentAnswer } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { isLienthongError } from '../core/errors.ts';
import type { Frames } from '../directory/serve.ts';
import type { Enrolment } from './enrolment.ts';
import { RateLimit } from './rate-limit.ts';

/** A ministry may enrol all its agencies from behind one address; guessing a 256-bit key gains nothing anyway. */
const EACH = { burst: 30, perMinute: 20 };
/** Each costs a few signature checks: 300 a minute is under a percent of a core. */
const ALL = { burst: 200, perMinute: 300 };

export interface EnrolmentServerComponents {
  enrolment: Enrolment;
  clock: Clock;
  report: (event: string, details: Record<string, string | number>) => void;
}

export class EnrolmentServer {
  readonly #components: EnrolmentServerComponents;
  readonly #limit: RateLimit;

  constructor(components: EnrolmentServerComponents) {
    this.#components = components;
    this.#limit = new RateLimit(components.clock, EACH, ALL);
  }

  /** Answers one stream. `address` is the remote multiaddr. */
  async serve(frames: Frames, peerId: string, address: string): Promise<void> {
    const envelope = await frames.require();
    const answer = this.#limit.take(hostOf(address))
      ? await this.#enrol(envelope, peerId, address)
      : refusal('rate-limited', '');
    await frames.write(answer);
  }

  async #enrol(envelope: Bytes, peerId: string, address: string): Promise<Bytes> {
    const { enrolment, report } = this.#components;
    try {
      return await enrolment.enrol(envelope, { peerId });
    } catch (error) {
      const code = isLienthongError(error) ? error.code : 'internal';
      const reason = isLienthongError(error) ? String(error.details.reason ?? '') : '';
      report('enrolment.refused', { peer: peerId, address, code, reason });
      return refusal(code, reason);
    }
  }
}

const refusal = (code: string, reason: string): Bytes =>
  enrolmentAnswer.encode({ refused: code, text: reason });

/** "/ip4/10.1.2.3/tcp/51000" → "10.1.2.3". */
const hostOf = (address: string): string => address.split('/')[2] ?? address;
