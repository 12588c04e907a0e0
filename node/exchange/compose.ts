/**
 * From a submission to the content of a document: everything that can be known now is checked here, before a byte
 * is stored. Pure but for the directory it is given. The rules: R1 classification, R9's key, lengths, dates.
 */
import type { lienthong } from '../../proto/messages.ts';
import {
  classificationOfWire,
  findSecrecyMarking,
  isClassification,
  wireOfClassification,
} from '../core/classification.ts';
import { parseUnitCode, toLegacy, type UnitCode } from '../core/codes.ts';
import { dayOf, parseDay, parseDue } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import { MAX_RECIPIENTS } from '../core/field-limits.ts';
import { isUrgency, type Urgency, wireOfUrgency } from '../core/urgency.ts';
import type { BusinessKind, Submission } from '../core/views.ts';
import type { NumberKey } from '../store/documents.ts';
import type { ImportedRecipient } from '../store/imported-recipients.ts';
import { legalIdOf } from '../store/relations.ts';
import { limited, optional, required } from './fields.ts';
import { describedRecipients, importedFields } from './imported-fields.ts';
import type { Self, Service, TrustedDirectory } from './ports.ts';
import type { ResolvedRelations } from './relations.ts';

export type DocumentFields = lienthong.v1.Document.$Properties;
export type AttachmentFields = lienthong.v1.Attachment.$Properties;

type Fields = Omit<Submission, 'attachments'>;

export interface Recipient {
  unit: string;
  seat: string;
  agency: string;
  /** As an imported message wrote it. */
  imported?: ImportedRecipient;
}

export interface Draft {
  /** Content of the document, still without exchange id and attachments. */
  content: DocumentFields;
  numberKey: NumberKey;
  recipients: Recipient[];
  missing: string[];
  urgency: number;
  due: string;
  circular: boolean;
}

/** Throws LienthongError naming the first rule broken. `nowMs` decides today's date only. */
export function compose(
  submission: Fields,
  relations: ResolvedRelations,
  directory: TrustedDirectory,
  self: Self,
  nowMs: number,
): Draft {
  const { recipients, missing } = resolveRecipients(
    { ...submission, to: submission.to.length > 0 ? submission.to : relations.to },
    directory,
  );
  const issuer = resolveIssuer(submission.from ?? relations.from ?? self.agency, directory, self);
  requireNotTo(issuer.unit, recipients, directory);
  const classification = checkClassification(submission);
  const date = submission.date === undefined ? dayOf(nowMs) : parseDay(submission.date);
  const number = required('number', submission.number);
  const notation = optional('notation', submission.notation) ?? '';
  const legacy = toLegacy(issuer.unit as UnitCode) ?? issuer.unit;
  const urgency = submission.urgency ?? 'thuong';
  const own = {
    issuer: { code: issuer.unit, legacyCode: legacy, name: issuer.name },
    legalId: legalIdOf(legacy, date, number, notation),
    type: { name: required('type', submission.type) },
  };
  if (!isUrgency(urgency)) throw new LienthongError('usage', { field: 'urgency', value: String(urgency) });
  return {
    content: {
      businessKind: wireOfKind(businessKindOf(submission)),
      relations: relations.fields,
      classification,
      senderAgency: self.agency,
      number,
      notation,
      date,
      place: optional('place', submission.place),
      subject: required('subject', submission.subject),
      content: optional('content', submission.content),
      signer: signerOf(submission),
      note: optional('note', submission.note),
      printedRecipients: (submission.printedRecipients ?? []).map((text) =>
        limited('printedRecipient', text),
      ),
      ...own,
      ...importedFields(submission.imported, own),
    },
    numberKey: { issuer: issuer.unit, year: date.slice(0, 4), number, notation },
    recipients: describedRecipients(recipients, submission.imported),
    missing,
    urgency: wireOfUrgency(urgency),
    due: submission.due === undefined ? '' : dueOf(submission.due, urgency),
    circular: submission.circular ?? false,
  };
}

/** A day; of a timed express document (hỏa tốc hẹn giờ) also a day and a time. */
function dueOf(text: string, urgency: Urgency): string {
  const due = parseDue(text);
  if (due.includes('T') && urgency !== 'hoa-toc-hen-gio')
    throw new LienthongError('usage', { field: 'due', value: due, reason: 'due-time' });
  return due;
}

