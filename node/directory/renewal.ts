/**
 * Keeps this seat's certificates in force: looks at start and every hour, asks the registry for new ones when a third of
 * a lifetime is left (the same keys, over the announcer's request), and again with backoff for as long as it is off.
 * What the registry grants comes back with the directory, which alone decides; the files in `certificates/` are copies
 * for people and tools. Tells the operator once a day what ends soon. Ended by stop(). Made by agency.ts.
 */
import type { Signer } from '../../certs/signer.ts';
import { backoffMs } from '../core/backoff.ts';
import { equalBytes } from '../core/bytes.ts';
import { type Clock, fraction, type Random } from '../core/clock.ts';
import { isoTime } from '../core/dates.ts';
import { type ErrorDetails, isLienthongError, LienthongError } from '../core/errors.ts';
import type { Directory } from './directory.ts';
import type { GrantedEnrolment } from './enrolment-answer.ts';
import { IdentityFiles } from './identity-files.ts';
import type { ListedCertificate } from './listed-certificate.ts';
import { isDueToAsk, isRenewable, type SeatRole, standingCertificate } from './renewal-rule.ts';

const DAY_MS = 86_400_000;
/** Eight months are left when it becomes due: an hour is nothing, and a directory that came meanwhile is looked at. */
const LOOK_MS = 3_600_000;
const FIRST_RETRY_MS = 60_000;
const MOST_RETRY_MS = LOOK_MS;
/** From then on a person is told: renewing has failed for half a year by then. */
export const ENDS_SOON_MS = 60 * DAY_MS;

export interface RenewalComponents {
  dir: string;
  agency: string;
  seat: string;
  keys: Readonly<Record<SeatRole, Signer>>;
  directory: () => Directory;
  /** Asks the registry; what it answers has been judged. */
  ask: () => Promise<GrantedEnrolment>;
  /** What was granted counts from the head on that lists it: fetches it, where its announcement should be missed. */
  pull: () => Promise<unknown>;
  clock: Clock;
  random: Random;
  report: (event: string, details: ErrorDetails) => void;
}

const ROLES: readonly SeatRole[] = ['node', 'service', 'seal'];

export class Renewal {
  readonly #with: RenewalComponents;
  readonly #stopping = new AbortController();
  readonly #toldAtMs = new Map<SeatRole, number>();
  #running: Promise<void> | undefined;

  constructor(components: RenewalComponents) {
    this.#with = components;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running', { what: 'renewal' }));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#with;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      failures = (await this.#look()) ? 0 : failures + 1;
      const waitMs =
        failures > 0
          ? backoffMs(failures, random, FIRST_RETRY_MS, MOST_RETRY_MS)
          : LOOK_MS * (0.75 + fraction(random) / 4);
      await clock.sleep(waitMs, signal).catch(() => {});
    }
  }

  /** False when something is due and couldn't be had. */
  async #look(): Promise<boolean> {
    const { report } = this.#with;
    this.#tell();
    try {
      const isDone = await this.#renew();
      await this.#copy();
      return isDone;
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        report('certificates.unrenewed', { code: isLienthongError(error) ? error.code : 'internal' });
      return false;
    }
  }

  async #renew(): Promise<boolean> {
    const { ask, pull, clock, report } = this.#with;
    const nowMs = clock.nowMs();
    const due = this.#standing().filter((one) => isRenewable(one) && isDueToAsk(one.certificate, nowMs));
    if (due.length === 0) return true;
    const granted = await ask();
    const isNew = ({ role, der }: ListedCertificate) => !equalBytes(granted[role] ?? der, der);
    const roles = due.filter(isNew).map(({ role }) => role);
    if (roles.length > 0) {
      report('certificates.renewed', { roles: roles.join(', ') });
      // a registry that can't be reached for it says Hello, with its head, when it can
      await pull().catch(() => {});
    }
    if (roles.length === due.length) return true;
    report('certificates.unrenewed', { code: 'not-renewed' });
    return false;
  }

  #tell(): void {
    const { clock, report } = this.#with;
    const nowMs = clock.nowMs();
    for (const { role, serial, certificate } of this.#standing()) {
      const isSoon = certificate.notAfterMs - nowMs < ENDS_SOON_MS;
      if (!isSoon || nowMs - (this.#toldAtMs.get(role) ?? Number.NEGATIVE_INFINITY) < DAY_MS) continue;
      this.#toldAtMs.set(role, nowMs);
      report('certificate.ends', { role, serial, notAfter: isoTime(certificate.notAfterMs) });
    }
  }

  #standing(): ListedCertificate[] {
    const { agency, seat, keys, directory } = this.#with;
    const now = directory();
    return ROLES.flatMap(
      (role) => standingCertificate(now, { role, agency, seat, spki: keys[role].publicKeySpki }) ?? [],
    );
  }

  async #copy(): Promise<void> {
    const files = new IdentityFiles(this.#with.dir);
    for (const { role, der } of this.#standing()) {
      const kept = await files.certificate(role).catch(() => undefined);
      if (kept === undefined || !equalBytes(kept.bytes, der)) await files.writeCertificate(role, der);
    }
  }
}
