/**
 * A document of this node as an edXML message, from its signed content: the way back of edxml-submission.ts. Texts kept
 * `verbatim` stand in place of the typed fields. Pure but for the names it is given. Used by exports.ts.
 */
import type { Document, lienthong } from '../../proto/messages.ts';
import { toLegacy, type UnitCode } from '../core/codes.ts';
import { URGENCIES } from '../core/urgency.ts';
import { DOC_TYPES } from '../edxml/check-message.ts';
import { dateOf, readDate, readTime, timeOf } from '../edxml/edxml-dates.ts';
import type {
  EdxmlBussiness,
  EdxmlDocument,
  EdxmlParty,
  EdxmlResponseFor,
  EdxmlStaff,
} from '../edxml/message.ts';
import type { ImportedRecipient } from '../store/imported-recipients.ts';
import { RELATION } from '../store/relations.ts';
import { kindOfWire } from './compose.ts';

/** A recipient unit: as an imported message wrote it, else as the directory has it. */
export interface AddressedTo {
  unit: string;
  name?: string | undefined;
  inCharge?: string | undefined;
  imported?: ImportedRecipient | undefined;
}

/** What the dispatches say, and who the recipients are. */
export interface SentAs {
  to: readonly AddressedTo[];
  /** Wire number. */
  urgency: number;
  /** yyyy-MM-dd, or empty. */
  due: string;
  storedAtMs: number;
}

type Relation = lienthong.v1.Relation.$Properties;

/** The code as edXML has it: the old form where there is one. */
export const organIdOf = (unit: string): string => toLegacy(unit as UnitCode) ?? unit;

export function issuerParty({ issuer }: Document): EdxmlParty {
  const { code, legacyCode, name, inCharge, address, email, telephone, fax, website } = issuer;
  return {
    organId: legacyCode || organIdOf(code!),
    ...given({
      organizationInCharge: inCharge,
      organName: name,
      organAdd: address,
      email,
      telephone,
      fax,
      website,
    }),
  };
}

export const unitParty = ({ unit, name, inCharge, imported }: AddressedTo): EdxmlParty => ({
  organId: imported?.organId || organIdOf(unit),
  ...given({
    organizationInCharge: imported === undefined ? inCharge : imported.inCharge,
    organName: imported === undefined ? name : imported.name,
    organAdd: imported?.address,
    email: imported?.email,
    telephone: imported?.telephone,
    fax: imported?.fax,
    website: imported?.website,
  }),
});

export function messageOf(content: Document, { to, urgency, due, storedAtMs }: SentAs): EdxmlDocument {
  const from = issuerParty(content);
  const { type, signer, relations, hops } = content;
  const message: EdxmlDocument = {
    kind: 'document',
    from,
    to: to.map(unitParty),
    ...given({ documentId: content.legalId }),
    code: { codeNumber: content.number, codeNotation: content.notation },
    promulgationInfo: { ...given({ place: content.place }), promulgationDate: dateOf(content.date) },
    documentType: given({ type: type.code, typeDetail: type.detail, typeName: type.name }),
    subject: content.subject,
    ...given({ content: content.content }),
    ...(signer && {
      signerInfo: given({ competence: signer.competence, position: signer.position, fullName: signer.name }),
    }),
    ...(due !== '' && { dueDate: dateOf(due) }),
    otherInfo: {
      priority: String(URGENCIES.find(({ wire }) => wire === urgency)?.priority ?? 0),
      ...given({
        sphereOfPromulgation: content.sphere,
        typerNotation: content.typerNotation,
        promulgationAmount: content.copies > 0 ? String(content.copies) : '',
        pageAmount: content.pages > 0 ? String(content.pages) : '',
        direction: content.direction,
      }),
      appendixes: content.appendixes,
    },
    responseFor: relations.filter(isAnswerOrRecall).map(responseFor),
    ...given({ steeringType: content.steeringType }),
    toPlaces: content.printedRecipients,
    traceHeaders:
      hops.length === 0
        ? [{ organId: from.organId, timestamp: timeOf(storedAtMs) }]
        : hops.map(({ organId, timestamp }) => ({
            ...given({ organId }),
            ...(timestamp && { timestamp: readTime(timestamp) }),
          })),
    bussiness: bussinessOf(content),
  };
  for (const { path, text } of content.verbatim) put(message, path ?? '', text ?? '');
  return message;
}

const isAnswerOrRecall = ({ kind }: Relation): boolean =>
  kind === RELATION.answers || kind === RELATION.recalls;

function responseFor({ organId, legalId, number, notation, date }: Relation): EdxmlResponseFor {
  const code = notation ? `${number}/${notation}` : number;
  return {
    ...given({ organId, code, documentId: legalId }),
    ...(date && { promulgationDate: readDate(date) }),
  };
}

function bussinessOf({ businessKind, relations, business }: Document): EdxmlBussiness {
  const { reason, paper, documentInfo, documentReceiver, receivers = [], staff } = business ?? {};
  const updated = relations.find(({ kind }) => kind === RELATION.updates || kind === RELATION.corrects);
  const hasInfo = Boolean(documentInfo || documentReceiver) || receivers!.length > 0;
  return {
    ...given({ documentId: updated?.legalId }),
    bussinessDocType: DOC_TYPES[kindOfWire(businessKind)],
    ...given({ bussinessDocReason: reason, paper }),
    ...(hasInfo && {
      bussinessDocumentInfo: {
        ...given({ documentInfo, documentReceiver }),
        receiverList: receivers!.map(({ organId, kind }) => ({
          organId: organId ?? '',
          receiverType: kind === 1 ? '0' : '1',
        })),
      },
    }),
    replacementInfoList: relations
      .filter(({ kind }) => kind === RELATION.replaces)
      .map(({ legalId, units }) => ({
        documentId: legalId ?? '',
        organIdList: (units ?? []).map(organIdOf),
      })),
    ...(staff && { staffInfo: staffInfo(staff) }),
  };
}

export const staffInfo = ({ department, name, email, mobile }: lienthong.v1.Staff.$Properties): EdxmlStaff =>
  given({ department, staff: name, email, mobile });

const DATES = ['promulgationDate', 'dueDate'];

/** The elements whose text may stand beside a typed field: what edxml-submission keeps. Of a peer's document nothing else counts. */
const PLACES: Readonly<Record<string, (message: EdxmlDocument) => object | undefined>> = {
  'OtherInfo/Priority': ({ otherInfo }) => otherInfo,
  'OtherInfo/PageAmount': ({ otherInfo }) => otherInfo,
  'OtherInfo/PromulgationAmount': ({ otherInfo }) => otherInfo,
  'PromulgationInfo/PromulgationDate': ({ promulgationInfo }) => promulgationInfo,
  DueDate: (message) => message,
  'DocumentType/TypeName': ({ documentType }) => documentType,
  'Bussiness/DocumentId': ({ bussiness }) => bussiness,
};

/** The text of one of these elements in place of its value; an empty one leaves the element out. */
function put(message: EdxmlDocument, path: string, text: string): void {
  const at = Object.hasOwn(PLACES, path) ? PLACES[path]!(message) : undefined;
  if (at === undefined) return;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const key = name.slice(0, 1).toLowerCase() + name.slice(1);
  const values = at as Record<string, unknown>;
  if (text === '') delete values[key];
  else values[key] = DATES.includes(key) ? { text } : text;
}

/** Without what is missing or empty. */
function given<T extends Record<string, string | null | undefined>>(values: T): { [K in keyof T]?: string } {
  const said = Object.entries(values).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return Object.fromEntries(said) as { [K in keyof T]?: string };
}
