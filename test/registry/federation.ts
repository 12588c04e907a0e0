/** A registry's parts in memory and on a clock the test owns; and whole ones in temporary folders. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIssuingCa, createRoot, issueLeaf } from '../../certs/authority.ts';
import { generateKey, type KeyAlgorithm, KeySigner } from '../../certs/keys.ts';
import { createRequest } from '../../certs/request.ts';
import { createCrl } from '../../certs/revocation-list.ts';
import { sha256 } from '../../node/core/bytes.ts';
import type { Clock } from '../../node/core/clock.ts';
import { systemRandom } from '../../node/core/clock.ts';
import { DirectoryStore } from '../../node/directory/directory-store.ts';
import { sealEnvelope } from '../../node/directory/enrolment-envelope.ts';
import { READS } from '../../node/directory/hello.ts';
import { peerIdOfSpki } from '../../node/network/peer-id.ts';
import { importEntries } from '../../node/registry/agencies.ts';
import { Authority } from '../../node/registry/authority.ts';
import { Enrolment } from '../../node/registry/enrolment.ts';
import { Publisher, registryEntries } from '../../node/registry/publisher.ts';
import type { RegistryKeys } from '../../node/registry/registry-folder.ts';
import { RegistryService } from '../../node/registry/registry-service.ts';
import type { AuditEntry, Auditor, KeyValueStore, Write } from '../../node/store/key-value.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import { encodeAuditLeaf } from '../../node/store/node-store.ts';
import { enrolmentRequest } from '../../proto/messages.ts';

export class TestClock implements Clock {
  #ms: number;
  constructor(ms = Date.parse('2026-03-12T02:00:00Z')) {
    this.#ms = ms;
  }
  nowMs(): number {
    return this.#ms;
  }
  advance(ms: number): void {
    this.#ms += ms;
  }
  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((_, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
  }
  after(): () => void {
    return () => {};
  }
}

export const newKey = async (algorithm: KeyAlgorithm) => new KeySigner(await generateKey(algorithm));

export async function makeKeys(
  nowMs: number,
  name = 'Liên thông thử',
): Promise<RegistryKeys & { rootSigner: KeySigner }> {
  const [rootSigner, issuingSigner, directorySigner, node] = await Promise.all([
    newKey('ecdsa-p384'),
    newKey('ecdsa-p256'),
    newKey('ecdsa-p256'),
    newKey('ed25519'),
  ]);
  const root = await createRoot({ signer: rootSigner, name, nowMs });
  const rootIssuer = { certificate: root, signer: rootSigner };
  const issuing = await createIssuingCa({ root: rootIssuer, signer: issuingSigner, name, nowMs });
  const issuer = { certificate: issuing, signer: issuingSigner };
  const directory = await issueLeaf({
    issuer,
    request: await createRequest(directorySigner, 'directory'),
    role: 'directory',
    subject: { name },
    nowMs,
  });
  const crl = await createCrl({
    issuer: rootIssuer,
    revoked: [],
    number: 1,
    nowMs,
    nextUpdateMs: issuing.notAfterMs,
  });
  return {
    root,
    issuing: issuer,
    directory: { certificate: directory, signer: directorySigner },
    node,
    rootCrl: crl.bytes,
    rootSigner,
  };
}

/** The store keeps no log here: what acts write into it is only collected. */
export function memoryStore(): { store: KeyValueStore; audited: AuditEntry[] } {
  const store = new MemoryEngine();
  const audited: AuditEntry[] = [];
  const auditor: Auditor = {
    leafOf(entry) {
      audited.push(entry);
      return encodeAuditLeaf(entry, new Uint8Array(16).fill(1));
    },
    rowsFor: (): readonly Write[] => [],
    flush: async () => {},
  };
  store.useAuditor(auditor);
  return { store, audited };
}

export interface MemoryRegistry {
  store: KeyValueStore;
  directory: DirectoryStore;
  publisher: Publisher;
  service: RegistryService;
  enrolment: Enrolment;
  keys: RegistryKeys & { rootSigner: KeySigner };
  clock: TestClock;
  audited: AuditEntry[];
}

