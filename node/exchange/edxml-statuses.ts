/**
 * An imported status message: 01–06, 15 and 16 are said about the received document it names, 13 recalls one that was
 * sent. A DocumentId that several documents bear means the newest of the author's. What the message says that a status has
 * no field for goes along as text, its file stays with the entry it became. Used by imports.ts.
 */
import { stringify as uuidText } from 'uuid';
import { isStatusCode, needsReason, STATUS_CODES, type StatusCode } from '../core/business-status.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import type { ImportedRecall } from '../core/edxml-views.ts';
import { LienthongError } from '../core/errors.ts';
import { FIELD_LIMITS } from '../core/field-limits.ts';
import type { StatusAnswer } from '../core/status-views.ts';
import type { EdxmlResponseFor, EdxmlStatus } from '../edxml/message.ts';
import { getArrival } from '../store/arrivals.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { inBoxSinceMs } from '../store/documents.ts';
import { chainsOf } from './chains.ts';
import { limited } from './fields.ts';
import { composeText } from './imported-status-text.ts';
import type { KeptMessage } from './kept-message.ts';
import { bearing, isBy, namedDocument, ownBearing } from './named-documents.ts';
import { Naming } from './naming.ts';
import type { ExchangeComponents } from './ports.ts';
import type { RecallRequest, Recalls } from './recalls.ts';
import type { StatusDesk } from './status-desk.ts';

export type EdxmlStatusesComponents = Pick<ExchangeComponents, 'store' | 'directory' | 'self'> & {
  desk: StatusDesk;
  recalls: Recalls;
};

export type StatusImported =
  | (StatusAnswer & { kind: 'status'; code: StatusCode })
  | (ImportedRecall & { kind: 'status'; code: '13' });

export class EdxmlStatuses {
  readonly #with: EdxmlStatusesComponents;

  constructor(components: EdxmlStatusesComponents) {
    this.#with = components;
  }

  /** Throws 'edxml-value', 'field-missing', 'unknown-sender-unit', 'not-found', 'ambiguous', and as StatusDesk and Recalls. */
  async take(message: EdxmlStatus, kept: KeptMessage): Promise<StatusImported> {
    const code = codeOf(message);
    const about = aboutOf(message);
    const unit = this.#ownUnit(message.from.organId);
    const { description = '', staffInfo } = message;
    const short = [...description].slice(0, FIELD_LIMITS.reason).join('');
    const importedText = composeText(message, short !== description);
    const staff = staffInfo && {
      name: limited('staff.name', staffInfo.staff ?? ''),
      department: limited('staff.department', staffInfo.department ?? ''),
      email: limited('staff.email', staffInfo.email ?? ''),
      mobile: limited('staff.mobile', staffInfo.mobile ?? ''),
    };
    if (code === '13')
      return this.#recall(about, unit, { reason: short, staff, importedText, message: kept });
    const documentId = await this.#received(about, unit);
    const answer = await this.#with.desk.say(documentId, {
      code,
      unit,
      ...(needsReason(code) ? { reason: short } : { note: short }),
      ...(staff && { staff }),
      answers: code === '15' || code === '16' ? await this.#waitingUpdate(documentId, unit) : undefined,
      importedText,
      message: kept,
    });
    return { kind: 'status', code, ...answer };
  }

  async #recall(about: About, unit: string, said: RecallRequest): Promise<StatusImported> {
    const { store, recalls, directory } = this.#with;
    const sent = await ownBearing(store, about, unit, directory());
    if (sent === undefined) throw notHere(about);
    const { documentId, exchangeId } = sent.row;
    const issuer = sent.content.issuer.code!;
    const named = about.organId === '' ? issuer : this.#unit(about.organId);
    const units = (await deliveriesOf(store, documentId)).map((row) => row.unit);
    // some name the recipient there, some the author again: all recipients then
    const isOne = ![unit, issuer, sent.content.senderAgency].includes(named);
    if (isOne && !units.includes(named))
      throw new LienthongError('not-found', { what: 'delivery', id: named });
    const answers = await recalls.recall(documentId, { ...said, by: unit, units: isOne ? [named] : units });
    return { kind: 'status', code: '13', id: uuidText(exchangeId), answers };
  }

  /** The newest that came to the unit from the author named; of several authors' where none is named, none. */
  async #received(about: About, unit: string): Promise<Bytes> {
    const received = (await bearing(this.#with.store, about.legalId)).filter(
      ({ row, content }) =>
        inBoxSinceMs(row, 'inbox') !== undefined &&
        (about.organId === '' || isBy(content, about.organId, (text) => this.#unit(text))),
    );
    if (received[0] === undefined) throw notHere(about);
    const authors = new Set(received.map(({ content }) => content.issuer.code!));
    if (authors.size > 1) throw new LienthongError('ambiguous', { id: about.legalId, units: [...authors] });
    for (const { row } of received) {
      if ((await getArrival(this.#with.store, row.documentId, unit)) !== undefined) return row.documentId;
    }
    throw new LienthongError('not-found', { what: 'delivery', id: unit });
  }

  /** What 15 and 16 mean where no recall waits: the newest update nobody has answered. */
  async #waitingUpdate(documentId: Bytes, unit: string): Promise<Bytes | undefined> {
    const { store, directory } = this.#with;
    const of = { documentId, unit };
    const { state } = await chainsOf(store, of);
    const target = await namedDocument(store, documentId);
    if (state.waitingRecall !== undefined || target === undefined) return undefined;
    const { updatedBy } = await (await Naming.of(store, target, directory())).at(unit);
    const newest = [...updatedBy].reverse();
    const waiting = newest.find((source) => !state.answers.has(hex(source.documentId)));
    return (waiting ?? newest[0])?.documentId;
  }

  #ownUnit(organId: string): string {
    const { directory, self } = this.#with;
    if (organId.trim() === '') throw new LienthongError('field-missing', { field: 'From/OrganId' });
    const code = parseUnitCode(organId);
    const service = directory().service(code);
    if (service.kind !== 'served' || service.seat !== self.seat)
      throw new LienthongError('unknown-sender-unit', { code, agency: self.agency });
    return service.unit;
  }

  #unit(organId: string): string {
    const code = parseUnitCode(organId);
    const service = this.#with.directory().service(code);
    return service.kind === 'served' ? service.unit : code;
  }
}

interface About {
  organId: string;
  legalId: string;
}

function codeOf({ statusCode = '' }: EdxmlStatus): StatusCode {
  const code = statusCode.trim().padStart(2, '0');
  if (isStatusCode(code)) return code;
  throw new LienthongError('edxml-value', {
    field: 'StatusCode',
    value: statusCode.slice(0, 60),
    allowed: STATUS_CODES,
  });
}

function aboutOf({ responseFor }: EdxmlStatus): About {
  const [first, ...more]: EdxmlResponseFor[] = responseFor;
  if (first?.documentId === undefined || first.documentId.trim() === '')
    throw new LienthongError('field-missing', { field: 'ResponseFor/DocumentId' });
  if (more.length > 0)
    throw new LienthongError('edxml-value', { field: 'ResponseFor', value: `${responseFor.length}` });
  return { organId: first.organId?.trim() ?? '', legalId: first.documentId.normalize('NFC') };
}

const notHere = ({ legalId }: About): LienthongError =>
  new LienthongError('not-found', { what: 'document', id: legalId });
