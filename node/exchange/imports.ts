/**
 * Imports an edXML file (QCVN 102:2016): reads it as it streams in, then submits the document it is, or says the status it
 * is. The rules are those of every submission, so the same file twice gives the earlier answer. Order: file and
 * attachments durable under leases; one commit of the document, or of the status, with them; then what a recall or update
 * does to others, which a second import completes if the process ends before. A refusal at any point gives everything back.
 */
import { WireError } from '../../proto/codec.ts';
import type { ImportAnswer, ImportNotes, ImportOptions } from '../core/edxml-views.ts';
import { LienthongError } from '../core/errors.ts';
import { MAX_ATTACHMENT_BYTES } from '../core/field-limits.ts';
import { cleanFileName } from '../core/file-names.ts';
import type { StoredBlob, Submission, SubmitAnswer } from '../core/views.ts';
import type { EdxmlDocument } from '../edxml/message.ts';
import type { EdxmlRead } from '../edxml/read-edxml.ts';
import { getByExchangeId } from '../store/documents.ts';
import { type Acted, EdxmlActs, type EdxmlActsComponents } from './edxml-acts.ts';
import { EdxmlIntake } from './edxml-intake.ts';
import { EdxmlStatuses, type EdxmlStatusesComponents } from './edxml-statuses.ts';
import { submissionOf } from './edxml-submission.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Uploads } from './uploads.ts';

/** Of an imported message that travels. */
const ORIGINAL_MEDIA_TYPE = 'application/edxml+xml';

export type ImportsComponents = EdxmlActsComponents &
  EdxmlStatusesComponents &
  Pick<ExchangeComponents, 'clock'> & {
    uploads: Uploads;
    submit: (submission: Submission) => Promise<SubmitAnswer>;
    /** Whether the message itself goes to the recipients, as one more attachment. */
    originalTravels: boolean;
  };

export class Imports {
  readonly #with: ImportsComponents;
  readonly #acts: EdxmlActs;
  readonly #statuses: EdxmlStatuses;

  constructor(components: ImportsComponents) {
    this.#with = components;
    this.#acts = new EdxmlActs(components);
    this.#statuses = new EdxmlStatuses(components);
  }

  /** Throws as `readEdxml` (with line and byte), as a submission, as StatusDesk and Recalls, and the signal's reason. */
  async import(source: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportAnswer> {
    const intake = new EdxmlIntake(this.#with.uploads);
    try {
      const read = await intake.read(source, options.signal);
      if (read.message.kind === 'status') {
        const { lease, sha256 } = await intake.original();
        options.signal?.throwIfAborted();
        const file = this.#with.uploads.require(lease, sha256);
        const importedAtMs = this.#with.clock.nowMs();
        const kept = { sha256: file.sha256, size: file.size, importedAtMs, require: file.lease.require };
        return { ...notesOf(read), ...(await this.#statuses.take(read.message, kept)) };
      }
      return await this.#document(read.message, intake, options, read);
    } finally {
      await intake.release();
    }
  }

  async #document(
    message: EdxmlDocument,
    intake: EdxmlIntake,
    { system, key, classification, separate = [], signal }: ImportOptions,
    read: EdxmlRead,
  ): Promise<ImportAnswer> {
    const fields = submissionOf(message);
    this.#acts.requireDoable(fields);
    const areApart = intake.files.length === 0 && read.withoutAttachment.length > 0;
    if (areApart) intake.takeSeparate(read.withoutAttachment, separate);
    else if (separate.length > 0) throw new LienthongError('usage', { field: 'separate' });
    const notes = notesOf(areApart ? { ...read, withoutAttachment: [] } : read);
    const original = await intake.original();
    signal?.throwIfAborted();
    const { imported } = fields;
    const submission: Submission = {
      ...fields,
      system,
      ...(key !== undefined && { key }),
      ...(classification !== undefined && { classification }),
      attachments: [...intake.files],
      imported: {
        ...imported,
        verbatim: [...(imported.verbatim ?? []), ...intake.verbatim],
        attachments: [...intake.described],
        original,
      },
    };
    if (this.#with.originalTravels) alsoSend(submission, original);
    const answer = await this.#with.submit(submission).catch((error) => {
      throw error instanceof WireError
        ? new LienthongError('oversize', { what: error.field }, { cause: error })
        : error;
    });
    const documentId = await getByExchangeId(this.#with.store, answer.id);
    if (documentId === undefined) throw new LienthongError('damaged', { where: 'document' });
    const { notHere, ...acted }: Acted = await this.#acts.act(documentId);
    return { ...notes, notHere, kind: fields.kind ?? 'new', ...answer, ...acted };
  }
}

/** The message itself as the last attachment. Throws 'file-too-large' for one that no recipient takes. */
function alsoSend(submission: Submission, { lease, sha256, size }: StoredBlob): void {
  const name = cleanFileName(`${submission.number}-${submission.notation}.original.edxml`);
  if (size > MAX_ATTACHMENT_BYTES)
    throw new LienthongError('file-too-large', { file: name, size, most: MAX_ATTACHMENT_BYTES });
  submission.attachments.push({ name, mediaType: ORIGINAL_MEDIA_TYPE, lease, sha256 });
  submission.imported!.attachments!.push({ isOriginal: true });
}

const notesOf = ({ unknown, unknownLeftOut, withoutAttachment, hasSignature }: EdxmlRead): ImportNotes => ({
  unknown,
  unknownLeftOut,
  withoutAttachment: withoutAttachment.map(
    ({ attachmentName, contentId }) => attachmentName ?? contentId ?? '',
  ),
  hasSignature,
  notHere: [],
});
