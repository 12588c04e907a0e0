/** Namespaces of edXML and of its older SOAP form. Used by reader and writer. */

/** QCVN 102:2016/BTTTT. WARNING: written. */
export const NAMESPACE = 'http://www.mic.gov.vn/TBT/QCVN_102_2016';
export const PREFIX = 'edXML';
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
/** The older form's own elements. */
const E_DOC = 'http://www.e-doc.vn/Schema/';

/** Older names → those of QCVN 102. */
const OLDER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [SOAP]: { Envelope: 'edXMLEnvelope', Header: 'edXMLHeader', Body: 'edXMLBody' },
  [E_DOC]: { Manifest: 'edXMLManifest' },
};

/** The local name as QCVN 102 has it; undefined for a namespace that is neither edXML's nor `own` (the root's). */
export function edxmlName(uri: string, local: string, own: string): string | undefined {
  const older = OLDER[uri];
  if (older !== undefined && Object.hasOwn(older, local)) return older[local];
  return uri === NAMESPACE || uri === '' || uri === E_DOC || uri === own ? local : undefined;
}
