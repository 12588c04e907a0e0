/**
 * A node whose inbox holds many documents, for the benchmarks of finding. The rows are real ones, written in bulk
 * through the store (document, arrival, indexes), but not sent: envelopes have the size of signed ones and nobody's
 * signature. Contents follow a seed, so that two of one size are the same. With LIENTHONG_BENCH_STORE=FOLDER the
 * folders stay there and are used again.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parse as parseUuid } from 'uuid';
import type { NodeClient } from '../../node/cli/node-client.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import type { SearchView } from '../../node/core/node-views.ts';
import { arrivalWrite } from '../../node/store/arrivals.ts';
import { documentWrites } from '../../node/store/documents.ts';
import type { Write } from '../../node/store/key-value.ts';
import { openNodeStore } from '../../node/store/node-store.ts';
import {
  type ArrivalRow,
  type Document,
  type DocumentRow,
  dispatch as dispatchCodec,
  document as documentCodec,
  receipt as receiptCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { Child } from '../sandbox/child.ts';
import { nodeAt } from '../sandbox/local-node.ts';
import { ENTRY } from './bundle.ts';
import { Pair, SENDER } from './pair.ts';

/** Ten years of documents, so that the newer half is five. */
const SPAN_MS = 10 * 366 * 86_400_000;
const LAST_MS = Date.UTC(2026, 0, 1);
const BATCH = 100;
const IN_FLIGHT = 8;
const READY_TIMEOUT_MS = 1_800_000;

/** Syllables of subjects, the first ones far more often than the last. */
const SYLLABLES =
  'định ban hành phê duyệt đề án phát triển hệ thống chính phủ ủy nhân dân tỉnh số thông báo kết luận về việc công tác phòng chống bão lụt chuyển đổi quốc gia nghị hướng dẫn thực hiện kế hoạch năm bộ tài nguyên môi trường giáo dục đào tạo y tế sức khỏe người lao động tiền lương đầu tư xây dựng ngân sách nhà nước quản lý đất đai quy hoạch nông nghiệp thủy sản thương mại doanh khoa học văn hóa thể thao du lịch an ninh trật tự dịch vụ trực tuyến cập nhật dữ liệu biểu mẫu thanh tra kiểm khiếu nại tố cáo biện pháp tăng cường nghiêm khắc phục hậu quả thiên cứu hộ vùng ngoài giao thủ tục'.split(
    ' ',
  );
const SURNAMES = ['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Đặng'];
const TYPES = ['Quyết định', 'Công văn', 'Công văn', 'Báo cáo', 'Thông báo', 'Kế hoạch', 'Tờ trình'];
const AGENCIES = 94;

export const agencyOf = (n: number): string => `H${String(10 + (n % AGENCIES)).padStart(2, '0')}`;

