/**
 * What an imported recall or update does to the documents it names, once it is durable itself: a 13 for each unit it
 * recalls them from, dispatches to the units it adds. Everything is read from the stored document, whose relations were
 * resolved when it was first submitted, and doing it again changes nothing: so a second import of the same file finishes
 * what a crash left undone. Used by imports.ts.
 */
import { stringify as uuidText } from 'uuid';
import type { Document, lienthong } from '../../proto/messages.ts';
import { type Bytes, EMPTY } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import type { ImportedAddition, ImportedRecall } from '../core/edxml-views.ts';
import { LienthongError } from '../core/errors.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { RELATION } from '../store/relations.ts';
import { requireNotTo, resolveRecipients } from './compose.ts';
import type { MessageSubmission } from './edxml-submission.ts';
import { limited } from './fields.ts';
import type { MoreRecipients } from './more-recipients.ts';
import { type NamedDocument, namedDocument } from './named-documents.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Recalls } from './recalls.ts';

export type EdxmlActsComponents = Pick<ExchangeComponents, 'store' | 'directory' | 'self'> & {
  recalls: Recalls;
  moreRecipients: MoreRecipients;
};

export interface Acted {
  recalls: ImportedRecall[];
  additions: ImportedAddition[];
  /** DocumentIds of what isn't here. */
  notHere: string[];
}

export class EdxmlActs {
  readonly #with: EdxmlActsComponents;

  constructor(components: EdxmlActsComponents) {
    this.#with = components;
  }

  /** Throws what doing it would, as far as that is known before the document is submitted. */
  requireDoable(submission: MessageSubmission): void {
    if (submission.kind !== 'recall' && submission.kind !== 'update') return;
    const { directory, self } = this.#with;
    const { business } = submission.imported;
    limited('reason', business?.reason ?? '');
    const added = (business?.receivers ?? []).filter(({ change }) => change === 'added');
    if (added.length === 0) return;
    const { recipients } = resolveRecipients({ to: added.map(({ organId }) => organId) }, directory());
    // as its author is that of what it updates: what can't be added stops it before it is sent
    requireNotTo(this.#unit(submission.from ?? self.agency), recipients, directory());
  }

  /** What a document that was submitted here says to be done. */
  async act(documentId: Bytes): Promise<Acted> {
    const acted: Acted = { recalls: [], additions: [], notHere: [] };
    const source = await namedDocument(this.#with.store, documentId);
    if (source === undefined) throw new LienthongError('damaged', { where: 'document' });
    for (const relation of source.content.relations) {
      const target = await this.#target(relation);
      if (target === undefined) {
        if (relation.legalId) acted.notHere.push(relation.legalId);
      } else if (!target.row.outgoing) {
        // a reply: nothing is done to what it answers
      } else if (relation.kind === RELATION.recalls) {
        const units = (await deliveriesOf(this.#with.store, documentId)).map(({ unit }) => unit);
        acted.recalls.push(await this.#recall(target, source.content, units));
      } else if (relation.kind === RELATION.updates) await this.#update(target, source.content, acted);
    }
    return acted;
  }

  async #target({ documentId }: lienthong.v1.Relation.$Properties): Promise<NamedDocument | undefined> {
    return documentId?.byteLength ? namedDocument(this.#with.store, documentId ?? EMPTY) : undefined;
  }

  async #update(target: NamedDocument, content: Document, acted: Acted): Promise<void> {
    const { moreRecipients } = this.#with;
    const receivers = content.business?.receivers ?? [];
    const of = (kind: number) => receivers.filter((one) => one.kind === kind).map(({ organId }) => organId!);
    const [removed, added] = [of(REMOVED), of(ADDED)];
    if (removed.length > 0)
      acted.recalls.push(
        await this.#recall(
          target,
          content,
          removed.map((organId) => this.#unit(organId)),
        ),
      );
    if (added.length > 0) {
      const deliveries = await moreRecipients.add(
        target.row.documentId,
        added,
        reasonOf(content),
        content.issuer.code!,
      );
      acted.additions.push({ id: uuidText(target.row.exchangeId), deliveries });
    }
  }

  /** From those of the units that were sent it. */
  async #recall(target: NamedDocument, content: Document, units: readonly string[]): Promise<ImportedRecall> {
    const { store, recalls } = this.#with;
    const { documentId, exchangeId } = target.row;
    const sent = (await deliveriesOf(store, documentId)).map(({ unit }) => unit);
    const meant = sent.filter((unit) => units.includes(unit));
    const request = { reason: reasonOf(content), units: meant, by: content.issuer.code! };
    return {
      id: uuidText(exchangeId),
      answers: meant.length > 0 ? await recalls.recall(documentId, request) : [],
    };
  }

  #unit(organId: string): string {
    const code = parseUnitCode(organId);
    const service = this.#with.directory().service(code);
    return service.kind === 'served' ? service.unit : code;
  }
}

/** ReceiverChange.kind. WARNING: signed and persisted. */
const REMOVED = 1;
const ADDED = 2;

/** A recall says why; where the message doesn't, it says of what it is. */
const reasonOf = ({ business, subject }: Document): string => business?.reason || subject;
