/**
 * Foreign CAs as an admin sees them, in the shape of the command line's JSON, and what the registry keeps about them
 * beside the directory: the name the admin gave. Only reads, but for that row's write.
 */
import type { Certificate } from '../../certs/certificate.ts';
import type { Bytes } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import type { AnchorItem } from '../core/node-views.ts';
import type { Directory } from '../directory/directory.ts';
import type { Reader, Write } from '../store/key-value.ts';
import { key, PREFIX } from '../store/keys.ts';
import { heldList } from './foreign-lists.ts';
import { decodeRow, encodeRow } from './json-row.ts';
import { authoritiesOf, foreignAnchors, foreignSeals } from './seal-scopes.ts';

/** WARNING: persisted. */
interface AnchorRow {
  fingerprint: string;
  name: string;
  addedAtMs: number;
}

const keyOf = (fingerprint: string): Bytes => key(PREFIX.registryState, 'anchor', fingerprint);

export async function anchorRow(store: Reader, fingerprint: string): Promise<AnchorRow | undefined> {
  const stored = await store.get(keyOf(fingerprint));
  return stored && decodeRow<AnchorRow>(stored, 'anchor');
}

export const nameWrite = (row: AnchorRow): Write => ({ put: keyOf(row.fingerprint), value: encodeRow(row) });

export async function anchorItems(current: Directory, store: Reader, nowMs: number): Promise<AnchorItem[]> {
  const seals = foreignSeals(current);
  const items: AnchorItem[] = [];
  for (const listed of foreignAnchors(current)) {
    const { certificate: anchor } = listed;
    const under = seals.filter((one) => one.anchor === anchor.sha256);
    const below = authoritiesOf(current, listed).slice(1);
    items.push({
      fingerprint: anchor.sha256,
      name: (await anchorRow(store, anchor.sha256))?.name ?? anchor.subject,
      subject: anchor.subject,
      notAfter: isoTime(anchor.notAfterMs),
      state: anchor.notAfterMs <= nowMs ? 'expired' : 'valid',
      intermediates: below.map(({ sha256, subject, notAfterMs }) => ({
        fingerprint: sha256,
        subject,
        notAfter: isoTime(notAfterMs),
      })),
      lists: [anchor, ...below].flatMap((issuer) => listOf(current, issuer, nowMs)),
      seals: under
        .filter(({ isOpen }) => isOpen)
        .map(({ agency, facts, certificate }) => ({
          agency,
          unit: facts.unit,
          subtree: facts.subtree,
          fingerprint: certificate.sha256,
          subject: certificate.subject,
        })),
    });
  }
  return items;
}

function listOf(current: Directory, issuer: Certificate, nowMs: number): AnchorItem['lists'] {
  const held = heldList(current, issuer);
  if (held === undefined) return [];
  return [
    {
      issuer: issuer.sha256,
      from: isoTime(held.thisUpdateMs),
      until: isoTime(held.nextUpdateMs),
      state: held.nextUpdateMs <= nowMs ? 'expired' : 'valid',
      revoked: [...held.entries()].length,
    },
  ];
}
