/**
 * The registry's side of a federation in one process: real certificates, entries and signed heads, made by the code
 * that makes them in a registry, over a store in memory. Tests change what it says of agencies and certificates.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIssuingCa, createRoot, issueLeaf } from '../../certs/authority.ts';
import type { Certificate } from '../../certs/certificate.ts';
import { generateKey, KeySigner } from '../../certs/keys.ts';
import type { LeafRole } from '../../certs/profiles.ts';
import { createRequest } from '../../certs/request.ts';
import { createCrl } from '../../certs/revocation-list.ts';
import { sha256 } from '../../node/core/bytes.ts';
import { type Clock, systemRandom } from '../../node/core/clock.ts';
import { toLegacy, type UnitCode } from '../../node/core/codes.ts';
import { DirectoryStore } from '../../node/directory/directory-store.ts';
import { AGENCY_KEY, STATE, sealKey, seatKey, unitKey } from '../../node/directory/entries.ts';
import { Authority } from '../../node/registry/authority.ts';
import { issuedRow } from '../../node/registry/issued.ts';
import { type Act, Publisher, registryEntries } from '../../node/registry/publisher.ts';
import type { RegistryKeys } from '../../node/registry/registry-folder.ts';
import { AuditLog } from '../../node/store/audit-log.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import { encodeAuditLeaf } from '../../node/store/node-store.ts';

export interface Enrolled {
  agency: string;
  seat: string;
  serviceKey: KeySigner;
  sealKey: KeySigner;
  service: Certificate;
  seal: Certificate;
}

const newKey = async (algorithm: 'ed25519' | 'ecdsa-p256' | 'ecdsa-p384') =>
  new KeySigner(await generateKey(algorithm));

export class TestAuthority {
  readonly directory: DirectoryStore;
  readonly #publisher: Publisher;
  readonly #keys: RegistryKeys;
  readonly #clock: Clock;
  readonly #close: () => Promise<void>;

  private constructor(
    directory: DirectoryStore,
    publisher: Publisher,
    keys: RegistryKeys,
    clock: Clock,
    close: () => Promise<void>,
  ) {
    this.directory = directory;
    this.#publisher = publisher;
    this.#keys = keys;
    this.#clock = clock;
    this.#close = close;
  }

  static async create(clock: Clock): Promise<TestAuthority> {
    const nowMs = clock.nowMs();
    const name = 'Liên thông thử';
    const [rootKey, issuingKey, directoryKey, node] = await Promise.all([
      newKey('ecdsa-p384'),
      newKey('ecdsa-p256'),
      newKey('ecdsa-p256'),
      newKey('ed25519'),
    ]);
    const root = { certificate: await createRoot({ signer: rootKey, name, nowMs }), signer: rootKey };
    const issuing = {
      certificate: await createIssuingCa({ root, signer: issuingKey, name, nowMs }),
      signer: issuingKey,
    };
    const request = await createRequest(directoryKey, 'directory');
    const certificate = await issueLeaf({
      issuer: issuing,
      request,
      role: 'directory',
      subject: { name },
      nowMs,
    });
    const rootCrl = await createCrl({
      issuer: root,
      revoked: [],
      number: 1,
      nowMs,
      nextUpdateMs: nowMs + 10 * 365 * DAY_MS,
    });
    const keys = {
      root: root.certificate,
      issuing,
      directory: { certificate, signer: directoryKey },
      node,
      rootCrl: rootCrl.bytes,
    };
    const folder = await mkdtemp(join(tmpdir(), 'lienthong-authority-'));
    const store = new MemoryEngine();
    const audit = await AuditLog.open({ store, folder, encodeLeaf: encodeAuditLeaf, random: systemRandom });
    const rootDer = root.certificate.bytes;
    const directory = new DirectoryStore({ store, clock, federationId: sha256(rootDer), root: rootDer });
    const authority = new Authority(keys);
    const publisher = new Publisher({ store, directory, keys, authority, clock });
    await publisher.publish(() => ({ entries: registryEntries(keys, name, 'registry', []) }));
    return new TestAuthority(directory, publisher, keys, clock, async () => {
      await audit.close();
      await rm(folder, { recursive: true });
    });
  }

  publish(act: Act): Promise<unknown> {
    return this.#publisher.publish(() => act);
  }

  /** An agency with a seat, its three certificates and its seal granted. */
  async enrol(agency: string, name: string, seat = agency): Promise<Enrolled> {
    const [nodeKey, serviceKey, ownSealKey] = await Promise.all([
      newKey('ed25519'),
      newKey('ecdsa-p256'),
      newKey('ecdsa-p256'),
    ]);
    const holder = { agency, name, seat };
    const [node, service, seal] = await Promise.all([
      this.#issue('node', nodeKey, holder),
      this.#issue('service', serviceKey, holder),
      this.#issue('seal', ownSealKey, holder),
    ]);
    await this.publish({
      entries: [
        agencyEntry(agency, name),
        {
          group: agency,
          key: seatKey(seat),
          seat: {
            seat,
            agency,
            peerIds: [node.certificate.peerId!],
            nodeCertificates: [node.certificate.bytes],
            serviceCertificates: [service.certificate.bytes],
            reads: ['delivery/1', 'document/1'],
          },
        },
        sealEntry(agency, seal.certificate, agency),
      ],
      issued: [node.row, service.row, seal.row],
    });
    return {
      agency,
      seat,
      serviceKey,
      sealKey: ownSealKey,
      service: service.certificate,
      seal: seal.certificate,
    };
  }

  async #issue(role: LeafRole, key: KeySigner, holder: { agency: string; name: string; seat: string }) {
    const nowMs = this.#clock.nowMs();
    const request = await createRequest(key, role);
    const { agency, name, seat } = holder;
    const certificate = await issueLeaf({
      issuer: this.#keys.issuing,
      request,
      role,
      subject: { agency, name, seat },
      nowMs,
    });
    return { certificate, row: issuedRow(certificate, { role, agency, seat, request, nowMs }) };
  }

  /** New certificates for an agency's service key and seal, listed beside the old ones; `of` names them from now on. */
  async renew(of: Enrolled, roles: readonly ('service' | 'seal')[] = ['service', 'seal']): Promise<void> {
    const current = this.directory.require();
    const { agency, seat } = of;
    const holder = { agency, name: current.agencyName(agency)!, seat };
    for (const role of roles) {
      const made = await this.#issue(role, role === 'seal' ? of.sealKey : of.serviceKey, holder);
      const facts = this.directory.require().seat(seat)!;
      const serviceCertificates = [...facts.serviceCertificates, made.certificate.bytes];
      await this.publish({
        entries: [
          role === 'seal'
            ? sealEntry(agency, made.certificate, agency)
            : { group: agency, key: seatKey(seat), seat: { ...facts, serviceCertificates } },
        ],
        issued: [made.row],
      });
      of[role] = made.certificate;
    }
  }

  /** A certificate of the federation's CA that the directory doesn't list. */
  async unlisted(role: LeafRole, agency: string): Promise<{ key: KeySigner; certificate: Certificate }> {
    const key = await newKey('ecdsa-p256');
    return {
      key,
      certificate: (await this.#issue(role, key, { agency, name: agency, seat: agency })).certificate,
    };
  }

  async revoke(
    certificate: Certificate,
    role: LeafRole,
    of: Enrolled,
    reason: 'key-compromise' | 'superseded' = 'key-compromise',
    sinceMs?: number,
  ): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const row = issuedRow(certificate, {
      role,
      agency: of.agency,
      seat: of.seat,
      request: new Uint8Array(1),
      nowMs,
    });
    await this.publish({
      entries: [],
      issued: [{ ...row, revoked: { atMs: nowMs, reason, sinceMs } }],
    });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

export const DAY_MS = 86_400_000;

export const agencyEntry = (
  code: string,
  name: string,
  state: number = STATE.active,
  mergedInto = '',
): Act['entries'][number] => ({
  group: code,
  key: AGENCY_KEY,
  agency: { code, legacyCodes: [toLegacy(code as UnitCode)!], name, kind: 'province', state, mergedInto },
});

export const unitEntry = (code: string, seat = ''): Act['entries'][number] => ({
  group: code.split('.')[0]!,
  key: unitKey(code),
  unit: {
    code,
    name: `Đơn vị ${code}`,
    parent: code.slice(0, code.lastIndexOf('.')),
    seat,
    state: STATE.active,
  },
});

export const sealEntry = (
  agency: string,
  certificate: Certificate,
  unit: string,
): Act['entries'][number] => ({
  group: agency,
  key: sealKey(sha256(certificate.bytes)),
  seal: { certificate: certificate.bytes, unit, subtree: true, fromVersion: 1, toVersion: 0 },
});
