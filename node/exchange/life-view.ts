/**
 * A document's life as people read it: what was said about it, which documents it names and is named by, and the
 * conversation it belongs to. Only reads. Used by library.
 */
import { stringify as uuidText } from 'uuid';
import { type Bytes, hex } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import type { StatusView } from '../core/status-views.ts';
import type { DeliveryView, DocumentView, RelationKind, RelationView, ThreadItem } from '../core/views.ts';
import type { DeliveryKey } from '../store/deliveries.ts';
import { boxesOf } from '../store/documents.ts';
import type { Reader } from '../store/key-value.ts';
import { namedBy, RELATION } from '../store/relations.ts';
import { chainsOf } from './chains.ts';
import { custodyOf, type Standing, standingOf } from './custody.ts';
import { type NamedDocument, namedDocument } from './named-documents.ts';
import { type Naming, nameOf } from './naming.ts';
import type { ExchangeComponents, TrustedDirectory } from './ports.ts';
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
  naming: Naming,
  store: Reader,
): Promise<LifeAtUnit> {
  const chains = await chainsOf(store, of);
  const { replacedBy, updatedBy, answeredBy } = await naming.at(of.unit);
  return {
    ...standingOf(chains, isCancelled),
    supersededBy: replacedBy.map(({ row }) => nameOf(row)),
    updates: updatedBy.map((source) => ({
      id: nameOf(source.row),
      answer: chains.state.answers.get(hex(source.documentId)) ?? null,
    })),
    answeredAt: answeredBy[0] === undefined ? null : isoTime(answeredBy[0].row.storedAtMs),
  };
}

/** What was said, and who names whom. */
export async function lifeOf(
  target: NamedDocument,
  units: readonly string[],
  naming: Naming,
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
        id: named === undefined ? null : nameOf(named.row),
        legalId: relation.legalId || null,
        number: relation.number || null,
        notation: relation.notation || null,
        units: relation.units ?? [],
      };
    }),
  );
  const by = naming.sources.map(({ kind, row }) => ({
    kind: kindOf(kind),
    id: nameOf(row),
    legalId: row.legalId,
    number: row.number,
    notation: row.notation,
    units: row.units,
  }));
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
  const found = new Map<string, Omit<ThreadItem, 'answers'> & { up: string; storedAtMs: number }>();
  const open: Bytes[] = [start.row.documentId];
  for (let next = open.pop(); next !== undefined && found.size < MOST_THREAD; next = open.pop()) {
    const document = found.has(hex(next)) ? undefined : await namedDocument(store, next);
    if (document === undefined) continue;
    const up = document.content.relations.find(
      ({ kind, documentId }) => kind === RELATION.answers && (documentId?.byteLength ?? 0) > 0,
    )?.documentId;
    found.set(hex(next), { ...threadItem(document), up: up ? hex(up) : '' });
    for (const { documentId } of await namedBy(store, next, RELATION.answers)) open.push(documentId);
    if (up) open.push(up);
  }
  if (found.size < 2) return [];
  return [...found.values()]
    .sort((a, b) => a.storedAtMs - b.storedAtMs)
    .map(({ up, storedAtMs: _, ...item }) => ({ ...item, answers: found.get(up)?.id ?? null }));
}

const threadItem = ({ row, content }: NamedDocument) => ({
  id: uuidText(row.exchangeId),
  box: boxesOf(row)[0]!,
  from: content.issuer.code,
  number: content.number,
  notation: content.notation,
  subject: content.subject,
  date: content.date,
  storedAt: isoTime(row.storedAtMs),
  storedAtMs: row.storedAtMs,
});
