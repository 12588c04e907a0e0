/**
 * Seals as the admin grants them, once a fingerprint was compared: the federation's own, issued here for the key that
 * was asked about, and those another CA certified, listed with the whole chain. Either counts for the agency and all
 * below it, or for one of its units. What names a certificate's subject is never read for that. Called by RegistryService.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import { parseFingerprint } from '../../certs/fingerprint.ts';
import type { PathVerdict } from '../../certs/verdict.ts';
import { parseHex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import { type AgencyFacts, type SealFacts, STATE, sealKey } from '../directory/entries.ts';
import { groupOf } from '../directory/seat-lookup.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import type { Authority } from './authority.ts';
import { issuedRow } from './issued.ts';
import { fromBase64 } from './json-row.ts';
import type { Act, Publisher } from './publisher.ts';
import { type SealRequestRow, sealRequestDone, sealRequests } from './seal-requests.ts';
import { type ForeignSealEntry, foreignSeals } from './seal-scopes.ts';

/** SealEntry (directory.proto) holds 16 KiB with names and versions. */
const MAX_CHAIN_BYTES = 16_000;

export interface SealGrantsComponents {
  store: KeyValueStore;
  publisher: Publisher;
  authority: Authority;
  clock: Clock;
}

export interface GrantOptions {
  /** Unit it counts for, in either form of its code; the agency without. */
  unit?: string;
  /** For that unit alone, not for those below it. */
  unitOnly?: boolean;
}

export interface SealGranted {
  agency: string;
  serial: string;
  notAfter: string;
  unit: string;
  subtree: boolean;
}

type Scope = Pick<SealFacts, 'unit' | 'subtree' | 'fromVersion'>;

export class SealGrants {
  readonly #with: SealGrantsComponents;

  constructor(components: SealGrantsComponents) {
    this.#with = components;
  }

  /**
   * 'not-found' without a request (or the unit); 'seal-scope' for a unit that isn't the agency's; of a foreign seal
   * 'certificate-refused' with the rule its chain breaks, 'certificate-expired', 'certificate-revoked'.
   */
  async grant(agency: AgencyFacts, fingerprint: string, options: GrantOptions = {}): Promise<SealGranted> {
    const wanted = parseFingerprint(fingerprint);
    if (wanted === undefined) throw new LienthongError('usage', { what: 'fingerprint' });
    let granted: SealGranted | undefined;
    await this.#with.publisher.publish(async (current) => {
      const request = (await sealRequests(this.#with.store, agency.code)).find(
        (row) => row.fingerprint === wanted,
      );
      if (request === undefined)
        throw new LienthongError('not-found', { what: 'seal-request', agency: agency.code });
      const scope = scopeOf(current!, agency, options);
      const { certificate, ...act } =
        request.chain === undefined
          ? await this.#issue(request, agency, scope)
          : this.#list(current!, request.chain, agency, scope);
      const { serial, notAfterMs } = certificate;
      granted = { agency: agency.code, serial, notAfter: isoTime(notAfterMs), ...withoutVersion(scope) };
      return { ...act, writes: [sealRequestDone(request)], audit: [this.#audit(granted, wanted)] };
    });
    return granted!;
  }

  /**
   * Seals of other CAs by certificate fingerprint, agency, or serial; those that ended already too. 'ambiguous' where two
   * CAs gave the serial: the fingerprint says which.
   */
  named(current: Directory, text: string): ForeignSealEntry[] {
    const fingerprint = parseFingerprint(text);
    const code = text.toUpperCase();
    const serial = text.toLowerCase().replaceAll(':', '');
    const all = foreignSeals(current);
    const named = all.filter(
      ({ agency, certificate }) => certificate.sha256 === fingerprint || agency === code,
    );
    if (named.length > 0) return named;
    const bySerial = all.filter(({ certificate }) => certificate.serial === serial);
    if (bySerial.length > 1)
      throw new LienthongError('ambiguous', {
        id: serial,
        candidates: bySerial.map(({ certificate }) => certificate.sha256),
      });
    return bySerial;
  }

  async #issue(request: SealRequestRow, { code, name }: AgencyFacts, scope: Scope) {
    const { authority, clock } = this.#with;
    const { seat } = request;
    const nowMs = clock.nowMs();
    const csr = fromBase64(request.request);
    const certificate = await authority.issue('seal', csr, { agency: code, name, seat }, nowMs);
    const row = issuedRow(certificate, { role: 'seal', agency: code, seat, request: csr, nowMs });
    return { certificate, entries: [entryOf(code, certificate, [], scope)], issued: [row] };
  }

