/**
 * The chain of custody of a document at its units, as people read it: who said what when, in the order of each chain,
 * with the entries that are missing. What a certificate counted for is judged by when its statement came here.
 */
import { type DeliveryRow, signed as signedCodec } from '../../proto/messages.ts';
import { type Recall, type StatusCode, shownStatus } from '../core/business-status.ts';
import { equalBytes } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import type { StatusView } from '../core/status-views.ts';
import { parseTransportState } from '../core/transport.ts';
import { type DeliveryKey, statusDeliveriesOf } from '../store/deliveries.ts';
import type { Reader } from '../store/key-value.ts';
import { type ChainStatement, type Chains, chainsOf } from './chains.ts';
import type { Trust } from './trust.ts';

export interface Standing {
  status: StatusCode | null;
  recall: Recall;
}

/** Of a delivery; what was recalled before anything left is as good as agreed to. */
export function standingOf({ state }: Chains, isCancelled: boolean): Standing {
  if (isCancelled) return { status: null, recall: 'agreed' };
  return { status: shownStatus(state), recall: state.recall };
}

/** Everything said about a document at a unit, by time. */
export async function custodyOf(store: Reader, of: DeliveryKey, trust: Trust): Promise<StatusView[]> {
  const chains = await chainsOf(store, of);
  if (chains.sender.length + chains.receiver.length === 0) return [];
  const carried = await statusDeliveriesOf(store, of);
  const views = [
    ...viewsOf(chains.sender, 'sender', chains, carried, trust),
    ...viewsOf(chains.receiver, 'receiver', chains, carried, trust),
  ];
  return views.sort((a, b) => a.atMs - b.atMs).map(({ view }) => view);
}

function viewsOf(
  chain: readonly ChainStatement[],
  side: StatusView['side'],
  { of, sender }: Chains,
  carried: readonly DeliveryRow[],
  trust: Trust,
): { atMs: number; view: StatusView }[] {
  let before = 0;
  let previous: ChainStatement | undefined;
  return chain.map((statement) => {
    const { entry, content, row } = statement;
    const delivery = carried.find(({ dispatchId }) => equalBytes(dispatchId, row.statusId));
    const answered = sender.find(({ entry: { id } }) => id === entry.answers);
    const { by, fault } = signerOf(statement, trust);
    const isContinued =
      entry.sequence !== before + 1 ||
      previous === undefined ||
      equalBytes(content.previous, previous.row.statusId);
    const problem = fault ?? (isContinued ? null : 'chain-broken');
    const view: StatusView = {
      code: entry.code,
      at: isoTime(content.happenedAtMs),
      by,
      unit: of.unit,
      side,
      sequence: entry.sequence,
      missing: entry.sequence - before - 1,
      reason: content.reason || null,
      reasonCode: content.reasonCode || null,
      note: content.note || null,
      staff: content.staff
        ? {
            name: content.staff.name ?? '',
            department: content.staff.department ?? '',
            email: content.staff.email ?? '',
            mobile: content.staff.mobile ?? '',
          }
        : null,
      answers: answered === undefined ? entry.answers || null : `13/${answered.entry.sequence}`,
      arrivalNumber: content.arrivalNumber || null,
      arrivalYear: content.arrivalYear || null,
      state: delivery === undefined ? null : parseTransportState(delivery.state),
      lastError: delivery?.lastError || null,
      valid: problem === null,
      fault: problem,
    };
    before = entry.sequence;
    previous = statement;
    return { atMs: content.happenedAtMs, view };
  });
}

/** Whose signature it is, and why it doesn't hold. */
export function signerOf({ row }: ChainStatement, trust: Trust): { by: string; fault: string | null } {
  const [checked] = trust.signatures(signedCodec.parse(row.envelope));
  return { by: checked?.certificate?.agency ?? '', fault: checked?.fault ?? null };
}
