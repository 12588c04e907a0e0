/**
 * The certificates one examination keeps, so that every examination can be remembered: signers', and of those that came
 * along only CAs, since nobody else can stand between a signer and an anchor. Each once; `MOST_BYTES` of a file.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';

/** Fifty signers with their CAs have about 100 KiB. */
export const MOST_BYTES = 128 * 1024;

export class KeptCertificates {
  #room = MOST_BYTES;
  readonly #kept = new Map<string, Certificate>();

  /**
   * Keeps the signers and the CAs among what came along (DER), all or none. Answers the CAs of each list, copies that
   * hold nothing else in memory; undefined when there is no room.
   */
  keep(
    signers: readonly (Certificate | undefined)[],
    lists: readonly (readonly Uint8Array[])[],
  ): Uint8Array[][] | undefined {
    const authorities = lists.map((ders) =>
      ders.flatMap((der) => parseCertificate(der) ?? []).filter(({ isCa }) => isCa),
    );
    const all = [...signers, ...authorities.flat()].filter((one) => one !== undefined);
    const added = new Map(all.map((one) => [one.sha256, one]));
    for (const name of this.#kept.keys()) added.delete(name);
    const bytes = [...added.values()].reduce((sum, one) => sum + one.bytes.length, 0);
    if (bytes > this.#room) return undefined;
    this.#room -= bytes;
    for (const [name, one] of added) this.#kept.set(name, one);
    return authorities.map((list) => list.map(({ sha256, bytes }) => this.#kept.get(sha256)?.bytes ?? bytes));
  }
}
