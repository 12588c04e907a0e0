/**
 * Imported metadata as fields of a document's content, within what the wire holds (proto/document.proto; bytes there):
 * what is longer is refused here by name, before anything is stored. Pure. Used by compose and the outbox.
 */
import type { lienthong } from '../../proto/messages.ts';
import { LienthongError } from '../core/errors.ts';
import type { ImportedMetadata, ImportedParty } from '../core/imported-metadata.ts';
import type { ImportedRecipient } from '../store/imported-recipients.ts';
import type { AttachmentFields, DocumentFields } from './compose.ts';

const MOST_HOPS = 100;
const MOST_VERBATIM = 200;
const MOST_APPENDIXES = 1_000;
const MOST_RECEIVERS = 2_000;
/** AttachmentRole of the imported message. WARNING: signed and on the wire. */
export const ORIGINAL_MESSAGE = 2;

/** Fields that `base` hasn't, or that say more than its own. */
export function importedFields(
  imported: ImportedMetadata | undefined,
  base: Pick<DocumentFields, 'issuer' | 'type' | 'legalId'>,
): DocumentFields {
  if (imported === undefined) return {};
  const { issuer, type = {}, business } = imported;
  const { legacy, name, ...contact } = partyFields('From', issuer ?? {});
  return {
    legalId: text('DocumentId', imported.legalId, 300) ?? base.legalId,
    issuer: {
      code: base.issuer?.code,
      legacyCode: legacy ?? base.issuer?.legacyCode,
      name: name ?? base.issuer?.name,
      ...contact,
    },
    type: {
      name: base.type?.name,
      code: text('DocumentType/Type', type.code, 40),
      detail: text('DocumentType/TypeDetail', type.detail, 40),
    },
    fileCode: text('fileCode', imported.fileCode, 240),
    fileOrdinal: imported.fileOrdinal,
    language: text('language', imported.language, 400),
    pages: imported.pages,
    copies: imported.copies,
    sphere: text('SphereOfPromulgation', imported.sphere, 800),
    typerNotation: text('TyperNotation', imported.typerNotation, 120),
    direction: text('Direction', imported.direction, 40),
    appendixes: few('Appendix', imported.appendixes, MOST_APPENDIXES).map(
      (one) => text('Appendix', one, 1000) ?? '',
    ),
    steeringType: text('SteeringType', imported.steeringType, 40),
    business: business && businessFields(business),
    hops: few('TraceHeader', imported.hops, MOST_HOPS).map(({ organId, timestamp }) => ({
      organId: text('TraceHeader/OrganId', organId, 60),
      timestamp: text('TraceHeader/Timestamp', timestamp, 40),
    })),
    verbatim: few('Verbatim', imported.verbatim, MOST_VERBATIM).map(({ path, text: said }) => ({
      path: text(path, path, 200),
      text: text(path, said, 3000),
    })),
  };
}

const partyFields = (of: 'From' | 'To', party: ImportedParty) => ({
  legacy: text(`${of}/OrganId`, party.legacyCode, 60),
  name: text(`${of}/OrganName`, party.name, 800),
  inCharge: text(`${of}/OrganizationInCharge`, party.inCharge, 800),
  address: text(`${of}/OrganAdd`, party.address, 1000),
  email: text(`${of}/Email`, party.email, 400),
  telephone: text(`${of}/Telephone`, party.telephone, 200),
  fax: text(`${of}/Fax`, party.fax, 200),
  website: text(`${of}/Website`, party.website, 400),
});

/** Recipients with what the message says of each: by position, as an import leaves none out. */
export const describedRecipients = <T extends object>(
  recipients: readonly T[],
  imported: ImportedMetadata | undefined,
): (T & { imported?: ImportedRecipient })[] =>
  recipients.map((recipient, at) => {
    const party = imported?.recipients?.[at];
    if (party === undefined) return recipient;
    const { legacy, ...said } = partyFields('To', party);
    return { ...recipient, imported: { organId: legacy, ...said } };
  });

function businessFields({
  receivers,
  staff,
  ...said
}: NonNullable<ImportedMetadata['business']>): lienthong.v1.Business.$Properties {
  return {
    reason: text('BussinessDocReason', said.reason, 2000),
    paper: text('Paper', said.paper, 40),
    documentInfo: text('DocumentInfo', said.documentInfo, 40),
    documentReceiver: text('DocumentReceiver', said.documentReceiver, 40),
    receivers: few('Receiver', receivers, MOST_RECEIVERS).map(({ organId, change }) => ({
      organId: text('Receiver/OrganId', organId, 60),
      kind: change === 'removed' ? 1 : 2,
    })),
    staff: staff && {
      department: text('Department', staff.department, 800),
      name: text('Staff', staff.name, 400),
      email: text('StaffInfo/Email', staff.email, 400),
      mobile: text('Mobile', staff.mobile, 200),
    },
  };
}

/** Content ids and roles of attachments that were imported. */
export const importedAttachments = (
  fields: readonly AttachmentFields[],
  imported: ImportedMetadata | undefined,
): AttachmentFields[] =>
  fields.map((one, at) => {
    const { contentId, isOriginal = false } = imported?.attachments?.[at] ?? {};
    return {
      ...one,
      ...(contentId !== undefined && { contentId: text('ContentId', contentId, 300) }),
      ...(isOriginal && { role: ORIGINAL_MESSAGE }),
    };
  });

/** As the wire has it; undefined for what isn't there or is empty. Throws 'field-too-long'. */
export function text(field: string, value: string | undefined, mostBytes: number): string | undefined {
  if (value === undefined || value === '') return undefined;
  const normal = value.normalize('NFC').toWellFormed();
  const length = Buffer.byteLength(normal);
  if (length > mostBytes) throw new LienthongError('field-too-long', { field, length, most: mostBytes });
  return normal;
}

export function few<T>(field: string, values: readonly T[] = [], most: number): readonly T[] {
  if (values.length > most)
    throw new LienthongError('field-too-long', { field, length: values.length, most });
  return values;
}
