/**
 * A key in a PKCS#11 token as a Signer. Nothing is opened before the first signature; then the session stays. Requests go
 * one after another. What fails is tried once more with a fresh process, where it isn't the fresh one that failed: so a
 * token that was pulled out and put back, or a reader that reset itself, needs no restart, and a wrong PIN is sent once
 * (refused-pin.ts). A failure fails all that wait: what is wrong with a token is wrong for every request. Each signature is
 * checked with the public half before anyone gets it.
 */
import { createHash } from 'node:crypto';
import { CertsError } from '../errors.ts';
import { type KeyAlgorithm, keyAlgorithm, publicKeyFromSpki, verifyWithSpki } from '../keys.ts';
import type { Signer } from '../signer.ts';
import type { RefusedPin } from './refused-pin.ts';
import { signatureOf } from './token-key-forms.ts';
import { TokenLink, type Within } from './token-link.ts';
import type { TokenAnswer, TokenRequest } from './token-messages.ts';
import type { TokenSettings } from './token-settings.ts';

/** At a token's ten signatures a second this is half a minute. */
const MAX_WAITING = 256;

export interface TokenPlace {
  settings: TokenSettings;
  refusedPin: RefusedPin;
  within: Within;
}

interface Job {
  request: TokenRequest;
  resolve: (said: Extract<TokenAnswer, { ok: true }>) => void;
  reject: (error: unknown) => void;
}

export class TokenSigner implements Signer {
  readonly algorithm: KeyAlgorithm;
  readonly publicKeySpki: Uint8Array;
  readonly settings: TokenSettings;
  readonly #place: TokenPlace;
  readonly #jobs: Job[] = [];
  #link: TokenLink | undefined;
  #working: Promise<void> | undefined;
  readonly #closing = new AbortController();

  /** Throws CertsError 'key-unsupported' for a public key that is none a seal may have. */
  constructor(place: TokenPlace, publicKeySpki: Uint8Array) {
    const key = publicKeyFromSpki(publicKeySpki);
    const algorithm = key && keyAlgorithm(key);
    if (algorithm === undefined || algorithm === 'ed25519')
      throw new CertsError('key-unsupported', 'Not the public key of a seal');
    this.algorithm = algorithm;
    this.publicKeySpki = publicKeySpki;
    this.settings = place.settings;
    this.#place = place;
  }

  /** As Signer says. Rejects with CertsError 'token-…'. */
  async sign(data: Uint8Array): Promise<Uint8Array> {
    const said = await this.#ask({ do: 'sign', sha256: createHash('sha256').update(data).digest() });
    const signature = 'signature' in said ? signatureOf(this.algorithm, said.signature) : new Uint8Array();
    if (!verifyWithSpki(this.publicKeySpki, data, signature))
      throw new CertsError('token-failed', 'token', { reason: 'its signature does not verify' });
    return signature;
  }

  /** Rejects as `sign` would; signs nothing. */
  async check(): Promise<void> {
    await this.#ask({ do: 'check' });
  }

  /** Ends the session; what waits or is under way is refused, so that a token that hangs holds nobody up. */
  async close(): Promise<void> {
    this.#closing.abort(new CertsError('token-failed', 'closed', { reason: 'closed' }));
    this.#refuseWaiting(this.#closing.signal.reason);
    await this.#working;
    await this.#end();
  }

  #ask(request: TokenRequest): Promise<Extract<TokenAnswer, { ok: true }>> {
    const { aborted, reason } = this.#closing.signal;
    if (aborted) return Promise.reject(reason);
    if (this.#jobs.length >= MAX_WAITING)
      return Promise.reject(new CertsError('token-busy', 'too many wait'));
    return new Promise((resolve, reject) => {
      this.#jobs.push({ request, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      try {
        job.resolve(await this.#do(job.request));
      } catch (error) {
        await this.#end();
        job.reject(error);
        this.#refuseWaiting(error);
      }
    }
    this.#working = undefined;
  }

  async #do(request: TokenRequest): Promise<Extract<TokenAnswer, { ok: true }>> {
    if (this.#link !== undefined) {
      try {
        return await this.#link.ask(request);
      } catch {
        await this.#end();
      }
    }
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const { link } = await openLink(this.#place, { expected: this.publicKeySpki }, signal);
    this.#link = link;
    return link.ask(request);
  }

  #refuseWaiting(error: unknown): void {
    for (const { reject } of this.#jobs.splice(0)) reject(error);
  }

  async #end(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }
}

/** Opens a token, logs in and finds the key; the link is closed when that fails. */
async function openLink(
  { settings, refusedPin, within }: TokenPlace,
  wanted: { make?: KeyAlgorithm; expected?: Uint8Array },
  closing?: AbortSignal,
): Promise<{ link: TokenLink; spki: Uint8Array }> {
  const refused = await refusedPin.get();
  const link = new TokenLink(within, closing);
  try {
    const said = await link.ask({ do: 'open', settings, ...wanted, ...(refused && { refusedPin: refused }) });
    if (!('spki' in said)) throw new CertsError('token-failed', 'token', { reason: 'no key' });
    if (refused !== undefined) await refusedPin.clear();
    return { link, spki: said.spki };
  } catch (error) {
    try {
      if (link.refusedPin !== undefined) await refusedPin.keep(link.refusedPin);
    } catch {
      // remembered while this program runs; what the token said is what a caller must hear
    } finally {
      await link.close();
    }
    throw error;
  }
}

/**
 * The key a token has under the label; where it has none and `make` says which kind, one is made there. Rejects with
 * CertsError 'token-…'.
 */
export async function takeTokenKey(place: TokenPlace, make: KeyAlgorithm | undefined): Promise<TokenSigner> {
  const { link, spki } = await openLink(place, make === undefined ? {} : { make });
  await link.close();
  return new TokenSigner(place, spki);
}
