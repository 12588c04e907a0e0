/**
 * A node's service in memory: keeps what is submitted, delivers when told, and answers as a node would (unique
 * prefixes, errors by code, hashes of the real bytes). For tests of the doors and the command line.
 */
import { createHash, randomUUID } from 'node:crypto';
import { isoTime } from '../../node/core/dates.ts';
import { LienthongError } from '../../node/core/errors.ts';
import type { RegisterQuery } from '../../node/core/register-views.ts';
import type { StatusAct } from '../../node/core/status-views.ts';
import { isSettled, type TransportState } from '../../node/core/transport.ts';
import type {
  DeliveryUpdate,
  DocumentView,
  ListQuery,
  StoredBlob,
  Submission,
} from '../../node/core/views.ts';
import type { RecallAsked } from '../../node/gateway/http/life-service.ts';
import type { NodeService } from '../../node/gateway/http/services.ts';
import { MemoryLife } from './memory-life.ts';

const START_MS = Date.parse('2019-03-12T09:00:00+07:00');
const AGENCIES = [
  { code: 'G22', legacyCode: '000.00.00.G22', name: 'Văn phòng Chính phủ', state: 'active', seats: 1 },
  {
    code: 'H40',
    legacyCode: '000.00.00.H40',
    name: 'Ủy ban nhân dân tỉnh Nam Định',
    state: 'active',
    seats: 1,
  },
  {
    code: 'H51',
    legacyCode: '000.00.00.H51',
    name: 'Ủy ban nhân dân tỉnh Sóc Trăng',
    state: 'active',
    seats: 1,
  },
  { code: 'H99', legacyCode: null, name: 'Tỉnh chưa có nút', state: 'active', seats: 0 },
];

interface Kept {
  view: DocumentView;
  files: Uint8Array[];
}

export class MemoryNode implements NodeService {
  readonly blobs = new Map<string, Uint8Array>();
  readonly documents: Kept[] = [];
  readonly submissions: Submission[] = [];
  announced: string[] = [];
  /** Thrown by the next call of `submit`. */
  refuseWith: LienthongError | undefined;
  /** Deliver at once, as a fast peer would. */
  deliverAtOnce = true;
  verified = true;
  uploadsBroken = 0;
  overrideStatus: object = {};
  readonly life = new MemoryLife();
  #listeners = new Set<() => void>();
  /** Said of every list while set. */
  behindSeconds: number | undefined;

  async submit(submission: Submission) {
    this.submissions.push(submission);
    if (this.refuseWith) throw this.refuseWith;
    if (submission.to.length === 0 && !submission.relations) throw new LienthongError('no-recipient');
    const missing: string[] = [];
    for (const code of submission.to) {
      const agency = AGENCIES.find((row) => row.code === code.split('.')[0]);
      if (agency === undefined) throw new LienthongError('unknown-recipient', { to: code });
      if (agency.seats > 0) continue;
      if (!submission.allowMissing)
        throw new LienthongError('recipient-without-node', { to: code, name: agency.name });
      missing.push(code);
    }
    const files = submission.attachments.map((file) => {
      const bytes = 'bytes' in file ? file.bytes : this.blobs.get(file.lease);
      if (bytes === undefined) throw new LienthongError('blob-unavailable', { name: file.name });
      return bytes;
    });
    const to = submission.to.filter((code) => !missing.includes(code));
    const id = randomUUID();
    const at = isoTime(START_MS + this.documents.length * 1000);
    const view = viewOf(id, at, { ...submission, to }, files);
    this.documents.push({ view, files });
    const deliveries = to.map((code) => ({ to: code, state: 'queued' as TransportState }));
    if (this.deliverAtOnce) setImmediate(() => this.deliver(id));
    return { id, documentHash: view.documentHash, deliveries, ...(missing.length > 0 ? { missing } : {}) };
  }

