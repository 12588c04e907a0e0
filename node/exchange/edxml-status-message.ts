/**
 * A status said about a document at a unit as an edXML status message: from the unit to the author, a recall (13) from
 * the author to the unit. Used by exports.ts.
 */
import { isStatusCode, STATUS_CODES } from '../core/business-status.ts';
import { parseUnitCode } from '../core/codes.ts';
import type { ExportOptions } from '../core/edxml-views.ts';
import { LienthongError } from '../core/errors.ts';
import { isMessageKey, type MessageKey, message as textOf } from '../core/messages.ts';
import { dateOf, readTime, timeOf } from '../edxml/edxml-dates.ts';
import type { EdxmlParty, EdxmlStatus } from '../edxml/message.ts';
import { arrivalsOf } from '../store/arrivals.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { type ChainStatement, chainsOf } from './chains.ts';
import { issuerParty, staffInfo, unitParty } from './edxml-message.ts';
import { readText } from './imported-status-text.ts';
import type { HeldDocument } from './library.ts';
import type { ExchangeComponents } from './ports.ts';

type Components = Pick<ExchangeComponents, 'store' | 'directory'>;

/** The newest one at a unit, or the newest of a code. Throws 'not-found', 'ambiguous', 'usage'. */
export async function statusSaid(
  document: HeldDocument,
  { unit: wanted, code }: ExportOptions,
  components: Components,
): Promise<{ said: ChainStatement; unit: string }> {
  if (code !== undefined && !isStatusCode(code))
    throw new LienthongError('usage', { field: 'code', value: code.slice(0, 20), allowed: STATUS_CODES });
  const { store } = components;
  const unit = await unitOf(document, wanted, components);
  const { sender, receiver } = await chainsOf(store, { documentId: document.row.documentId, unit });
  const said = [...sender, ...receiver]
    .filter(({ entry }) => code === undefined || entry.code === code)
    .sort((a, b) => a.content.happenedAtMs - b.content.happenedAtMs)
    .at(-1);
  if (said === undefined) throw new LienthongError('not-found', { what: 'status', id: code ?? unit });
  return { said, unit };
}

export function statusMessage(
  document: HeldDocument,
  { said, unit }: Awaited<ReturnType<typeof statusSaid>>,
  { directory }: Components,
): EdxmlStatus {
  const service = directory().service(parseUnitCode(unit));
  const name = service.kind === 'unknown' ? undefined : service.name;
  const inCharge = service.kind === 'served' ? directory().agencyName(service.agency) : undefined;
  return messageFor(document, said, unitParty({ unit, name, inCharge }));
}

function messageFor({ content }: HeldDocument, { entry, content: status }: ChainStatement, unit: EdxmlParty) {
  const author = issuerParty(content);
  const isRecall = entry.code === '13';
  const imported = readText(status.importedText);
  const { staff } = status;
  const description =
    imported.description ?? [status.reason, status.note].filter((one) => one !== '').join('\n');
  const message: EdxmlStatus = {
    kind: 'status',
    from: isRecall ? author : unit,
    responseFor: [
      {
        organId: isRecall ? unit.organId : author.organId,
        code: content.notation === '' ? content.number : `${content.number}/${content.notation}`,
        promulgationDate: dateOf(content.date),
        documentId: content.legalId,
      },
    ],
    ...(staff && { staffInfo: staffInfo(staff) }),
    statusCode: entry.code,
    description: description || automatic(status.reasonCode, entry.code),
    timestamp: imported.timestamp === undefined ? timeOf(status.happenedAtMs) : readTime(imported.timestamp),
  };
  return message;
}

/** What the node said by itself, in the language of the register; else what the code means. */
function automatic(reasonCode: string, code: string): string {
  const key = `edxml.because.${reasonCode}`;
  const status = `status.${code}`;
  const found = [key, status].find((one): one is MessageKey => isMessageKey(one));
  return found === undefined ? reasonCode : textOf('vi', found);
}

async function unitOf(
  { row }: HeldDocument,
  wanted: string | undefined,
  { store, directory }: Components,
): Promise<string> {
  const rows = row.outgoing
    ? await deliveriesOf(store, row.documentId)
    : await arrivalsOf(store, row.documentId);
  const units = rows.map(({ unit }) => unit);
  if (wanted === undefined) {
    if (units.length > 1) throw new LienthongError('ambiguous', { id: '', units });
    return units[0]!;
  }
  const code = parseUnitCode(wanted);
  const service = directory().service(code);
  const unit = service.kind === 'served' ? service.unit : code;
  if (!units.includes(unit)) throw new LienthongError('not-found', { what: 'delivery', id: unit });
  return unit;
}
