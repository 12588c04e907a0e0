/**
 * A document's life as people read it: what was said about it, which documents it names and is named by, and the
 * conversation it belongs to. Only reads. Used by library.
 */
import { stringify as uuidText } from 'uuid';
import type { DocumentRow } from '../../proto/messages.ts';
import { type Bytes, EMPTY, equalBytes, hex } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import type { StatusView } from '../core/status-views.ts';
import type { DeliveryView, DocumentView, RelationKind, RelationView, ThreadItem } from '../core/views.ts';
import type { DeliveryKey } from '../store/deliveries.ts';
import type { Reader } from '../store/key-value.ts';
import { namedBy, RELATION } from '../store/relations.ts';
import { chainsOf } from './chains.ts';
import { custodyOf, type Standing, standingOf } from './custody.ts';
import type { ExchangeComponents, TrustedDirectory } from './ports.ts';
import { effectsOn, type NamedDocument, namedDocument, nameOf } from './relations.ts';
import type { Trust } from './trust.ts';

/** Documents of a conversation that are shown; the rest is found from the last one. */
const MOST_THREAD = 100;

export type LifeComponents = Pick<ExchangeComponents, 'store' | 'directory'> & { trust: Trust };

/** What happened to a document at one unit. */
export type LifeAtUnit = Standing & Pick<DeliveryView, 'supersededBy' | 'updates' | 'answeredAt'>;

export async function standingAt(
  store: Reader,
  { documentId, unit }: DeliveryKey,
  isCancelled: boolean,
): Promise<Standing> {
  return standingOf(await chainsOf(store, { documentId, unit }), isCancelled);
}

export async function lifeAt(
  of: DeliveryKey,
  isCancelled: boolean,
  target: NamedDocument,
  { store, directory }: LifeComponents,
): Promise<LifeAtUnit> {
  const chains = await chainsOf(store, of);
  const agencyOf = (unit: string): string | undefined => {
    const service = directory().service(unit);
    return service.kind === 'served' ? service.agency : undefined;
  };
  const { replacedBy, updatedBy, answeredBy } = await effectsOn(store, of, target, agencyOf);
  return {
    ...standingOf(chains, isCancelled),
    supersededBy: replacedBy.map(nameOf),
    updates: updatedBy.map((source) => ({
      id: nameOf(source),
      answer: chains.state.answers.get(hex(source.row.documentId)) ?? null,
    })),
    answeredAt: answeredBy[0] === undefined ? null : isoTime(answeredBy[0].row.storedAtMs),
  };
}

/** What was said, and who names whom. */
export async function lifeOf(
  target: NamedDocument,
  units: readonly string[],
  { store, trust, directory }: LifeComponents,
): Promise<Pick<DocumentView, 'statuses' | 'formerCodes' | 'relations' | 'namedBy' | 'thread'>> {
  const { documentId } = target.row;
  const statuses: StatusView[] = [];
  for (const unit of units) statuses.push(...(await custodyOf(store, { documentId, unit }, trust)));
  const relations = await Promise.all(
    target.content.relations.map(async (relation): Promise<RelationView> => {
      const named = relation.documentId?.byteLength
        ? await namedDocument(store, relation.documentId)
        : undefined;
      return {
        kind: kindOf(relation.kind ?? 0),
        id: named === undefined ? null : nameOf(named),
        legalId: relation.legalId || null,
        number: relation.number || null,
        notation: relation.notation || null,
        units: relation.units ?? [],
      };
    }),
  );
  const by: RelationView[] = [];
  for (const { kind, documentId: of } of await namedBy(store, documentId)) {
    const source = await namedDocument(store, of);
    if (source === undefined) continue;
    const { legalId, number, notation, relations: theirs } = source.content;
    const relation = theirs.find(
      (one) => equalBytes(one.documentId ?? EMPTY, documentId) && one.kind === kind,
    );
    by.push({
      kind: kindOf(kind),
      id: nameOf(source),
      legalId,
      number,
      notation,
      units: relation?.units ?? [],
    });
  }
  const codes = new Set([target.content.issuer.code, ...units]);
  const formerCodes = [...codes].flatMap((code) => formerCode(code, directory()));
  return { statuses, formerCodes, relations, namedBy: by, thread: await threadOf(store, target) };
}

/** An old document keeps its codes: what became of them is the directory's word of today. */
function formerCode(code: string, directory: TrustedDirectory): DocumentView['formerCodes'] {
  const service = directory.service(code);
  if (service.kind === 'merged') return [{ code, name: service.name, into: service.into }];
  return service.kind === 'retired' ? [{ code, name: service.name, into: null }] : [];
}

const KINDS = Object.entries(RELATION) as [RelationKind, number][];
const kindOf = (wire: number): RelationKind => KINDS.find(([, number]) => number === wire)?.[0] ?? 'answers';

/** The conversation: what it answers, what answers it, and so on, oldest first. */
async function threadOf(store: Reader, start: NamedDocument): Promise<ThreadItem[]> {
  const found = new Map<string, { item: NamedDocument; answers: Bytes | undefined }>();
  const open: NamedDocument[] = [start];
  for (let next = open.pop(); next !== undefined && found.size < MOST_THREAD; next = open.pop()) {
    const { row, content } = next;
    if (found.has(hex(row.documentId))) continue;
    const up = content.relations.find(
      ({ kind, documentId }) => kind === RELATION.answers && (documentId?.byteLength ?? 0) > 0,
    )?.documentId;
    found.set(hex(row.documentId), { item: next, answers: up ?? undefined });
    const around = (await namedBy(store, row.documentId))
      .filter(({ kind }) => kind === RELATION.answers)
      .map(({ documentId }) => documentId);
    for (const documentId of up ? [...around, up] : around) {
      const named = await namedDocument(store, documentId);
      if (named !== undefined) open.push(named);
    }
  }
  if (found.size < 2) return [];
  return [...found.values()]
    .sort((a, b) => a.item.row.storedAtMs - b.item.row.storedAtMs)
    .map(({ item, answers }) => threadItem(item, answers && found.get(hex(answers))?.item.row));
}

const threadItem = ({ row, content }: NamedDocument, answers: DocumentRow | undefined): ThreadItem => ({
  id: uuidText(row.exchangeId),
  box: row.outgoing ? 'outbox' : 'inbox',
  from: content.issuer.code,
  number: content.number,
  notation: content.notation,
  subject: content.subject,
  date: content.date,
  storedAt: isoTime(row.storedAtMs),
  answers: answers === undefined ? null : uuidText(answers.exchangeId),
});
