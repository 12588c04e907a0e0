/**
 * Exports a document, or a status said about it, as an edXML file (QCVN 102:2016), written from the fields as it is read.
 * The sender's file lists every recipient, a recipient's its own units, or the one that is named. Attachments are hashed on
 * the way: bytes that aren't the signed ones end the file with an error, never whole. Only reads.
 */
import type { Attachment, Document, ImportedOriginalRow } from '../../proto/messages.ts';
import { dispatch as dispatchCodec, signed as signedCodec } from '../../proto/messages.ts';
import { type Bytes, equalBytes } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import type { EdxmlExport, ExportOptions } from '../core/edxml-views.ts';
import { LienthongError } from '../core/errors.ts';
import { cleanFileName } from '../core/file-names.ts';
import { plainId } from '../edxml/attachments-reader.ts';
import { viewOf } from '../edxml/view.ts';
import { type OutgoingAttachment, writeEdxml } from '../edxml/write-edxml.ts';
import { arrivalsOf } from '../store/arrivals.ts';
import { newSha256 } from '../store/blob-facts.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { getImportedRecipient } from '../store/imported-recipients.ts';
import { getOriginal, getStatusOriginal } from '../store/originals.ts';
import { streamAttachment, streamFile } from './attachments.ts';
import { type AddressedTo, messageOf, type SentAs } from './edxml-message.ts';
import { statusMessage, statusSaid } from './edxml-status-message.ts';
import { ORIGINAL_MESSAGE } from './imported-fields.ts';
import type { HeldDocument } from './library.ts';
import type { ExchangeComponents } from './ports.ts';

export type ExportsComponents = Pick<ExchangeComponents, 'store' | 'blobs' | 'directory' | 'self'>;

export class Exports {
  readonly #with: ExportsComponents;

  constructor(components: ExportsComponents) {
    this.#with = components;
  }