  /** Settles deliveries: all of a document, or those to one recipient. */
  deliver(id: string, to?: string, state: TransportState = 'delivered'): void {
    const kept = this.documents.find(({ view }) => view.id === id)!;
    for (const delivery of kept.view.deliveries) {
      if (to !== undefined && delivery.to !== to) continue;
      delivery.state = state;
      delivery.elapsedMs = 41;
      if (state === 'delivered') delivery.receipt = { at: isoTime(START_MS + 1000), by: delivery.to };
      if (state === 'refused') {
        delivery.lastError = 'signature-invalid';
        delivery.refusal = {
          at: isoTime(START_MS),
          by: delivery.to,
          code: 'signature-invalid',
          text: '',
          retry: 'never',
        };
      }
    }
    kept.view.state = kept.view.deliveries.every((delivery) => delivery.state === 'delivered')
      ? 'delivered'
      : 'queued';
    for (const listener of this.#listeners) listener();
  }

  async storeBlob(
    source: AsyncIterable<Uint8Array>,
    { signal }: { signal?: AbortSignal },
  ): Promise<StoredBlob> {
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of source) {
        signal?.throwIfAborted();
        pieces.push(new Uint8Array(piece));
      }
      signal?.throwIfAborted();
    } catch (error) {
      this.uploadsBroken++;
      throw error;
    }
    const bytes = new Uint8Array(Buffer.concat(pieces));
    const lease = randomUUID();
    this.blobs.set(lease, bytes);
    return { sha256: sha256Hex(bytes), size: bytes.byteLength, lease };
  }

  async list(query: ListQuery) {
    const all = this.documents.map(({ view }) => view).filter((view) => view.box === query.box);
    const found = all.filter(
      (view) =>
        (query.to === undefined || view.to.includes(query.to)) &&
        (query.state === undefined || view.state === query.state) &&
        (!query.waiting || (view.clocks?.waiting.length ?? 0) > 0) &&
        (!query.overdue || (view.clocks?.overdue.length ?? 0) > 0) &&
        (query.text === undefined || view.subject.includes(query.text)),
    );
    const from = Number(query.cursor ?? 0);
    const limit = query.limit ?? 50;
    const items = found.slice(from, from + limit).map((view) => ({
      ...Object.fromEntries(Object.entries(view).filter(([name]) => ITEM_FIELDS.has(name))),
      attachments: view.files.length,
    }));
    const cursor = found.length > from + limit ? String(from + limit) : null;
    const behind = this.behindSeconds !== undefined && { behindSeconds: this.behindSeconds };
    return { items: items as never[], cursor, ...behind };
  }

  async show(id: string) {
    return this.#find(id).view;
  }

  async attachment(id: string, index: number) {
    const { view, files } = this.#find(id);
    const file = view.files[index];
    if (file === undefined) throw new LienthongError('not-found', { what: 'attachment' });
    const bytes = files[index]!;
    const stream = (async function* () {
      for (let at = 0; at < bytes.byteLength; at += 65536) yield bytes.subarray(at, at + 65536);
    })();
    return { ...file, stream };
  }

  async evidence(id: string) {
    const { view } = this.#find(id);
    return [
      { name: 'document.bin', bytes: new TextEncoder().encode(view.id) },
      { name: 'certificates/seal.pem', bytes: new TextEncoder().encode('-----BEGIN CERTIFICATE-----\n') },
    ];
  }

  async verify(id: string) {
    const { view } = this.#find(id);
    return {
      id: view.id,
      valid: this.verified,
      checks: [
        {
          what: 'document: seal signature (G22 0a1b)',
          ok: this.verified,
          reason: this.verified ? null : 'signature-invalid',
        },
        { what: 'attachment Quyết định.pdf', ok: true, reason: null },
      ],
    };
  }

  async *watch(id: string, signal: AbortSignal): AsyncGenerator<DeliveryUpdate> {
    const { view } = this.#find(id);
    const told = new Map<string, TransportState>();
    while (true) {
      for (const { to, state, lastError, elapsedMs } of view.deliveries) {
        if (told.get(to) === state) continue;
        told.set(to, state);
        const none = { pulledBytes: 0, totalBytes: 0, givenBytes: 0 };
        yield { to, state, lastError, elapsedMs, at: isoTime(START_MS), ...none };
      }
      if (view.deliveries.every(({ state }) => isSettled(state)) || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#listeners.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.#listeners.add(done);
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }

  get watchers(): number {
    return this.#listeners.size;
  }

  async say(id: string, act: StatusAct) {
    return this.life.say(this.#find(id).view, act);
  }

  async taken(id: string, unit?: string) {
    this.life.taken(this.#find(id).view, unit);
  }

  async recall(id: string, { reason, units }: RecallAsked) {
    return this.life.recall(this.#find(id).view, reason, units);
  }

  async register(query: RegisterQuery) {
    return this.life.register(query);
  }

  async addRecipients(id: string, to: readonly string[], reason: string) {
    return this.life.addRecipients(this.#find(id).view, to, reason);
  }

  async status() {
    return {
      agency: 'G22',
      agencyName: 'Văn phòng Chính phủ',
      peerId: '12D3KooWRg9zd3zRTKVdVAgqmVAFHqlzBPTPjb2d7i6q2oY3TAGk',
      listening: ['/ip4/127.0.0.1/tcp/7400'],
      version: '0.1.0',
      uptimeSeconds: 3723,
      directory: {
        epoch: 1,
        version: 12,
        freshUntil: isoTime(START_MS + 86_400_000),
        validUntil: isoTime(START_MS + 30 * 86_400_000),
        state: 'fresh',
      },
      certificates: [
        { role: 'seal', serial: '0a1b', notAfter: '2039-01-01T00:00:00.000+07:00', state: 'valid' },
      ],
      sealFingerprint: 'ab'.repeat(32),
      seal: { custody: 'file' as const },
      queues: [
        {
          seat: 'H40-1',
          own: false,
          agency: 'H40',
          waiting: 3,
          oldestAt: isoTime(START_MS),
          nextAttemptAt: isoTime(START_MS + 60_000),
          lastError: 'unreachable',
        },
      ],
      peers: { connected: 2, registry: true },
      disk: { freeBytes: 42_000_000_000 },
      store: { state: 'ok' as const, problems: [] },
      counts: { inbox: 0, outbox: this.documents.length, waiting: 3 },
      log: { epoch: 1, size: 42 },
      recovery: null,
      witness: { rewritten: [], gaps: [] },
      search: { state: 'ready' as const, documents: 3, total: null, reason: null },
      ...this.overrideStatus,
    };
  }

  async check() {
    return {
      ok: this.verified,
      problems: this.verified ? [] : [{ kind: 'damaged', where: 'blob 12ab' }],
      checked: { rows: 10, blobs: 2, auditLeaves: 4 },
    };
  }

  sealsAsked: string[] = [];

  async askForSeal(fingerprint: string) {
    this.sealsAsked.push(fingerprint);
    return { fingerprint, granted: false };
  }

  async announce(addresses: string[]) {
    this.announced = addresses;
  }

  async directory() {
    return AGENCIES;
  }

  async directoryEntry(code: string) {
    const found = AGENCIES.find((row) => row.code === code);
    if (found === undefined) throw new LienthongError('not-found', { what: 'agency', code });
    return {
      ...found,
      kind: 'province',
      provisional: false,
      seatList: [{ seat: `${code}-1`, peerIds: ['12D3KooWExample'], addresses: ['/ip4/127.0.0.1/tcp/7401'] }],
      units: [{ code: `${code}.02`, name: 'Sở Nội vụ', seat: `${code}-1`, state: 'active' }],
      certificates: [{ role: 'seal', serial: '0a1b', notAfter: '2039-01-01T00:00:00.000+07:00' }],
    };
  }

  #find(id: string): Kept {
    const found = this.documents.filter(({ view }) => view.id.startsWith(id.toLowerCase()));
    if (found.length === 0) throw new LienthongError('not-found', { what: 'document', id });
    if (found.length > 1) throw new LienthongError('ambiguous', { id });
    return found[0]!;
  }
}

const ITEM_FIELDS = new Set(
  'id legalId kind from fromName to type number notation subject date urgency state status storedAt clocks'.split(
    ' ',
  ),
);

export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function viewOf(id: string, at: string, submission: Submission, files: Uint8Array[]): DocumentView {
  const from = submission.from ?? 'G22';
  const date = submission.date ?? '2019-03-12';
  return {
    id,
    legalId: `000.00.00.G22,${date.replaceAll('-', '/')},${submission.number}/${submission.notation}`,
    kind: 'new',
    box: 'outbox',
    boxes: ['outbox'],
    from,
    fromName: 'Văn phòng Chính phủ',
    to: submission.to,
    type: submission.type,
    number: submission.number,
    notation: submission.notation,
    subject: submission.subject,
    date,
    urgency: submission.urgency ?? 'thuong',
    state: 'queued',
    status: null,
    attachments: files.length,
    storedAt: at,
    documentHash: sha256Hex(new TextEncoder().encode(id)),
    content: submission.content ?? null,
    place: submission.place ?? null,
    signer: submission.signer ? { name: '', position: '', competence: '', ...submission.signer } : null,
    due: submission.due ?? null,
    circular: submission.circular ?? false,
    printedRecipients: [],
    deliveries: submission.to.map((to) => ({
      to,
      seat: `${to}-1`,
      here: false,
      state: 'queued',
      attempts: 1,
      nextAttemptAt: null,
      lastError: null,
      status: null,
      recall: 'none',
      supersededBy: [],
      updates: [],
      answeredAt: null,
      elapsedMs: null,
      receipt: null,
      refusal: null,
    })),
    statuses: [],
    formerCodes: [],
    relations: [],
    namedBy: [],
    thread: [],
    files: files.map((bytes, index) => ({
      name: submission.attachments[index]!.name,
      mediaType: submission.attachments[index]!.mediaType ?? 'application/octet-stream',
      size: bytes.byteLength,
      sha256: sha256Hex(bytes),
      pdfSignatures: null,
      pdfNote: null,
    })),
    legalEffect: 'replaces-paper',
    legalBasis: 'seal',
    signatures: [{ role: 'seal', agency: from, serial: '0a1b', claimedAt: at, valid: true, reason: null }],
  };
}
