/**
 * Earlier submissions: what makes two the same (the local system and its idempotency key, or where a door has none, a
 * hash of what was said), and the earlier one's answer. Only reads; the outbox commits against what it read here.
 */
import { stringify as uuidText } from 'uuid';
import { type Bytes, equalBytes, hex, sha256, utf8 } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import { LienthongError } from '../core/errors.ts';
import { parseTransportState } from '../core/transport.ts';
import type {
  Proposal,
  ProposedAttachment,
  Submission,
  SubmitAnswer,
  SubmittedAttachment,
} from '../core/views.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { getDocument, getSubmission } from '../store/documents.ts';
import { chainsOf } from './chains.ts';
import type { ExchangeComponents } from './ports.ts';

export class EarlierSubmissions {
  readonly #with: Pick<ExchangeComponents, 'store' | 'directory'>;

  constructor(components: Pick<ExchangeComponents, 'store' | 'directory'>) {
    this.#with = components;
  }

  /** The answer to the same submission made before, unless its document is void; and what the store remembers of it. */
  async find(
    submission: Pick<Submission, 'to'>,
    token: Token,
  ): Promise<{ answer: SubmitAnswer | undefined; remembered: Bytes | undefined }> {
    const same = await getSubmission(this.#with.store, token.system, token.name);
    if (same === undefined) return { answer: undefined, remembered: undefined };
    if (await this.isVoid(same.documentId)) {
      return { answer: undefined, remembered: Buffer.concat([same.documentId, same.hash]) };
    }
    if (!equalBytes(same.hash, token.hash)) throw new LienthongError('key-reused', { key: token.name });
    return { answer: await this.#answer(same.documentId, submission), remembered: undefined };
  }

  /** Refused or cancelled everywhere, by a node or a person: its number and its key are free again. */
  async isVoid(documentId: Bytes): Promise<boolean> {
    const { store } = this.#with;
    for (const { unit, state } of await deliveriesOf(store, documentId)) {
      if (['refused', 'cancelled'].includes(parseTransportState(state))) continue;
      const { stage, recall } = (await chainsOf(store, { documentId, unit })).state;
      if (stage !== '02' && recall !== 'agreed') return false;
    }
    return true;
  }

  async #answer(documentId: Bytes, { to }: Pick<Submission, 'to'>): Promise<SubmitAnswer> {
    const { store, directory } = this.#with;
    const row = await getDocument(store, documentId);
    if (row === undefined) throw new LienthongError('damaged', { where: 'document' });
    const deliveries = await deliveriesOf(store, documentId);
    const units = new Set(deliveries.map(({ unit }) => unit));
    const missing = to.map(parseUnitCode).filter((code) => {
      const service = directory().service(code);
      return !units.has(service.kind === 'served' ? service.unit : code);
    });
    return {
      id: uuidText(row.exchangeId),
      documentHash: hex(documentId),
      deliveries: deliveries.map(({ unit, state }) => ({ to: unit, state: parseTransportState(state) })),
      ...(missing.length > 0 ? { missing } : {}),
      repeated: true,
    };
  }
}

export interface Token {
  system: string;
  /** "key:…" as given, or "hash:…" of what was submitted. */
  name: string;
  hash: Bytes;
  /** SHA-256 of each attachment. */
  sums: readonly Bytes[];
}

/**
 * What was submitted as one hash: as the caller said it, whatever order its fields and recipients came in. Nothing of
 * today's date, directory or leases goes into it: the same call tomorrow is the same submission.
 */
export function tokenOf({
  key: given,
  system,
  attachments,
  imported,
  ...said
}: Submission | Proposal): Token {
  const { original: _original, recipients: _recipients, ...metadata } = imported ?? {};
  const sums = attachments.map((file: SubmittedAttachment | ProposedAttachment) =>
    'bytes' in file ? sha256(file.bytes) : new Uint8Array(Buffer.from(file.sha256, 'hex')),
  );
  const files = attachments.map((file: SubmittedAttachment | ProposedAttachment, i) => {
    const sum = 'bytes' in file ? hex(sums[i]!) : file.sha256;
    return [sum, file.name, file.mediaType ?? '', file.description ?? ''];
  });
  const facts = { ...said, ...(imported && { imported: metadata }), to: [...said.to].sort(), files };
  const hash = sha256(utf8(canonical(facts).normalize('NFC')));
  return { system, name: given === undefined ? `hash:${hex(hash)}` : `key:${given}`, hash, sums };
}

/** JSON with the fields of each object in order; those without a value are left out. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const of = (value as Record<string, unknown>)[name];
    if (of !== undefined) fields.push(`${JSON.stringify(name)}:${canonical(of)}`);
  }
  return `{${fields.join()}}`;
}