export function resolveRecipients(
  submission: Pick<Fields, 'to' | 'allowMissing'>,
  directory: TrustedDirectory,
): { recipients: Recipient[]; missing: string[] } {
  if (submission.to.length === 0) throw new LienthongError('no-recipient');
  if (submission.to.length > MAX_RECIPIENTS)
    throw new LienthongError('usage', { field: 'to', most: MAX_RECIPIENTS });
  const recipients = new Map<string, Recipient>();
  const missing: string[] = [];
  for (const text of submission.to) {
    const code = parseUnitCode(text);
    const service = directory.service(code);
    if (service.kind === 'no-node' && submission.allowMissing) {
      if (missing.includes(code)) throw new LienthongError('duplicate-recipient', { code });
      missing.push(code);
      continue;
    }
    const served = requireServed(service, code);
    if (recipients.has(served.unit)) throw new LienthongError('duplicate-recipient', { code: text });
    recipients.set(served.unit, { unit: served.unit, seat: served.seat, agency: served.agency });
  }
  if (recipients.size === 0)
    throw new LienthongError('recipient-without-node', { code: missing.join(', '), name: '' });
  return { recipients: [...recipients.values()], missing };
}

/** Another unit of the same seat is a recipient like any other; a unit sends nothing to itself. Throws 'own-recipient'. */
export function requireNotTo(
  issuer: string,
  recipients: readonly Pick<Recipient, 'unit'>[],
  directory: TrustedDirectory,
): void {
  if (!recipients.some(({ unit }) => unit === issuer)) return;
  const service = directory.service(issuer);
  throw new LienthongError('own-recipient', {
    code: issuer,
    name: service.kind === 'unknown' ? '' : service.name,
  });
}

function requireServed(service: Service, code: string): Extract<Service, { kind: 'served' }> {
  switch (service.kind) {
    case 'served':
      return service;
    case 'unknown':
      throw new LienthongError('unknown-recipient', { code });
    case 'retired':
      throw new LienthongError('retired-recipient', { code, name: service.name, into: '' });
    case 'merged':
      throw new LienthongError('retired-recipient', { code, name: service.name, into: service.into });
    case 'no-node':
      throw new LienthongError('recipient-without-node', { code, name: service.name });
  }
}

function resolveIssuer(
  text: string,
  directory: TrustedDirectory,
  self: Self,
): { unit: string; name: string } {
  const code = parseUnitCode(text);
  const service = directory.service(code);
  if (service.kind !== 'served' || service.seat !== self.seat) {
    throw new LienthongError('unknown-sender-unit', { code, agency: self.agency });
  }
  return { unit: service.unit, name: service.name };
}

/** R1 at the sender's edge. The wire number, always NORMAL. */
function checkClassification(submission: Fields): number {
  if (submission.classification === undefined) throw new LienthongError('classification-missing');
  if (!isClassification(submission.classification)) {
    throw new LienthongError('usage', { field: 'classification', value: String(submission.classification) });
  }
  const wire = wireOfClassification(submission.classification);
  if (classificationOfWire(wire) !== 'thuong') {
    throw new LienthongError('classified', { classification: submission.classification });
  }
  for (const text of [submission.subject, submission.notation, submission.type]) {
    const marking = findSecrecyMarking(text ?? '');
    if (marking !== undefined) throw new LienthongError('secrecy-marking', { marking });
  }
  return wire;
}

function signerOf(submission: Fields): DocumentFields['signer'] {
  const { name, position, competence } = submission.signer ?? {};
  if (name === undefined && position === undefined && competence === undefined) return undefined;
  return {
    name: optional('signer.name', name),
    position: optional('signer.position', position),
    competence: optional('signer.competence', competence),
  };
}

const KINDS: readonly BusinessKind[] = ['new', 'recall', 'update', 'replace'];
/** 1 new, 2 recall, 3 update, 4 replace: edXML counts from 0. */
const wireOfKind = (kind: BusinessKind): number => KINDS.indexOf(kind) + 1;
export const kindOfWire = (wire: number): BusinessKind => KINDS[wire - 1] ?? 'new';

/** As said, else what a document is by what it names; a reply is a new document. */
export function businessKindOf({
  kind,
  relations = [],
}: Pick<Submission, 'kind' | 'relations'>): BusinessKind {
  if (kind !== undefined) return kind;
  const kinds = new Set(relations.map(({ kind }) => kind));
  if (kinds.has('replaces')) return 'replace';
  if (kinds.has('updates') || kinds.has('corrects')) return 'update';
  return kinds.has('recalls') ? 'recall' : 'new';
}
