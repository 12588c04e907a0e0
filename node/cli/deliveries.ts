/**
 * Deliveries shown as they happen: one line each time a recipient's state changes, until all are settled, and on a terminal
 * below them how far large files are.
 */
import { isLienthongError } from '../core/errors.ts';
import { isSettled, type TransportState } from '../core/transport.ts';
import type { DeliveryUpdate, SubmitAnswer } from '../core/views.ts';
import { durationText } from './amounts.ts';
import type { Cli } from './cli.ts';
import { faultText } from './faults.ts';
import type { NodeClient } from './node-client.ts';
import { DeliveriesProgress } from './progress.ts';
import type { Style } from './terminal.ts';

export const STATE_STYLE: Readonly<Record<TransportState, Style>> = {
  queued: 'yellow',
  sending: 'cyan',
  delivered: 'green',
  refused: 'red',
  cancelled: 'dim',
};
const MARK: Readonly<Record<TransportState, string>> = {
  queued: '·',
  sending: '→',
  delivered: '✓',
  refused: '✗',
  cancelled: '–',
};

export type Outcome = Pick<DeliveryUpdate, 'to' | 'state'> & Partial<DeliveryUpdate>;

export interface Followed {
  deliveries: Outcome[];
  settled: boolean;
}

/** Follows until all are settled, or `timeoutMs` is over. Ctrl-C leaves the document queued and rejects. */
export async function follow(
  cli: Cli,
  node: NodeClient,
  answer: SubmitAnswer,
  timeoutMs: number,
): Promise<Followed> {
  const latest = new Map<string, Outcome>(answer.deliveries.map((delivery) => [delivery.to, delivery]));
  const over = new AbortController();
  const stopTimer = cli.io.clock.after(timeoutMs, () => over.abort());
  const progress = new DeliveriesProgress(cli);
  const settled = () => [...latest.values()].every(({ state }) => isSettled(state));
  try {
    if (!settled())
      for await (const update of node.watch(answer.id, over.signal)) {
        const before = latest.get(update.to);
        latest.set(update.to, update);
        if (before?.state !== update.state || (before?.lastError ?? null) !== update.lastError) {
          progress.end();
          printOutcome(cli, update);
        }
        progress.update([...latest.values()]);
        if (settled()) break;
      }
  } catch (error) {
    const late = over.signal.aborted || isLienthongError(error, 'timeout');
    if (cli.io.signal.aborted || !late) throw error;
  } finally {
    progress.end();
    stopTimer();
  }
  return { deliveries: [...latest.values()], settled: settled() };
}

export function printOutcome(cli: Cli, { to, state, elapsedMs, lastError }: Outcome): void {
  const elapsed = typeof elapsedMs === 'number' ? `  ${durationText(elapsedMs, cli.language)}` : '';
  const why = lastError && state !== 'delivered' ? `  ${faultText(cli.language, lastError)}` : '';
  const shown = cli.paint(STATE_STYLE[state], `${MARK[state]} ${cli.text(`state.${state}`)}`);
  cli.print(`  ${to}  ${shown}${elapsed}${why}`);
}
