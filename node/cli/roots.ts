/**
 * The one place where the command line meets the composition roots. Everything heavy (libp2p, the database, the HTTP
 * server) is imported only when a command needs it.
 */
import type { Bytes } from '../core/bytes.ts';
import type { ErrorDetails } from '../core/errors.ts';
import type { RecoveryReport } from '../core/log-views.ts';
import type { CheckReport } from '../core/node-views.ts';
import type { SealWish } from '../directory/seal-key.ts';
import type { RegistryApi, SealAsked } from '../gateway/http/services.ts';

/** A line for the operator, as it happens: `eventText` makes it a sentence. */
export type Report = (event: string, details: ErrorDetails) => void;

export interface Running<R> {
  ready: R;
  /** Ends everything in order; never rejects. */
  stop(): Promise<void>;
}

export interface AgencyReady {
  agency: string;
  agencyName: string;
  peerId: string;
  listening: string[];
  version: string;
  /** Version of the directory held. */
  directoryVersion: number;
}

export interface RegistryReady {
  name: string;
  peerId: string;
  listening: string[];
  /** SHA-256 of the first root certificate, hex: the root's fingerprint too. */
  federationId: string;
  directoryVersion: number;
}

export interface NodeInit {
  dir: string;
  token: string;
  listen?: string[];
  announce?: string[];
  /** The token for the seal key; a file when absent. */
  seal?: SealWish;
  signal: AbortSignal;
}

export interface NodeInitAnswer {
  agency: string;
  agencyName: string;
  peerId: string;
  listening: string[];
  /** Fingerprint of the seal, for whoever grants it. */
  sealFingerprint: string;
  sealGranted: boolean;
}

export interface RegistryInit {
  dir: string;
  name: string;
  /** Parsed JSON of agencies; the 95 of 2019 when absent. */
  agencies?: unknown;
  listen?: string[];
  announce?: string[];
  autoSeal: boolean;
}

export interface RegistryInitAnswer {
  name: string;
  peerId: string;
  rootFingerprint: string;
  /** Folder that holds the root key, to be taken offline. */
  rootFolder: string;
  agencies: number;
}

export interface Roots {
  startAgency(options: { dir: string; report: Report; signal: AbortSignal }): Promise<Running<AgencyReady>>;
  startRegistry(options: {
    dir: string;
    report: Report;
    signal: AbortSignal;
  }): Promise<Running<RegistryReady>>;
  initNode(options: NodeInit): Promise<NodeInitAnswer>;
  /** Makes keys and the bytes of an offline request file. */
  requestNode(options: {
    dir: string;
    agency: string;
    listen?: string[];
    announce?: string[];
    seal?: SealWish;
  }): Promise<{ request: Bytes; agency: string; peerId: string; sealFingerprint: string }>;
  installNode(options: { dir: string; answer: Bytes; rootFingerprint: string }): Promise<NodeInitAnswer>;
  /** Checks another CA's certificate with its key and keeps both in the node's folder, running or not. */
  keepSeal(options: {
    dir: string;
    chain: Bytes;
    key: Bytes;
  }): Promise<{ fingerprint: string; subject: string; issuer: string; notAfter: string }>;
  /** Asks the registry for it on behalf of a stopped node. 'locked' while a node runs there. */
  askForSeal(options: { dir: string; fingerprint: string }): Promise<SealAsked>;
  initRegistry(options: RegistryInit): Promise<RegistryInitAnswer>;
  /** A registry's functions on a folder at rest. 'locked' while `registry run` holds it. */
  openRegistryFolder(dir: string): Promise<{ service: RegistryApi; close(): Promise<void> }>;
  /** Checks a stopped node's folder; 'locked' while a node runs there. */
  checkFolder(dir: string): Promise<CheckReport>;
  /** What a stopped node's folder has lost; with `accept` it goes on without. 'locked' while a node runs there. */
  recoverFolder(options: { dir: string; accept: boolean }): Promise<RecoveryReport>;
}

export const roots: Roots = {
  startAgency: async (options) => (await import('../agency.ts')).startAgency(options),
  startRegistry,
  initNode: async (options) => (await import('../agency.ts')).initNode(options),
  requestNode: async (options) => (await import('../agency.ts')).requestNode(options),
  installNode: async (options) => (await import('../agency.ts')).installNode(options),
  keepSeal: async (options) => (await import('../agency.ts')).keepSeal(options),
  askForSeal: async (options) => (await import('../agency.ts')).askForSealAtRest(options),
  initRegistry: async (options) => (await import('../registry.ts')).initRegistry(options),
  openRegistryFolder: async (dir) => (await import('../registry.ts')).openRegistryFolder({ dir }),
  checkFolder: async (dir) => (await import('../agency.ts')).checkFolder(dir),
  recoverFolder: async (options) => (await import('../agency.ts')).recoverFolder(options),
};

/** The registry and its local door: the door closes first, so that no call meets a closed folder. */
async function startRegistry({
  dir,
  report,
}: {
  dir: string;
  report: Report;
}): Promise<Running<RegistryReady>> {
  const [registry, door] = await Promise.all([import('../registry.ts'), import('../gateway/http/door.ts')]);
  const running = await registry.startRegistry({ dir, report });
  const onFault = (error: unknown, route: string) => report('door.fault', { route, reason: String(error) });
  const opened = await door
    .openRegistryDoor(running.service, { folder: dir, report: onFault })
    .catch(async (error) => {
      await running.stop();
      throw error;
    });
  return {
    ready: running.ready,
    async stop() {
      await opened.close();
      await running.stop();
    },
  };
}
