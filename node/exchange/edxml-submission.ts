/**
 * From an edXML document to a submission: each element into its field, what no typed field can hold into `verbatim` by
 * its element's path, so that edxml-message.ts writes it again. Pure. Lengths, codes, dates and secrecy are judged where
 * every submission is (compose.ts). Used by imports.ts.
 */
import { LienthongError } from '../core/errors.ts';
import type { ImportedMetadata, ImportedParty } from '../core/imported-metadata.ts';
import { URGENCIES } from '../core/urgency.ts';
import type { BusinessKind, RelationInput, Submission } from '../core/views.ts';
import { DOC_TYPES } from '../edxml/check-message.ts';
import { parseDocumentId } from '../edxml/document-id.ts';
import type { EdxmlDocument, EdxmlParty, EdxmlResponseFor } from '../edxml/message.ts';
import { few, text } from './imported-fields.ts';

/** What a document without a type is called; an export leaves it out again. */
const NO_TYPE = 'Văn bản';
/** Units of one relation. WARNING: on the wire (Relation.units max_items). */
const MOST_UNITS = 200;

export type MessageSubmission = Omit<Submission, 'attachments' | 'system'> & { imported: ImportedMetadata };

/** Throws 'field-missing' (From/OrganId, ResponseFor/DocumentId of a recall …), 'edxml-value'. */
export function submissionOf(message: EdxmlDocument): MessageSubmission {
  const kind = kindOf(message);
  const named = message.documentId === undefined ? undefined : parseDocumentId(message.documentId);
  const { promulgationInfo, documentType, signerInfo, dueDate, otherInfo, code } = message;
  const verbatim = new VerbatimList();
  const priority = otherInfo?.priority?.trim() || '0';
  const urgency = URGENCIES.find((row) => String(row.priority) === priority)?.option;
  if (urgency === undefined) verbatim.keep('OtherInfo/Priority', otherInfo?.priority);
  const date = promulgationInfo?.promulgationDate;
  if (date !== undefined && date.day === undefined)
    verbatim.keep('PromulgationInfo/PromulgationDate', date.text);
  if (dueDate !== undefined && dueDate.day === undefined) verbatim.keep('DueDate', dueDate.text);
  const typeName = documentType?.typeName?.trim() || undefined;
  if (typeName === undefined) verbatim.keep('DocumentType/TypeName', documentType?.typeName ?? '');
  if (kind !== 'update') verbatim.keep('Bussiness/DocumentId', message.bussiness?.documentId);
  const imported: ImportedMetadata = {
    ...(message.documentId && { legalId: message.documentId }),
    issuer: partyOf(message.from),
    recipients: message.to.map(partyOf),
    type: { code: documentType?.type, detail: documentType?.typeDetail },
    pages: count('OtherInfo/PageAmount', otherInfo?.pageAmount, verbatim),
    copies: count('OtherInfo/PromulgationAmount', otherInfo?.promulgationAmount, verbatim),
    sphere: otherInfo?.sphereOfPromulgation,
    typerNotation: otherInfo?.typerNotation,
    direction: otherInfo?.direction,
    appendixes: otherInfo?.appendixes ?? [],
    steeringType: message.steeringType,
    business: businessOf(message),
    hops: message.traceHeaders.map(({ organId, timestamp }) => ({
      organId: required('TraceHeader/OrganId', organId),
      timestamp: timestamp?.text ?? '',
    })),
    verbatim: verbatim.list,
  };
  if (message.to.length === 0) throw new LienthongError('no-recipient');
  return {
    to: message.to.map(({ organId }) => required('To/OrganId', organId)),
    from: required('From/OrganId', message.from.organId),
    kind,
    type: typeName ?? NO_TYPE,
    number: code?.codeNumber || named?.codeNumber || '',
    notation: code?.codeNotation ?? (code?.codeNumber ? '' : (named?.codeNotation ?? '')),
    subject: message.subject ?? '',
    content: message.content,
    date: date?.day ?? named?.date.day,
    place: promulgationInfo?.place,
    signer: signerInfo && {
      name: signerInfo.fullName,
      position: signerInfo.position,
      competence: signerInfo.competence,
    },
    urgency: urgency ?? 'thuong',
    due: dueDate?.day,
    printedRecipients: message.toPlaces,
    relations: relationsOf(message, kind),
    imported,
  };
}

const partyOf = (party: EdxmlParty): ImportedParty => ({
  legacyCode: party.organId,
  name: party.organName,
  inCharge: party.organizationInCharge,
  address: party.organAdd,
  email: party.email,
  telephone: party.telephone,
  fax: party.fax,
  website: party.website,
});