  /** Throws 'not-found' (no original, no such status), 'ambiguous' (several units), as `writeEdxml`; later 'damaged'. */
  async export(document: HeldDocument, options: ExportOptions): Promise<EdxmlExport> {
    const { number, notation } = document.content;
    const stem = `${number}-${notation}`;
    if (options.status) {
      const found = await statusSaid(document, options, this.#with);
      const name = cleanFileName(`${stem}.${found.unit}.${found.said.entry.code}.edxml`);
      if (options.original) return { name, stream: await this.#statusOriginal(document, found) };
      return { name, stream: writeEdxml(statusMessage(document, found, this.#with)) };
    }
    const name = cleanFileName(`${stem}.edxml`);
    if (options.original) return { name, stream: await this.#original(document) };
    return { name, stream: await this.#fresh(document, options.unit) };
  }

  /** Kept where it was imported; elsewhere what travelled along. */
  async #original({ row, content }: HeldDocument): Promise<AsyncIterable<Uint8Array>> {
    const { store, blobs } = this.#with;
    const kept = await getOriginal(store, row.documentId);
    if (kept !== undefined) return this.#kept(kept);
    const along = content.attachments.find(({ role }) => role === ORIGINAL_MESSAGE) as Attachment | undefined;
    if (along === undefined) throw new LienthongError('not-found', { what: 'original' });
    return hashed(streamAttachment(along, row, store, blobs), along.sha256, along.name);
  }

  /** Only where it was imported: statuses travel as signed statements alone. */
  async #statusOriginal(
    { row: { documentId } }: HeldDocument,
    { said: { content }, unit }: Awaited<ReturnType<typeof statusSaid>>,
  ): Promise<AsyncIterable<Uint8Array>> {
    const { side, sequence } = content;
    const kept = await getStatusOriginal(this.#with.store, { documentId, unit }, { side, sequence });
    if (kept === undefined) throw new LienthongError('not-found', { what: 'original' });
    return this.#kept(kept);
  }

  #kept({ sha256, size }: ImportedOriginalRow): AsyncIterable<Uint8Array> {
    return hashed(streamFile({ name: 'edXML', sha256, size }, this.#with.blobs), sha256, 'edXML');
  }

  async #fresh(document: HeldDocument, unit: string | undefined): Promise<AsyncIterable<Uint8Array>> {
    const { sent, circular, isSenders } = await this.#sentAs(document, unit);
    const { content } = document;
    const whole = messageOf(content, sent);
    const own = sent.to.map(({ unit }) => unit);
    const message = viewOf(
      whole,
      // which others a circular went to isn't known here: what it says of receivers is shown all the same
      isSenders ? { of: 'sender' } : { of: 'recipient', own, circular },
    );
    return writeEdxml(message, this.#attachments(document));
  }

  async #sentAs({ row }: HeldDocument, unit: string | undefined) {
    const { store } = this.#with;
    const isSenders = row.outgoing && unit === undefined;
    const all = isSenders
      ? await deliveriesOf(store, row.documentId)
      : await arrivalsOf(store, row.documentId);
    const code = unit === undefined ? undefined : parseUnitCode(unit);
    const rows = all.filter((one) => one.unit === (code ?? one.unit));
    if (rows[0] === undefined)
      throw code === undefined
        ? new LienthongError('damaged', { where: 'deliveries' })
        : new LienthongError('not-found', { what: 'delivery', id: code });
    const { urgency, due, circular } = dispatchCodec.parse(signedCodec.parse(rows[0].dispatch).payload);
    const to: AddressedTo[] = [];
    for (const { documentId, unit: of } of rows)
      to.push({ ...this.#named(of), imported: await getImportedRecipient(store, { documentId, unit: of }) });
    const sent: SentAs = { to, urgency, due, storedAtMs: row.storedAtMs };
    return { sent, circular, isSenders };
  }

  #named(unit: string): AddressedTo {
    const directory = this.#with.directory();
    const service = directory.service(parseUnitCode(unit));
    if (service.kind === 'unknown') return { unit };
    const inCharge = service.kind === 'served' ? directory.agencyName(service.agency) : undefined;
    return { unit, name: service.name, inCharge };
  }

  #attachments({ row, content }: HeldDocument): OutgoingAttachment[] {
    const { store, blobs } = this.#with;
    const said = new Map(content.verbatim.map(({ path, text }) => [path, text ?? '']));
    const raw = new Set((said.get('AttachmentEncoded/raw') ?? '').split(','));
    const ids = new Set<string>();
    return filesOf(content).map((attachment, at) => {
      const place = `AttachmentEncoded/${at + 1}`;
      const { mediaType, sha256, name } = attachment;
      return {
        contentId: uniqueId(attachment.contentId, at, ids),
        attachmentName: sameFile(said.get(`${place}/AttachmentName`), name) ?? name,
        description: said.get(`${place}/Description`) ?? attachment.description,
        mediaType,
        form: raw.has(String(at + 1)) ? 'raw' : 'zip',
        open: () => hashed(streamAttachment(attachment, row, store, blobs), sha256, name),
      };
    });
  }
}

/** As it was written where it was imported, if that names the same file: a peer's text is no path. */
const sameFile = (written: string | undefined, name: string): string | undefined =>
  written !== undefined && !/[/\\]/.test(written) && cleanFileName(written) === name ? written : undefined;

const filesOf = ({ attachments }: Document): Attachment[] =>
  (attachments as Attachment[]).filter(({ role }) => role !== ORIGINAL_MESSAGE);

/** As it was imported, where no other one has it (several files of one ZIP have the same), else by its place. */
function uniqueId(imported: string, at: number, taken: Set<string>): string {
  let id = imported || `cid:${at + 1}`;
  for (let number = 1; taken.has(plainId(id)); number++) id = `${imported || 'cid:file'}.${at + number}`;
  taken.add(plainId(id));
  return id;
}

/** Throws 'damaged' at the end of bytes that aren't those of the hash. */
async function* hashed(
  bytes: AsyncIterable<Uint8Array>,
  sha256: Bytes,
  name: string,
): AsyncGenerator<Uint8Array> {
  const hash = newSha256();
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
  if (!equalBytes(new Uint8Array(hash.digest()), sha256))
    throw new LienthongError('damaged', { where: name });
}
