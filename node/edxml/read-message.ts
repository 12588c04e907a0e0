/**
 * Which message was read, a document or a status, and its values in order, from what the builder gathered. What stood in
 * the header of the one but belongs to the other is noted as unknown. Called by read-edxml.ts at the end of a file.
 */
import { fault } from './fault.ts';
import type { EdxmlDocument, EdxmlMessage, EdxmlParty, EdxmlStatus } from './message.ts';
import { completed, type MessageBuilder, type Raw } from './message-builder.ts';
import { DOCUMENT_FIELDS, type Field, STATUS_FIELDS, TRACE_FIELDS } from './schema.ts';

export function messageOf(builder: MessageBuilder): EdxmlMessage {
  const { root } = builder;
  const envelope = root.edXMLEnvelope as Raw | undefined;
  const header = envelope?.edXMLHeader as Raw | undefined;
  const message = header?.messageHeader as Raw | undefined;
  const status = (header?.status ?? envelope?.status ?? root.status) as Raw | undefined;
  if (message === undefined && status === undefined) throw fault('edxml-incomplete', 'edxml-no-header');
  if (status !== undefined && message === undefined) return statusFrom(status);
  if (message!.statusCode !== undefined && message!.subject === undefined) {
    noteOthers(builder, message!, DOCUMENT_FIELDS, STATUS_FIELDS);
    return statusFrom(message!);
  }
  noteOthers(builder, message!, STATUS_FIELDS, DOCUMENT_FIELDS);
  return documentFrom(message!, (header!.traceHeaderList ?? {}) as Raw);
}

function statusFrom(raw: Raw): EdxmlStatus {
  const value = completed(raw, STATUS_FIELDS);
  return { kind: 'status', ...value, from: party(value.from) } as EdxmlStatus;
}

function documentFrom(raw: Raw, trace: Raw): EdxmlDocument {
  const value = completed(raw, DOCUMENT_FIELDS);
  const to = (value.to as unknown[]).map(party);
  return {
    kind: 'document',
    ...value,
    from: party(value.from),
    to,
    ...completed(trace, TRACE_FIELDS),
  } as unknown as EdxmlDocument;
}

const party = (value: unknown): EdxmlParty => ({
  organId: '',
  ...(value as Partial<EdxmlParty> | undefined),
});

/** Values of `others` that `own` has no name for. */
function noteOthers(
  { unknown }: MessageBuilder,
  raw: Raw,
  others: readonly Field[],
  own: readonly Field[],
): void {
  for (const { key, name } of others) {
    if (!Object.hasOwn(raw, key) || own.some((field) => field.key === key)) continue;
    const value = raw[key];
    unknown.push({
      path: `edXMLEnvelope/edXMLHeader/MessageHeader/${name}`,
      text: (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 1000),
    });
  }
}
