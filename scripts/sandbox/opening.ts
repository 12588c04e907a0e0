/**
 * The opening of the axis on 12 March 2019, replayed: the Government Office issues Quyết định 274/QĐ-TTg (or the next
 * number) to the provinces, each signed receipt is reported as it is stored, and then every one is verified. All
 * through the same calls the command line uses.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { NodeClient } from '../../node/cli/node-client.ts';
import { isSettled } from '../../node/core/transport.ts';
import type { DeliveryUpdate, DocumentView, Verification } from '../../node/core/views.ts';
import { decisionPdf } from './decision-pdf.ts';
import { SAMPLE_SUBJECT } from './decision-text.ts';

export const OPENING_DAY = '2019-03-12';
const NOTATION = 'QĐ-TTg';
const FIRST_NUMBER = 274;
const PAGE = 500;
const DELIVERY_TIMEOUT_MS = 60_000;

export interface Paper {
  number: number;
  /** As people write it: "274/QĐ-TTg". */
  legal: string;
  subject: string;
  file: string;
  bytes: number;
  sha256: string;
}

/** Writes the decision's PDF beside the folders and says what it is. */
export async function makePaper(
  dir: string,
  sender: NodeClient,
  recipients: readonly string[],
): Promise<Paper> {
  const number = await nextNumber(sender);
  const pdf = await decisionPdf({ number, date: OPENING_DAY, recipients });
  const folder = path.join(dir, 'van-ban');
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `quyet-dinh-${number}.pdf`);
  await writeFile(file, pdf);
  const sha256 = createHash('sha256').update(pdf).digest('hex');
  return {
    number,
    legal: `${number}/${NOTATION}`,
    subject: SAMPLE_SUBJECT,
    file,
    bytes: pdf.byteLength,
    sha256,
  };
}

/** One more than the highest number of this notation and year that the node has sent. */
async function nextNumber(sender: NodeClient): Promise<number> {
  let highest = FIRST_NUMBER - 1;
  let cursor: string | undefined;
  do {
    const page = await sender.list({ box: 'outbox', limit: PAGE, cursor });
    for (const { number, notation, date } of page.items) {
      const isOurs =
        notation === NOTATION && date.slice(0, 4) === OPENING_DAY.slice(0, 4) && /^\d{1,9}$/.test(number);
      if (isOurs) highest = Math.max(highest, Number(number));
    }
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  return highest + 1;
}

export interface Delivered {
  id: string;
  /** From "send" to durable and queued. */
  queuedMs: number;
}

export interface SendEvents {
  queued(delivered: Delivered): void;
  /** A recipient's outcome; ms from "send" until its receipt was stored here. */
  settled(update: DeliveryUpdate, elapsedMs: number, id: string): Promise<void>;
  /** No outcome within a minute; the document stays queued. */
  waiting(to: string, why: string): void;
}

/** Sends and follows until every recipient is settled, at most a minute; answers the document's id. */
export async function sendPaper(
  sender: NodeClient,
  paper: Paper,
  pdf: Uint8Array,
  recipients: readonly string[],
  events: SendEvents,
): Promise<string> {
  const startedAt = performance.now();
  const { sha256, lease } = await sender.upload(once(pdf), pdf.byteLength);
  const answer = await sender.submit(
    {
      to: [...recipients],
      type: 'Quyết định',
      number: String(paper.number),
      notation: NOTATION,
      subject: paper.subject,
      date: OPENING_DAY,
      place: 'Hà Nội',
      signer: { position: 'Thủ tướng Chính phủ' },
      classification: 'thuong',
      system: 'sandbox',
      key: `opening-${paper.number}`,
    },
    [{ name: path.basename(paper.file), mediaType: 'application/pdf', lease, sha256 }],
  );
  const queuedMs = performance.now() - startedAt;
  events.queued({ id: answer.id, queuedMs });
  const told = new Set<string>();
  const late = AbortSignal.timeout(DELIVERY_TIMEOUT_MS);
  try {
    for await (const update of sender.watch(answer.id, late)) {
      if (!isSettled(update.state) || told.has(update.to)) continue;
      told.add(update.to);
      // the node's own measure starts where ours ended: when it was durable
      const settledMs =
        update.elapsedMs === null ? performance.now() - startedAt : queuedMs + update.elapsedMs;
      await events.settled(update, settledMs, answer.id);
      if (told.size === recipients.length) break;
    }
  } catch (error) {
    if (!late.aborted) throw error;
  }
  const { deliveries } = await sender.show(answer.id);
  for (const { to, state, lastError } of deliveries)
    if (!told.has(to)) events.waiting(to, lastError ?? state);
  return answer.id;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export interface Checked {
  receipts: number;
  checks: number;
  /** Names of what doesn't verify. */
  wrong: string[];
}

/** Verifies the document and its receipts at the sender, and the document at each recipient. */
export async function verifyPaper(
  id: string,
  sender: NodeClient,
  recipients: readonly { code: string; node: NodeClient }[],
): Promise<Checked> {
  const [view, own, ...theirs]: [DocumentView, Verification, ...Verification[]] = await Promise.all([
    sender.show(id),
    sender.verify(id),
    ...recipients.map(({ node }) => node.verify(id)),
  ]);
  const wrong: string[] = [];
  for (const { to, receipt } of view.deliveries) if (receipt === null) wrong.push(`${to}: no receipt`);
  for (const [index, found] of [own, ...theirs].entries()) {
    const where = index === 0 ? 'G22' : recipients[index - 1]!.code;
    if (!found.valid)
      wrong.push(
        ...found.checks
          .filter(({ ok }) => !ok)
          .map(({ what, reason }) => `${where} ${what} ${reason ?? ''}`.trim()),
      );
    if (!found.valid && wrong.length === 0) wrong.push(where);
  }
  const receipts = view.deliveries.filter(({ receipt }) => receipt !== null).length;
  return { receipts, checks: [own, ...theirs].reduce((sum, { checks }) => sum + checks.length, 0), wrong };
}
