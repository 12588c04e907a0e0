/** A registry's functions in memory, for tests of its door and commands. */
import { isoTime } from '../../node/core/dates.ts';
import { LienthongError } from '../../node/core/errors.ts';
import type { AnchorItem } from '../../node/core/node-views.ts';
import type { RegistryApi, Revocation } from '../../node/gateway/http/services.ts';
import type { NewAnchor } from '../../node/registry/anchors.ts';

const NOW_MS = Date.parse('2026-05-01T08:00:00+07:00');

export class MemoryRegistry implements RegistryApi {
  readonly acts: unknown[] = [];
  sealRequests = [{ agency: 'H40', seat: 'H40-1', fingerprint: 'ab'.repeat(32), askedAt: isoTime(NOW_MS) }];

  async invite(code: string, { expiresMs = 7 * 86_400_000 }: { expiresMs?: number }) {
    if (code === 'H99') throw new LienthongError('not-found', { what: 'agency', code });
    return { token: 'lt1.abc', agency: code, expiresAt: isoTime(NOW_MS + expiresMs) };
  }

  async list({ certificates }: { certificates?: boolean }) {
    const one = { serial: '0a1b', role: 'seal', notAfter: isoTime(NOW_MS), state: 'valid', endsSoon: true };
    const old = { ...one, serial: '0a1a', state: 'replaced', endsSoon: false };
    const agency = { code: 'H40', name: 'UBND tỉnh Nam Định', state: 'active', seats: 1 };
    if (!certificates) return [agency];
    const own = { serial: '0c', role: 'issuing', notAfter: isoTime(NOW_MS), state: 'valid', endsSoon: true };
    const registry = { code: '', name: 'Thử', state: 'registry', seats: 0, certificates: [own] };
    return [{ ...agency, certificates: [one, old] }, registry];
  }

  async grantSeal(agency: string, fingerprint: string, options: { unit?: string; unitOnly?: boolean } = {}) {
    const scope = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    this.acts.push({ agency, fingerprint, ...scope });
    return { agency, serial: '0a1c', notAfter: isoTime(NOW_MS) };
  }

  listed: AnchorItem[] = [];

  async anchors() {
    return this.listed;
  }

  async addAnchor(anchor: NewAnchor) {
    this.acts.push({ anchor });
    const item: AnchorItem = {
      fingerprint: anchor.fingerprint,
      name: anchor.name ?? 'CN=CA',
      subject: 'CN=CA',
      notAfter: isoTime(NOW_MS),
      state: 'valid',
      intermediates: [{ fingerprint: 'ef'.repeat(32), subject: 'CN=CA 2', notAfter: isoTime(NOW_MS) }],
      lists: (anchor.crls ?? []).map(() => ({
        issuer: anchor.fingerprint,
        from: isoTime(NOW_MS),
        until: isoTime(NOW_MS),
        state: 'expired',
        revoked: 3,
      })),
      seals: [
        { agency: 'H40', unit: 'H40.02', subtree: false, fingerprint: 'ab'.repeat(32), subject: 'CN=X' },
      ],
    };
    this.listed.push(item);
    return item;
  }

  async removeAnchor(fingerprint: string) {
    const at = this.listed.findIndex((one) => one.fingerprint === fingerprint);
    if (at < 0) throw new LienthongError('not-found', { what: 'anchor', fingerprint });
    this.listed.splice(at, 1);
    return { fingerprint, seals: 1, version: 5 };
  }

  async refreshAnchor(fingerprint: string, list: Uint8Array) {
    this.acts.push({ fingerprint, list: [...list] });
    const found = this.listed.find((one) => one.fingerprint === fingerprint);
    if (found === undefined) throw new LienthongError('not-found', { what: 'anchor', fingerprint });
    return found;
  }

  async issue(request: Uint8Array) {
    if (request[0] === 0) throw new LienthongError('request-invalid', { reason: 'signature' });
    return new Uint8Array([...request].reverse());
  }

  async revoke(target: string, revocation: Revocation) {
    this.acts.push({ target, ...revocation });
    return { revoked: [{ serial: '0a1b', role: 'seal', agency: 'H40' }], version: 3 };
  }

  async renew(target: string) {
    this.acts.push({ renew: target });
    if (target === 'H99') throw new LienthongError('not-found', { what: 'certificate' });
    const one = { agency: 'H40', role: 'seal', old: '0a1b', serial: '0a1d', notAfter: isoTime(NOW_MS) };
    return { renewed: target === 'H98' ? [] : [one], version: 3 };
  }

  async import(json: unknown) {
    this.acts.push(json);
    return { changed: 2, version: 4 };
  }

  async status() {
    return {
      name: 'Thử nghiệm',
      peerId: '12D3KooWRegistry',
      listening: ['/ip4/127.0.0.1/tcp/7300'],
      federationId: 'cd'.repeat(32),
      directory: {
        epoch: 1,
        version: 2,
        freshUntil: isoTime(NOW_MS),
        validUntil: isoTime(NOW_MS),
        state: 'fresh',
      },
      agencies: 1,
      seats: 1,
      openInvites: 0,
      sealRequests: this.sealRequests,
    };
  }
}
