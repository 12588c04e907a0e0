/**
 * Imports an edXML file (QCVN 102:2016): reads it as it streams in, then submits the document it is, or says the status it
 * is. The rules are those of every submission, so the same file twice gives the earlier answer. Order: file and
 * attachments durable under leases; one commit of the document with them; then what a recall or update does to others,
 * which a second import of the file completes if the process ends before. A refusal at any point gives everything back.
 */
import { WireError } from '../../proto/codec.ts';
import type { ImportAnswer, ImportNotes, ImportOptions } from '../core/edxml-views.ts';
import { LienthongError } from '../core/errors.ts';
import { cleanFileName } from '../core/file-names.ts';
import type { StoredBlob, Submission, SubmitAnswer } from '../core/views.ts';
import type { EdxmlDocument } from '../edxml/message.ts';
import type { EdxmlRead } from '../edxml/read-edxml.ts';
import { getByExchangeId } from '../store/documents.ts';
import { type Acted, EdxmlActs, type EdxmlActsComponents } from './edxml-acts.ts';
import { EdxmlIntake } from './edxml-intake.ts';
import { EdxmlStatuses, type EdxmlStatusesComponents } from './edxml-statuses.ts';
import { submissionOf } from './edxml-submission.ts';
import type { Uploads } from './uploads.ts';

export type ImportsComponents = EdxmlActsComponents &
  EdxmlStatusesComponents & {
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
      const notes = notesOf(read);
      if (read.message.kind === 'status') return { ...notes, ...(await this.#statuses.take(read.message)) };
      return await this.#document(read.message, intake, options, notes);
    } finally {
      await intake.release();
    }
  }

  async #document(
    message: EdxmlDocument,
    intake: EdxmlIntake,
    { system, key, classification, signal }: ImportOptions,
    notes: ImportNotes,
  ): Promise<ImportAnswer> {
    const fields = submissionOf(message);
    this.#acts.requireDoable(fields);
    const [absent] = intake.files.length === 0 ? notes.withoutAttachment : [];
    if (absent !== undefined) throw new LienthongError('file-missing', { file: absent });
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

/** The message itself as the last attachment. */
function alsoSend(submission: Submission, { lease, sha256 }: StoredBlob): void {
  const name = cleanFileName(`${submission.number}-${submission.notation}.edxml`);
  submission.attachments.push({ name, mediaType: 'application/xml', lease, sha256 });
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