  #list(current: Directory, chain: readonly string[], { code }: AgencyFacts, scope: Scope) {
    const ders = chain.map(fromBase64);
    const certificate = parseCertificate(ders[0]!);
    if (certificate === undefined) throw refused('malformed');
    const known = current.certificate(parseHex(certificate.sha256)!);
    // one certificate, one holder: the directory finds it by its hash
    if (known !== undefined && (known.role !== 'seal' || known.agency !== code))
      throw refused('listed-elsewhere', { agency: known.agency });
    const nowMs = this.#with.clock.nowMs();
    const ours = current.verdict(certificate, 'seal', nowMs);
    if (ours.ok || ours.reason !== 'unknown-anchor') throw refused('federation-name');
    const verdict = current.verdict(certificate, 'foreign-seal', nowMs, { chain: ders.slice(1) });
    if (!verdict.ok) throw refusalOf(verdict, certificate);
    const above = verdict.chain.slice(1);
    const size = verdict.chain.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    if (size > MAX_CHAIN_BYTES)
      throw refused('too-large', { bytes: String(size), maxBytes: String(MAX_CHAIN_BYTES) });
    return { certificate, entries: [entryOf(code, certificate, above, scope)] };
  }

  #audit({ agency, serial, unit, subtree }: SealGranted, fingerprint: string) {
    const values = { agency, fingerprint, serial, unit, subtree: String(subtree) };
    const fields = Object.entries(values).map(([name, value]) => ({ name, value }));
    return { atMs: this.#with.clock.nowMs(), event: 'seal.granted', fields };
  }
}

function scopeOf(current: Directory, agency: AgencyFacts, { unit, unitOnly = false }: GrantOptions): Scope {
  const fromVersion = current.version + 1;
  if (unit === undefined) return { unit: agency.code, subtree: !unitOnly, fromVersion };
  const code = current.canonicalCode(unit);
  if (code === undefined) throw new LienthongError('not-found', { what: 'unit', code: unit.slice(0, 60) });
  if (groupOf(code) !== agency.code)
    throw new LienthongError('seal-scope', { unit: code, agency: agency.code });
  if ((current.unit(code)?.state ?? STATE.active) !== STATE.active)
    throw new LienthongError('retired-recipient', { code, name: current.unit(code)?.name ?? code });
  return { unit: code, subtree: !unitOnly, fromVersion };
}

const entryOf = (
  group: string,
  certificate: Certificate,
  chain: readonly Certificate[],
  scope: Scope,
): Act['entries'][number] => ({
  group,
  key: sealKey(parseHex(certificate.sha256)!),
  seal: { certificate: certificate.bytes, chain: chain.map(({ bytes }) => bytes), ...scope },
});

const withoutVersion = ({ unit, subtree }: Scope) => ({ unit, subtree });

function refusalOf(verdict: Exclude<PathVerdict, { ok: true }>, { serial }: Certificate): LienthongError {
  const { reason, certificate } = verdict;
  if (reason === 'expired')
    return new LienthongError('certificate-expired', {
      serial: certificate?.serial ?? serial,
      notAfter: isoTime(certificate?.notAfterMs ?? 0),
    });
  if (reason === 'revoked')
    return new LienthongError('certificate-revoked', { serial: verdict.certificate.serial });
  return refused(reason, { detail: verdict.detail.slice(0, 200) });
}

const refused = (reason: string, details: Record<string, string> = {}): LienthongError =>
  new LienthongError('certificate-refused', { reason, ...details });
