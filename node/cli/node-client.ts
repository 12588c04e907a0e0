/** A running node's functions over its socket, by name: what the commands call. */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ExportOptions, ImportAnswer } from '../core/edxml-views.ts';
import { type ErrorCode, type ErrorDetails, LienthongError } from '../core/errors.ts';
import type { CheckReport, DirectoryDetail, DirectoryItem, NodeStatus } from '../core/node-views.ts';
import type { RegisterPage, RegisterQuery } from '../core/register-views.ts';
import type { RecallAnswer, StatusAct, StatusAnswer } from '../core/status-views.ts';
import type {
  DeliverySummary,
  DeliveryUpdate,
  DocumentItem,
  DocumentView,
  ListQuery,
  Page,
  ProposedAttachment,
  StoredBlob,
  Submission,
  SubmitAnswer,
  Verification,
} from '../core/views.ts';
import type { RecallAsked } from '../gateway/http/life-service.ts';
import type { SealAsked } from '../gateway/http/services.ts';
import { type LocalClient, pathOf } from './local-client.ts';

export type UploadedFile = { name: string; mediaType?: string } & (
  | { lease: string; sha256: string }
  | { base64: string }
);
export type EdxmlQuery = {
  system: string;
  key?: string | undefined;
  classification?: string | undefined;
  /** Leases of files that lie beside an older message: "lease.sha256", with commas between. */
  separate?: string;
};
export type Fields = Omit<Submission, 'attachments'>;

/** What the node says while it reads a file. */
type LocalFileLine = { bytes: number } | StoredBlob | { error: { code: ErrorCode; details: ErrorDetails } };

export class NodeClient {
  readonly #http: LocalClient;

  constructor(http: LocalClient) {
    this.#http = http;
  }

  status = () => this.#http.json<NodeStatus>('GET', '/v1/status');
  /** Reads all the node holds: minutes for a large store. */
  check = () => this.#http.json<CheckReport>('POST', '/v1/check', { timeoutMs: 3_600_000 });
  announce = (addresses: string[]) =>
    this.#http.json<{ addresses: string[] }>('POST', '/v1/announce', { body: { addresses } });
  askForSeal = (fingerprint: string) =>
    this.#http.json<SealAsked>('POST', '/v1/seals', { body: { fingerprint } });
  directory = () => this.#http.json<DirectoryItem[]>('GET', '/v1/directory');
  directoryEntry = (code: string) =>
    this.#http.json<DirectoryDetail>('GET', `/v1/directory/${encodeURIComponent(code)}`);
  list = (query: ListQuery) =>
    this.#http.json<Page<DocumentItem>>('GET', pathOf('/v1/documents', { ...query }));
  show = (id: string) => this.#http.json<DocumentView>('GET', document(id));
  verify = (id: string) => this.#http.json<Verification>('GET', `${document(id)}/verification`);
  /** What `submit` would answer, where that is known before the files are there. */
  validate = (fields: Fields, attachments: ProposedAttachment[]) =>
    this.#http.json<{ checked: boolean; answer: SubmitAnswer | null }>('POST', '/v1/documents/check', {
      body: { ...fields, attachments },
    });
  submit = (fields: Fields, attachments: UploadedFile[]) =>
    this.#http.json<SubmitAnswer>('POST', '/v1/documents', { body: { ...fields, attachments } });
  say = (id: string, act: StatusAct) =>
    this.#http.json<StatusAnswer>('POST', `${document(id)}/statuses`, { body: act });
  taken = (id: string, unit?: string) =>
    this.#http.json<void>('POST', `${document(id)}/taken`, { body: { unit } });
  recall = (id: string, request: RecallAsked) =>
    this.#http.json<RecallAnswer[]>('POST', `${document(id)}/recall`, { body: request });
  addRecipients = (id: string, to: readonly string[], reason: string, by?: string) =>
    this.#http.json<DeliverySummary[]>('POST', `${document(id)}/recipients`, { body: { to, reason, by } });
  register = ({ box, ...query }: RegisterQuery) =>
    this.#http.json<RegisterPage>('GET', pathOf(`/v1/registers/${box}`, { ...query }));
  upload = (source: AsyncIterable<Uint8Array>, size: number) =>
    this.#http.upload<StoredBlob>('/v1/blobs', source, size);
  /** A file the node reads itself. Throws 'invalid-file' when it can't, 'not-found' on a node that doesn't. */
  async storeFile(path: string, progress: (bytes: number) => void): Promise<StoredBlob> {
    const { dev, ino, mtimeNs, size } = await stat(path, { bigint: true });
    const identity = { device: `${dev}`, inode: `${ino}`, modifiedNs: `${mtimeNs}`, size: Number(size) };
    const body = { path: resolve(path), ...identity };
    for await (const line of this.#http.lines<LocalFileLine>('/v1/blobs/local', undefined, body)) {
      if ('error' in line) throw new LienthongError(line.error.code, line.error.details);
      if ('lease' in line) return line;
      progress(line.bytes);
    }
    throw new LienthongError('unreachable', { reason: 'no answer' });
  }
  release = (lease: string) => this.#http.json<void>('DELETE', `/v1/blobs/${encodeURIComponent(lease)}`);
  watch = (id: string, signal: AbortSignal) =>
    this.#http.lines<DeliveryUpdate>(`${document(id)}/events`, signal);
  /** Streams an edXML file of `size` bytes. */
  importEdxml = (source: AsyncIterable<Uint8Array>, size: number, query: EdxmlQuery) =>
    this.#http.upload<ImportAnswer>(pathOf('/v1/edxml', { ...query }), source, size);
  exportEdxml = (id: string, options: ExportOptions) =>
    this.#http.download(pathOf(`${document(id)}/edxml`, { ...options }));
  attachment = (id: string, index: number) => this.#http.download(`${document(id)}/attachments/${index}`);

  async evidence(id: string): Promise<{ name: string; bytes: Uint8Array }[]> {
    const { files } = await this.#http.json<{ files: { name: string; base64: string }[] }>(
      'GET',
      `${document(id)}/evidence`,
    );
    return files.map(({ name, base64 }) => ({ name, bytes: new Uint8Array(Buffer.from(base64, 'base64')) }));
  }
}

const document = (id: string): string => `/v1/documents/${encodeURIComponent(id)}`;