export const FEW_AGENCIES = {
  agencies: [
    { code: 'G22', legacyCode: '000.00.00.G22', name: 'Văn phòng Chính phủ', kind: 'ministry' },
    { code: 'H40', legacyCode: '000.00.00.H40', name: 'UBND tỉnh Nam Định', kind: 'province' },
    { code: 'H51', legacyCode: '000.00.00.H51', name: 'UBND tỉnh Sóc Trăng', kind: 'province' },
  ],
};

export async function memoryRegistry(
  options: { autoSeal?: boolean; list?: unknown; clock?: TestClock; store?: KeyValueStore } = {},
): Promise<MemoryRegistry> {
  const clock = options.clock ?? new TestClock();
  const keys = await makeKeys(clock.nowMs());
  const { store, audited } = options.store ? { store: options.store, audited: [] } : memoryStore();
  const root = keys.root.bytes;
  const directory = new DirectoryStore({ store, clock, federationId: sha256(root), root });
  await directory.load();
  const authority = new Authority(keys);
  const publisher = new Publisher({ store, directory, keys, authority, clock });
  const peerId = peerIdOfSpki(keys.node.publicKeySpki)!;
  const addresses = () => [`/ip4/127.0.0.1/tcp/7300/p2p/${peerId}`];
  const enrolment = new Enrolment({
    store,
    directory: () => directory.current,
    publisher,
    authority,
    keys,
    clock,
    federationName: 'Liên thông thử',
    registryAddresses: addresses,
    autoSeal: options.autoSeal ?? true,
  });
  const service = new RegistryService({
    store,
    directory,
    publisher,
    authority,
    enrolment,
    keys,
    clock,
    random: systemRandom,
    name: 'Liên thông thử',
    peerId,
    addresses,
  });
  await publisher.publish(() => ({
    entries: [
      ...registryEntries(keys, 'Liên thông thử', peerId, ['/ip4/127.0.0.1/tcp/7300']),
      ...importEntries(options.list ?? FEW_AGENCIES, undefined),
    ],
  }));
  return { store, directory, publisher, service, enrolment, keys, clock, audited };
}

export interface Applicant {
  node: KeySigner;
  service: KeySigner;
  seal: KeySigner;
  peerId: string;
  request: Uint8Array;
  envelope: Uint8Array;
}

/** A request as a node makes it; `seed` signs as the invite. */
export async function applicant(
  registry: MemoryRegistry,
  agency: string,
  seed: Uint8Array | undefined,
  change: { federationId?: Uint8Array; addresses?: string[]; serviceIsSeal?: boolean } = {},
): Promise<Applicant> {
  const [node, service, sealKey] = await Promise.all([
    newKey('ed25519'),
    newKey('ecdsa-p256'),
    newKey('ecdsa-p256'),
  ]);
  const seal = change.serviceIsSeal ? service : sealKey;
  const request = enrolmentRequest.encode({
    agency,
    federationId: change.federationId ?? (seed ? registry.directory.federationId : new Uint8Array(0)),
    nodeCsr: await createRequest(node, 'node'),
    serviceCsr: await createRequest(service, 'service'),
    sealCsr: await createRequest(seal, 'seal'),
    addresses: change.addresses ?? ['/ip4/127.0.0.1/tcp/7400'],
    reads: [...READS],
    madeAtMs: registry.clock.nowMs(),
    software: 'test',
  });
  const envelope = await sealEnvelope(request, node, seed);
  return { node, service, seal, peerId: peerIdOfSpki(node.publicKeySpki)!, request, envelope };
}

export async function tempFolder(after: (clean: () => Promise<void>) => void): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lienthong-registry-'));
  after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Waits until `is` holds; fails after `limitMs`. */
export async function until(is: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!(await is())) {
    if (Date.now() > endMs) throw new Error('the condition never held');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
