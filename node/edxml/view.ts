/**
 * Who sees which recipients of a document (nobody learns from a delivery who else got one, but the recipients of a
 * circular may know each other): the sender's export lists all, a recipient's its own. The printed recipients
 * (ToPlaces) are part of the document and always shown. Pure; used by whoever exports.
 */
import type { EdxmlDocument } from './message.ts';
import { organKey } from './organ-id.ts';

export type EdxmlView =
  | { of: 'sender' }
  /** `own`: the units the exporting node answers for, in either form of the code. */
  | { of: 'recipient'; own: readonly string[]; circular: boolean };

/** A new value; lists of receivers of updates and replacements follow the same rule. */
export function viewOf(document: EdxmlDocument, view: EdxmlView): EdxmlDocument {
  if (view.of === 'sender' || view.circular) return document;
  const own = new Set(view.own.map(organKey));
  const isOwn = (organId: string | undefined) => organId !== undefined && own.has(organKey(organId));
  const { bussiness } = document;
  if (bussiness === undefined)
    return { ...document, to: document.to.filter(({ organId }) => isOwn(organId)) };
  const { bussinessDocumentInfo: info, replacementInfoList } = bussiness;
  return {
    ...document,
    to: document.to.filter(({ organId }) => isOwn(organId)),
    bussiness: {
      ...bussiness,
      ...(info !== undefined && {
        bussinessDocumentInfo: {
          ...info,
          receiverList: info.receiverList.filter(({ organId }) => isOwn(organId)),
        },
      }),
      replacementInfoList: replacementInfoList
        // an empty list means all receivers; one of others only doesn't concern us
        .filter(({ organIdList }) => organIdList.length === 0 || organIdList.some(isOwn))
        .map((one) => ({ ...one, organIdList: one.organIdList.filter(isOwn) })),
    },
  };
}