/** A stream of numbers below a limit. */
export function drawer(seed: number): (below: number) => number {
  let state = (seed * 2654435761) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function contentOf(n: number, exchangeId: Uint8Array): Document {
  const draw = drawer(n + 1);
  const often = () => SYLLABLES[Math.floor((draw(10_000) / 10_000) ** 2 * SYLLABLES.length)]!;
  const type = TYPES[draw(TYPES.length)]!;
  // the smaller a code's number the more it sends; some units below
  const agency = agencyOf(Math.floor((draw(10_000) / 10_000) ** 2 * AGENCIES));
  const code = draw(5) === 0 ? `${agency}.0${1 + draw(9)}` : agency;
  return documentCodec.parse(
    documentCodec.encode({
      exchangeId,
      businessKind: 1,
      classification: 1,
      issuer: { code, name: `Ủy ban nhân dân tỉnh ${agency}` },
      senderAgency: agency,
      legalId: `000.00.00.${agency},2019/03/12,${n}/QĐ-UBND`,
      number: String(1 + (n % 4000)),
      notation: type === 'Quyết định' ? 'QĐ-UBND' : 'CV-VP',
      date: '2019-03-12',
      type: { name: type },
      subject: `${type} ${Array.from({ length: 8 + draw(16) }, often).join(' ')}`,
      signer: { name: `${SURNAMES[draw(5)]} Văn ${often()}`, position: 'Chủ tịch', competence: 'TM.' },
    } as Document),
  );
}

function rowsOf(n: number, count: number): Write[] {
  const id = createHash('sha256').update(`document ${n}`).digest();
  const text = `${id.toString('hex').slice(0, 8)}-0000-7000-8000-${id.toString('hex').slice(8, 20)}`;
  const exchangeId = parseUuid(text);
  const storedAtMs = LAST_MS - SPAN_MS + Math.floor((SPAN_MS / count) * n);
  const signature = { scope: new Uint8Array(randomBytes(220)), value: new Uint8Array(randomBytes(71)) };
  const signed = (kind: string, payload: Uint8Array) =>
    signedCodec.encode({ kind, payload, signatures: [signature] } as never);
  const envelope = signed('document/1', documentCodec.encode(contentOf(n, exchangeId)));
  const documentId = new Uint8Array(id);
  const row = {
    documentId,
    exchangeId,
    envelope,
    outgoing: false,
    storedAtMs,
    fromSeat: 'H10',
  } as DocumentRow;
  const logHead = { epoch: 1, size: n, root: id };
  const named = { documentId, unit: SENDER, logHead };
  const arrival = {
    documentId,
    exchangeId,
    unit: SENDER,
    fromSeat: 'H10',
    dispatchId: new Uint8Array(randomBytes(32)),
    dispatch: signed('dispatch/1', dispatchCodec.encode({ ...named, urgency: 1 })),
    receipt: signed(
      'receipt/1',
      receiptCodec.encode({
        ...named,
        dispatchId: id,
        documentEnvelope: id,
        dispatchEnvelope: id,
        storedAtMs,
      }),
    ),
    storedAtMs,
    urgency: 1,
  } as ArrivalRow;
  return [...documentWrites(row, text, []), arrivalWrite(arrival)];
}

/** Rows of `count` documents into the folder of a node at rest. */
export async function fill(dir: string, count: number): Promise<void> {
  const { store, close } = await openNodeStore(dir, { clock: systemClock, random: systemRandom });
  try {
    let next = 0;
    const worker = async () => {
      while (next < count) {
        const first = next;
        next += BATCH;
        const numbers = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => first + i);
        await store.commit({ writes: numbers.flatMap((n) => rowsOf(n, count)) });
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  } finally {
    await close();
  }
}

export class LargeInbox {
  readonly dir: string;
  readonly count: number;
  readonly #isKept: boolean;
  #child: Child | undefined;
  /** Most of it while the index was built. */
  peakBytes = 0;
  client!: NodeClient;

  private constructor(dir: string, count: number, isKept: boolean) {
    this.dir = dir;
    this.count = count;
    this.#isKept = isKept;
  }

  /** Enrolled and filled, not running. */
  static async prepare(count: number): Promise<LargeInbox> {
    const kept = process.env.LIENTHONG_BENCH_STORE;
    const parent = kept ?? (await mkdtemp(path.join(os.tmpdir(), 'lienthong-bench-inbox-')));
    const dir = path.join(parent, `inbox-${count}`);
    const inbox = new LargeInbox(dir, count, kept !== undefined);
    if (existsSync(dir)) return inbox;
    const made = `${dir}.new`;
    await rm(made, { recursive: true, force: true });
    const pair = await Pair.start({ nodes: false });
    try {
      await cp(pair.folder(SENDER), made, { recursive: true });
    } finally {
      await pair.stop();
    }
    await fill(made, count);
    await rename(made, dir);
    return inbox;
  }

  /** Starts the node and waits until its index is there; milliseconds that took from the start of its process. */
  async run({ anew = false }: { anew?: boolean } = {}): Promise<number> {
    if (anew) await rm(path.join(this.dir, 'search'), { recursive: true, force: true });
    const startedAt = performance.now();
    const args = ['node', 'run', '--dir', this.dir];
    this.#child = new Child({ name: SENDER, args, entry: ENTRY });
    await this.#child.ready();
    this.client = await nodeAt(this.dir, AbortSignal.timeout(READY_TIMEOUT_MS));
    await this.client.list({ box: 'inbox', state: 'delivered', limit: 1 });
    while ((await this.#search()).state !== 'ready') {
      await systemClock.sleep(100);
      this.peakBytes = Math.max(this.peakBytes, await this.#ownBytes());
    }
    return performance.now() - startedAt;
  }

  /** Memory of its own the node has now, bytes, without LevelDB's files, which it maps; Linux. */
  async #ownBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#child!.pid}/status`, 'utf8').catch(() => '');
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }

  async indexBytes(): Promise<number> {
    const folder = path.join(this.dir, 'search');
    const sizes = (await readdir(folder)).map(async (name) => (await stat(path.join(folder, name))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /** Leaves nothing behind, unless the folder is to be kept. */
  async end(): Promise<void> {
    await this.#child?.stop();
    if (!this.#isKept) await rm(path.dirname(this.dir), { recursive: true, force: true });
  }

  async #search(): Promise<SearchView> {
    const { search } = await this.client.status();
    if (search === null || search.state === 'unavailable') throw new Error(`no index: ${search?.reason}`);
    return search;
  }
}
