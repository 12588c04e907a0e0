/**
 * DocumentId of edXML: "<OrganId>,<yyyy/MM/dd>,<CodeNumber>/<CodeNotation>". Composed for new documents; of imported ones
 * the text is kept verbatim and its parts are only a reading: they may disagree with the header.
 */
import { type EdxmlDate, readDate } from './edxml-dates.ts';

export interface DocumentIdParts {
  organId: string;
  date: EdxmlDate;
  codeNumber: string;
  codeNotation: string;
}

/** `day`: yyyy-MM-dd. */
export const composeDocumentId = (
  organId: string,
  day: string,
  { codeNumber, codeNotation }: { codeNumber: string; codeNotation?: string },
): string => `${organId},${day.replaceAll('-', '/')},${codeNumber}${codeNotation ? `/${codeNotation}` : ''}`;

/** undefined where the text isn't built like one. The notation may hold commas and slashes. */
export function parseDocumentId(text: string): DocumentIdParts | undefined {
  const parts = /^([^,]+),([^,]+),([^/]+)(?:\/(.*))?$/s.exec(text.trim());
  if (parts === null) return undefined;
  const [, organId, date, codeNumber, codeNotation = ''] = parts;
  return {
    organId: organId!.trim(),
    date: readDate(date!.trim()),
    codeNumber: codeNumber!.trim(),
    codeNotation: codeNotation.trim(),
  };
}