/** Texts kept beside the typed fields. */
class VerbatimList {
  readonly list: { path: string; text: string }[] = [];

  keep(path: string, text: string | undefined): void {
    if (text !== undefined) this.list.push({ path, text });
  }
}

const KINDS = Object.entries(DOC_TYPES) as [BusinessKind, string][];

/** Older messages have no kind: a new document. */
function kindOf({ bussiness }: EdxmlDocument): BusinessKind {
  const said = bussiness?.bussinessDocType?.trim() || DOC_TYPES.new;
  const found = KINDS.find(([, wire]) => wire === said);
  if (found !== undefined) return found[0];
  throw new LienthongError('edxml-value', {
    field: 'BussinessDocType',
    value: said.slice(0, 60),
    allowed: Object.values(DOC_TYPES),
  });
}

/** A whole number that is written again as it stood; anything else stays text. */
function count(path: string, text: string | undefined, verbatim: VerbatimList): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  verbatim.keep(path, text);
  return undefined;
}

function businessOf({ bussiness }: EdxmlDocument): ImportedMetadata['business'] {
  if (bussiness === undefined) return undefined;
  const { bussinessDocReason: reason, paper, bussinessDocumentInfo: info, staffInfo } = bussiness;
  return {
    reason,
    paper,
    documentInfo: info?.documentInfo,
    documentReceiver: info?.documentReceiver,
    receivers: (info?.receiverList ?? []).map(({ organId, receiverType }) => ({
      organId: required('Receiver/OrganId', organId),
      change: changeOf(receiverType),
    })),
    ...(staffInfo && {
      staff: {
        department: staffInfo.department,
        name: staffInfo.staff,
        email: staffInfo.email,
        mobile: staffInfo.mobile,
      },
    }),
  };
}

function changeOf(receiverType: string | undefined): 'removed' | 'added' {
  const said = receiverType?.trim();
  if (said === '0') return 'removed';
  if (said === '1') return 'added';
  const value = receiverType?.slice(0, 60) ?? '';
  throw new LienthongError('edxml-value', { field: 'ReceiverType', value, allowed: ['0', '1'] });
}

function relationsOf({ responseFor, bussiness }: EdxmlDocument, kind: BusinessKind): RelationInput[] {
  const relations = responseFor.map((one): RelationInput => {
    if (kind === 'recall') required('ResponseFor/DocumentId', one.documentId);
    return { kind: kind === 'recall' ? 'recalls' : 'answers', ...responded(one) };
  });
  if (kind === 'recall' && relations.length === 0)
    throw new LienthongError('field-missing', { field: 'ResponseFor/DocumentId' });
  if (kind === 'update')
    relations.push({
      kind: 'updates',
      ...namedBy(required('Bussiness/DocumentId', bussiness?.documentId)),
    });
  for (const { documentId, organIdList } of bussiness?.replacementInfoList ?? [])
    relations.push({
      kind: 'replaces',
      ...namedBy(required('ReplacementInfo/DocumentId', documentId)),
      units: [...few('OrganIdList', organIdList, MOST_UNITS)],
    });
  return relations.map(withinWire);
}

/** As long as the wire holds (Relation in proto/document.proto). */
const withinWire = (relation: RelationInput): RelationInput => ({
  ...relation,
  organId: text('OrganId', relation.organId, 60) ?? '',
  legalId: text('DocumentId', relation.legalId, 300) ?? '',
  number: text('Code', relation.number, 44) ?? '',
  notation: text('Code', relation.notation, 120) ?? '',
  date: text('PromulgationDate', relation.date, 40) ?? '',
});

const responded = ({ organId, code, documentId, promulgationDate }: EdxmlResponseFor) => ({
  organId: organId ?? '',
  legalId: documentId ?? '',
  number: code?.split('/', 1)[0] ?? '',
  notation: code?.includes('/') ? code.slice(code.indexOf('/') + 1) : '',
  date: promulgationDate?.text ?? '',
});

/** A DocumentId alone; its parts are only a reading. */
function namedBy(
  legalId: string,
): Pick<RelationInput, 'organId' | 'legalId' | 'number' | 'notation' | 'date'> {
  const { organId = '', codeNumber = '', codeNotation = '', date } = parseDocumentId(legalId) ?? {};
  return { legalId, organId, number: codeNumber, notation: codeNotation, date: date?.text ?? '' };
}

function required(field: string, text: string | undefined): string {
  if (text === undefined || text.trim() === '') throw new LienthongError('field-missing', { field });
  return text;
}
