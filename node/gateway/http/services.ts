/**
 * What the doors need of a node and of a registry, in plain data. A door holds no rules: every call goes to these
 * functions and their errors go back by code. Implemented by the exchange and the registry, put together in the
 * composition roots; the command line's client implements the same shapes over the socket.
 */
import type { Bytes } from '../../core/bytes.ts';
import type { EdxmlExport, ExportOptions, ImportAnswer, ImportOptions } from '../../core/edxml-views.ts';
import type {
  AnchorItem,
  CertificateSummary,
  CheckReport,
  DirectoryDetail,
  DirectoryItem,
  NodeStatus,
} from '../../core/node-views.ts';
import type {
  DeliveryUpdate,
  DocumentItem,
  DocumentView,
  EvidenceFile,
  ListQuery,
  LocalFile,
  Page,
  Proposal,
  StoredBlob,
  Submission,
  SubmitAnswer,
  Verification,
} from '../../core/views.ts';
import type { NewAnchor } from '../../registry/anchors.ts';
import type { LifeService } from './life-service.ts';

/** One attachment with its bytes, read as the caller takes them. */
export interface AttachmentStream {
  name: string;
  mediaType: string;
  size: number;
  sha256: string;
  stream: AsyncIterable<Uint8Array>;
}

export interface StoreBlobOptions {
  signal?: AbortSignal;
  size?: number | undefined;
}

export interface NodeService extends LifeService {
  /** Resolves once document, blobs and dispatches are durable. Rejects with the rule's code. */
  submit(submission: Submission): Promise<SubmitAnswer>;
  /**
   * Rejects as `submit` would, and answers as it would where the same was submitted before: asked before large files
   * are taken in. Without attachments only the fields are judged. A node without it is asked nothing.
   */
  validate?(proposal: Proposal): Promise<SubmitAnswer | undefined>;
  /** Takes a file as it comes, of `size` where that is known, bounded in memory; an aborted or broken source leaves nothing behind. */
  storeBlob(source: AsyncIterable<Uint8Array>, options: StoreBlobOptions): Promise<StoredBlob>;
  /**
   * As `storeBlob`, of a file the node reads itself: for doors only its own user reaches. `progress` is told the bytes
   * taken so far. Absent: not offered.
   */
  storeFile?(
    file: LocalFile,
    options: { signal: AbortSignal; progress: (bytes: number) => void },
  ): Promise<StoredBlob>;
  /** Gives back a lease that will not be submitted; an unknown one changes nothing. Without it leases run out. */
  releaseBlob?(lease: string): Promise<void>;
  list(query: ListQuery): Promise<Page<DocumentItem>>;
  /** By exchange id or any unique prefix; 'not-found', 'ambiguous'. */
  show(id: string): Promise<DocumentView>;
  /** `index` counts from 0 in the order of `show().files`. */
  attachment(id: string, index: number): Promise<AttachmentStream>;
  evidence(id: string): Promise<EvidenceFile[]>;
  verify(id: string): Promise<Verification>;
  /** Takes an edXML file as it comes; a refused, aborted or broken one leaves nothing behind. Absent: not offered. */
  importEdxml?(source: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportAnswer>;
  /** Resolves before the first byte; what is found wrong later breaks the stream. */
  exportEdxml?(id: string, options: ExportOptions): Promise<EdxmlExport>;
  /** The present states first, then each change; ends when all are settled or the signal aborts. */
  watch(id: string, signal: AbortSignal): AsyncIterable<DeliveryUpdate>;
  status(): Promise<NodeStatus>;
  check(): Promise<CheckReport>;
  announce(addresses: string[]): Promise<void>;
  /** Asks the registry to grant the seal of another CA that lies in the folder, by its certificate's fingerprint. */
  askForSeal(fingerprint: string): Promise<SealAsked>;
  directory(): Promise<DirectoryItem[]>;
  directoryEntry(code: string): Promise<DirectoryDetail>;
}

export interface SealAsked {
  /** SHA-256 of the certificate, hex. */
  fingerprint: string;
  /** It counts already. */
  granted: boolean;
}

export interface InviteAnswer {
  token: string;
  agency: string;
  /** ISO 8601 with offset. */
  expiresAt: string;
}

/** With certificates the last one is the registry itself: code "", state "registry". */
export interface RegistryAgency {
  code: string;
  name: string;
  state: string;
  seats: number;
  /** Present when asked for. */
  certificates?: (CertificateSummary & { seat?: string | null; endsSoon?: boolean; fingerprint?: string })[];
}

export interface RegistryStatus {
  name: string;
  peerId: string;
  /** What others dial, with /p2p/. */
  listening: string[];
  /** SHA-256 of the first root certificate, hex: the root's fingerprint too. */
  federationId: string;

  directory: { epoch: number; version: number; freshUntil: string; validUntil: string; state: string };
  agencies: number;
  seats: number;
  openInvites: number;
  /** Seals asked for and not granted yet. */
  sealRequests: SealRequestItem[];
}

export interface SealRequestItem {
  agency: string;
  seat: string;
  /** Of the key, or of the certificate another CA gave it. */
  fingerprint: string;
  askedAt: string;
  /** Of another CA's; `fault`: why granting it would be refused now. */
  certificate?: { subject: string; issuer: string; notAfter: string; fault: string | null };
}

export interface Revocation {
  reason: string;
  /** Invalidity date: what was signed from then on doesn't stand. */
  sinceMs?: number;
}

export interface RenewAnswer {
  /** Serials of the old certificate and of the new one. */
  renewed: { agency: string; role: string; old: string; serial: string; notAfter: string }[];
  version: number;
}

export interface RegistryApi {
  invite(code: string, options: { expiresMs?: number }): Promise<InviteAnswer>;
  list(options: { certificates?: boolean }): Promise<RegistryAgency[]>;
  /** For the agency and all below it, or for `unit` (and all below it, unless `unitOnly`). */
  grantSeal(
    code: string,
    fingerprint: string,
    options?: { unit?: string; unitOnly?: boolean },
  ): Promise<unknown>;
  anchors(): Promise<AnchorItem[]>;
  addAnchor(anchor: NewAnchor): Promise<AnchorItem>;
  removeAnchor(fingerprint: string): Promise<{ fingerprint: string; seals: number; version: number }>;
  /** A newer revocation list of the CA or of one below it. */
  refreshAnchor(fingerprint: string, list: Bytes): Promise<AnchorItem>;
  /** Bytes of an offline request file → bytes of its answer file. */
  issue(request: Bytes): Promise<Bytes>;
  revoke(serialOrCode: string, revocation: Revocation): Promise<unknown>;
  /** New certificates for the keys of one certificate or of an agency. */
  renew(serialOrCode: string): Promise<RenewAnswer>;
  /** The parsed JSON of agencies and units. */
  import(json: unknown): Promise<unknown>;
  status(): Promise<RegistryStatus>;
}
