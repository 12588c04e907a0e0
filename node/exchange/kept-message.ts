/**
 * The edXML file a status was imported from, on its way to the entry it became: a leased file that the entry's own commit
 * refers to, so that a crash leaves both or neither. The lease ends with the import. Used by chains, desk and recalls.
 */
import { SENDER_SIDE, sideOf } from '../core/business-status.ts';
import type { DeliveryKey, StatusPlace } from '../store/deliveries.ts';
import type { KeyValueStore, Precondition, Write } from '../store/key-value.ts';
import {
  getStatusOriginal,
  type ImportedFile,
  statusOriginalAbsent,
  statusOriginalWrites,
} from '../store/originals.ts';
import type { Chains, Said } from './chains.ts';

export interface KeptMessage extends ImportedFile {
  /** That its lease holds. */
  require: readonly Precondition[];
}

/** An entry's share of its commit. */
export const keepingMessage = (
  of: DeliveryKey,
  place: StatusPlace,
  message: KeptMessage | undefined,
): { require: readonly Precondition[]; writes: Write[] } =>
  message === undefined
    ? { require: [], writes: [] }
    : { require: message.require, writes: statusOriginalWrites(of, place, message) };

/**
 * What is said again makes no entry: its file stays with the newest entry of that code, unless that has one (said by hand
 * before, say). Where the step was skipped there is none, and nothing is kept. Throws 'state-changed' to be tried again.
 */
export async function keepWithEarlier(
  store: KeyValueStore,
  { of, sender, receiver }: Chains,
  { code, message }: Pick<Said, 'code' | 'message'>,
): Promise<void> {
  if (message === undefined) return;
  const side = sideOf(code);
  const chain = side === SENDER_SIDE ? sender : receiver;
  const earlier = chain.findLast(({ entry }) => entry.code === code);
  if (earlier === undefined) return;
  const place = { side, sequence: earlier.entry.sequence };
  if ((await getStatusOriginal(store, of, place)) !== undefined) return;
  const { require, writes } = keepingMessage(of, place, message);
  await store.commit({ require: [...require, statusOriginalAbsent(of, place)], writes });
}
