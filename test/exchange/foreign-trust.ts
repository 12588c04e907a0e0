/** A federation of now whose directory lists a CA of others. */
import { sha256 } from '../../node/core/bytes.ts';
import { ANCHOR_USE, anchorKey, REGISTRY_GROUP } from '../../node/directory/entries.ts';
import type { Holder } from '../pdf/openssl-pki.ts';
import { TestFederation } from './federation.ts';

/** Two agencies at the time of now, and a foreign CA listed in their directory. */
export async function federationTrusting(
  t: Parameters<typeof TestFederation.create>[0],
  ca: Holder,
): Promise<TestFederation> {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  federation.clock.advance(Date.now() - federation.clock.nowMs() + 60_000);
  const anchor = { certificate: ca.certificate.bytes, use: ANCHOR_USE.seal, intermediates: [] };
  const key = anchorKey(sha256(ca.certificate.bytes));
  await federation.authority.publish({ entries: [{ group: REGISTRY_GROUP, key, anchor }] });
  return federation;
}
