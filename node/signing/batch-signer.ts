/**
 * Signs statements as they come, those that come together with one signature (batch form). A statement waits for
 * the current turn of the event loop only, so one alone is signed at once, in single form.
 */
import { WireError } from '../../proto/codec.ts';
import type { Bytes } from '../core/bytes.ts';
import { type Claims, type SigningIdentity, type Statement, signBatch } from './sign.ts';

/** A path of 8 hashes at most; beyond that a batch saves nothing measurable. */
const MAX_BATCH = 256;

interface Waiting {
  statement: Statement;
  resolve: (signed: Bytes) => void;
  reject: (error: unknown) => void;
}

export class BatchSigner {
  readonly #claims: () => Claims;
  readonly #waiting = new Map<SigningIdentity, Waiting[]>();

  constructor(claims: () => Claims) {
    this.#claims = claims;
  }

  /** Signed envelope. Rejects with what the key's custodian or the encoder says. */
  sign(statement: Statement, identity: SigningIdentity): Promise<Bytes> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(identity);
      if (waiting !== undefined && waiting.length < MAX_BATCH) {
        waiting.push({ statement, resolve, reject });
        return;
      }
      const batch: Waiting[] = [{ statement, resolve, reject }];
      this.#waiting.set(identity, batch);
      setImmediate(() => void this.#flush(identity, batch));
    });
  }

  async #flush(identity: SigningIdentity, batch: readonly Waiting[]): Promise<void> {
    if (this.#waiting.get(identity) === batch) this.#waiting.delete(identity);
    try {
      const signed = await signBatch(
        batch.map(({ statement }) => statement),
        identity,
        this.#claims(),
      );
      for (const [i, { resolve }] of batch.entries()) resolve(signed[i]!);
    } catch (error) {
      if (error instanceof WireError && batch.length > 1) {
        // one statement is over a limit: the others aren't at fault
        await Promise.all(batch.map((one) => this.#flush(identity, [one])));
        return;
      }
      for (const { reject } of batch) reject(error);
    }
  }
}
