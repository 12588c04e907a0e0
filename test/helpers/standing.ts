/** How a document stands at a unit, as `show --json` tells it: in words for people to compare, and in all that both ends must say alike. */
import type { DocumentView } from '../../node/core/views.ts';

/**
 * What the receiver has said, then what became of a recall: "01 03 16 declined"; empty where nothing has been said yet.
 * Begins with the state of a delivery that isn't delivered. Said twice because a command was cut off counts once.
 */
export function standing(view: DocumentView, unit: string): string {
  const delivery = view.deliveries.find(({ to }) => to === unit);
  if (delivery === undefined) return 'not sent there';
  const said = view.statuses.filter((one) => one.unit === unit && one.side === 'receiver');
  const codes = said.sort((one, other) => one.sequence - other.sequence).map(({ code }) => code);
  const words: string[] = codes.filter((code, at) => code !== codes[at - 1]);
  if (delivery.state !== 'delivered') words.unshift(delivery.state);
  if (delivery.recall !== 'none') words.push(delivery.recall);
  return words.join(' ');
}

/** All that sender and receiver must show alike of the document at the unit. */
export function sameLife(view: DocumentView, unit: string): string {
  const { status, recall, supersededBy, updates, answeredAt } = view.deliveries.find(
    ({ to }) => to === unit,
  )!;
  const said = view.statuses
    .filter((one) => one.unit === unit)
    .map(({ state: _, lastError: _not, ...one }) => JSON.stringify(one))
    .sort();
  return JSON.stringify({ status, recall, supersededBy, updates, isAnswered: answeredAt !== null, said });
}
