/**
 * Turns an enrolment request into certificates and a seat, or says why not. Everything is verified first: both
 * signatures, each key's proof of possession, the invite, the agency, the connection's own key. Then one commit holds
 * certificates, seat, new head, the spent invite and the answer; a crash before it changes nothing, a repeat after it
 * gets the stored answer. Called by the enrolment protocol and, without an invite, by `issue`; an enrolled seat that
 * asks without an invite changes its addresses and renews its certificates (seat-change.ts).
 */
import { peerIdOfSpki } from '../../certs/peer-id.ts';
import type { LeafRole } from '../../certs/profiles.ts';
import { checkRequest } from '../../certs/request.ts';
import { enrolmentAnswer, type lienthong } from '../../proto/messages.ts';
import { type Bytes, EMPTY, equalBytes, hex, parseHex, sha256 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import {
  inviteSigned,
  nodeSigned,
  type OpenedEnvelope,
  openEnvelope,
} from '../directory/enrolment-envelope.ts';
import { type SeatFacts, STATE, sealKey, seatKey } from '../directory/entries.ts';
import { isAnnounceAddress } from '../network/addresses.ts';
import type { AuditEntry, KeyValueStore, Precondition, Write } from '../store/key-value.ts';
import { key, PREFIX } from '../store/keys.ts';
import type { Authority, Holder } from './authority.ts';
import { askForSeal } from './foreign-requests.ts';
import { useInvite } from './invites.ts';
import { type IssuedRow, issuedRow } from './issued.ts';
import { toBase64 } from './json-row.ts';
import type { Act, Publisher } from './publisher.ts';
import type { RegistryKeys } from './registry-folder.ts';
import { sealRequestWrite } from './seal-requests.ts';
import { SeatChange } from './seat-change.ts';

export interface EnrolmentComponents {
  store: KeyValueStore;
  directory: () => Directory | undefined;
  publisher: Publisher;
  authority: Authority;
  keys: RegistryKeys;
  clock: Clock;
  federationName: string;
  /** Multiaddrs of the registry with /p2p/. */
  registryAddresses: () => readonly string[];
  autoSeal: boolean;
}

type Answer = lienthong.v1.EnrolmentAnswer.$Properties;

/** Keys of a request, each with its proof. */
interface ProvenKeys {
  nodeSpki: Bytes;
  peerId: string;
  sealFingerprint: string | undefined;
}

export class Enrolment {
  readonly #components: EnrolmentComponents;
  readonly #change: SeatChange;

  constructor(components: EnrolmentComponents) {
    this.#components = components;
    this.#change = new SeatChange(components);
  }

  /**
   * The stored or new answer to an envelope. With `peerId`, over a connection: the node key must be the connection's,
   * and an invite is needed unless that is an enrolled seat's. Throws LienthongError: 'request-invalid', 'invite-…', 'registry-mismatch', …
   */
  async enrol(bytes: Bytes, from: { peerId: string } | undefined): Promise<Bytes> {
    const opened = openEnvelope(bytes);
    if (opened === undefined) throw new LienthongError('request-invalid', { reason: 'malformed' });
    const isChange = from !== undefined && isUninvited(opened) && this.#change.isSeat(from.peerId);
    if (from !== undefined && !isChange && !inviteSigned(opened))
      throw new LienthongError('invite-invalid', { reason: 'signature' });
    const proven = prove(opened);
    if (from !== undefined && proven.peerId !== from.peerId) {
      throw new LienthongError('request-invalid', { reason: 'other-peer' });
    }
    const { federationId } = opened.request;
    const isOurs = federationId.byteLength === 0 || hex(federationId) === this.#components.keys.root.sha256;
    if (!isOurs || (from !== undefined && federationId.byteLength === 0)) {
      throw new LienthongError('registry-mismatch', { reason: 'federation' });
    }
    if (isChange) {
      const current = await this.#change.apply(opened.request, proven.peerId);
      if (opened.request.sealChain.length > 0)
        await askForSeal(opened.request, current.seat, this.#components);
      return enrolmentAnswer.encode(this.#answer(current, current.seat, proven));
    }
    if (opened.request.sealChain.length > 0)
      throw new LienthongError('request-invalid', { reason: 'not-enrolled' });
    const stored = await this.#stored(opened.requestHash);
    if (stored !== undefined) return stored;
    try {
      return await this.#grant(opened, proven, from !== undefined);
    } catch (error) {
      // the same request a moment earlier: its commit won, its answer is the answer
      const answer = await this.#stored(opened.requestHash);
      if (answer !== undefined) return answer;
      throw error;
    }
  }

  #stored(requestHash: Bytes): Promise<Bytes | undefined> {
    return this.#components.store.get(key(PREFIX.enrolment, requestHash));
  }

  async #grant(opened: OpenedEnvelope, proven: ProvenKeys, online: boolean): Promise<Bytes> {
    let answer = EMPTY;
    await this.#components.publisher.publish(async (current) => {
      const nowMs = this.#components.clock.nowMs();
      const { request } = opened;
      const holder = holderOf(current, request.agency, proven.peerId);
      const require: Precondition[] = [{ key: key(PREFIX.enrolment, opened.requestHash), expect: 'absent' }];
      const writes: Write[] = [];
      if (online) {
        const used = await useInvite(this.#components.store, {
          inviteKey: opened.inviteKey,
          agency: request.agency,
          requestHash: opened.requestHash,
          nowMs,
        });
        require.push(used.require);
        writes.push(used.write);
      }
      const granted = await this.#issue(opened, proven, holder, nowMs, (current?.version ?? 0) + 1);
      answer = enrolmentAnswer.encode(this.#answer(granted, holder.seat, proven));
      writes.push({ put: require[0]!.key, value: answer }, ...granted.writes);
      const entries = [...granted.entries, ...successions(current, holder)];
      return {
        entries,
        require,
        writes,
        issued: granted.issued,
        audit: [audit(opened, holder, granted.issued, nowMs)],
      };
    });
    return answer;
  }

  async #issue(opened: OpenedEnvelope, proven: ProvenKeys, holder: Holder, nowMs: number, version: number) {
    const { authority, autoSeal } = this.#components;
    const { request } = opened;
    const { agency, seat } = holder;
    const issued: IssuedRow[] = [];
    const issue = async (role: LeafRole, csr: Bytes): Promise<Bytes> => {
      const certificate = await authority.issue(role, csr, holder, nowMs);
      issued.push(issuedRow(certificate, { role, agency, seat, request: csr, nowMs }));
      return certificate.bytes;
    };
    const node = await issue('node', request.nodeCsr);
    const service = await issue('service', request.serviceCsr);
    const entries: Act['entries'] = [
      {
        group: agency,
        key: seatKey(seat),
        seat: {
          seat,
          agency,
          peerIds: [proven.peerId],
          addresses: [...request.addresses],
          nodeCertificates: [node],
          serviceCertificates: [service],
          reads: [...request.reads],
        },
      },
    ];
    const writes: Write[] = [];
    let seal = EMPTY;
    if (proven.sealFingerprint !== undefined && autoSeal) {
      seal = await issue('seal', request.sealCsr);
      entries.push(sealEntry(agency, seal, version));
    } else if (proven.sealFingerprint !== undefined) {
      const fingerprint = proven.sealFingerprint;
      const row = { agency, seat, fingerprint, request: toBase64(request.sealCsr), askedAtMs: nowMs };
      writes.push(sealRequestWrite(row));
    }
    return { node, service, seal, entries, issued, writes };
  }

  #answer(granted: { node: Bytes; service: Bytes; seal: Bytes }, seat: string, proven: ProvenKeys): Answer {
    const { keys, federationName, registryAddresses } = this.#components;
    return {
      nodeCertificate: granted.node,
      serviceCertificate: granted.service,
      sealCertificate: granted.seal,
      rootCertificate: keys.root.bytes,
      intermediates: [keys.issuing.certificate.bytes],
      seat,
      registryAddresses: [...registryAddresses()],
      federationName,
      sealFingerprint: (proven.sealFingerprint && parseHex(proven.sealFingerprint)) || EMPTY,
    };
  }
}

/** Entry of a seal that speaks for the whole agency from `version` on. */
export const sealEntry = (agency: string, certificate: Bytes, version: number): Act['entries'][number] => ({
  group: agency,
  key: sealKey(sha256(certificate)),
  seal: { certificate, unit: agency, subtree: true, fromVersion: version },
});

const isUninvited = ({ inviteKey, envelope }: OpenedEnvelope): boolean =>
  inviteKey.byteLength === 0 && envelope.inviteSignature.byteLength === 0;

function prove(opened: OpenedEnvelope): ProvenKeys {
  const { request } = opened;
  const spkis: Bytes[] = [];
  const check = (role: LeafRole, csr: Bytes) => {
    const verdict = checkRequest(csr, role);
    if (!verdict.ok) throw new LienthongError('request-invalid', { role, reason: verdict.reason });
    if (spkis.some((spki) => equalBytes(spki, verdict.request.spki))) {
      throw new LienthongError('request-invalid', { role, reason: 'one-key-twice' });
    }
    spkis.push(verdict.request.spki);
    return verdict.request;
  };
  const node = check('node', request.nodeCsr);
  check('service', request.serviceCsr);
  const seal = request.sealCsr.byteLength === 0 ? undefined : check('seal', request.sealCsr);
  if (!nodeSigned(opened, node.spki))
    throw new LienthongError('request-invalid', { role: 'node', reason: 'signature' });
  const bad = request.addresses.find((address) => !isAnnounceAddress(address));
  if (bad !== undefined) throw new LienthongError('request-invalid', { reason: 'address', address: bad });
  return { nodeSpki: node.spki, peerId: peerIdOfSpki(node.spki)!, sealFingerprint: seal?.keyFingerprint };
}

/** The agency's next free seat. Throws when the agency isn't there or active, or the node is enrolled already. */
function holderOf(current: Directory | undefined, code: string, peerId: string): Holder {
  const agency = current?.agency(code);
  if (current === undefined || agency === undefined) {
    throw new LienthongError('request-invalid', { reason: 'unknown-agency', agency: code });
  }
  if (agency.state !== STATE.active) {
    throw new LienthongError('request-invalid', { reason: 'agency-not-active', agency: code });
  }
  if (current.seatOfPeer(peerId) !== undefined) {
    throw new LienthongError('request-invalid', { reason: 'node-already-enrolled', agency: code });
  }
  const taken = new Set(current.seatsOf(code).map(({ seat }) => seat));
  let seat: string = code;
  for (let n = 2; taken.has(seat); n++) seat = `${code}/${n}`;
  return { agency: code, name: agency.name, seat };
}

/** Seats of the agency whose every node certificate is revoked hand over to the new one. */
function successions(current: Directory | undefined, holder: Holder): Act['entries'] {
  const gone = (seat: SeatFacts): boolean => {
    const nodes = current!.certificatesOfSeat(seat.seat).filter(({ role }) => role === 'node');
    return seat.successor === '' && nodes.every(({ certificate }) => current!.isRevoked(certificate));
  };
  return (current?.seatsOf(holder.agency) ?? []).filter(gone).map((seat) => ({
    group: holder.agency,
    key: seatKey(seat.seat),
    seat: { ...seat, successor: holder.seat },
  }));
}

function audit(
  opened: OpenedEnvelope,
  holder: Holder,
  issued: readonly IssuedRow[],
  atMs: number,
): AuditEntry {
  return {
    atMs,
    event: 'seat.enrolled',
    fields: [
      { name: 'agency', value: holder.agency },
      { name: 'seat', value: holder.seat },
      { name: 'request', value: hex(opened.requestHash) },
      { name: 'serials', value: issued.map(({ serial }) => serial).join(',') },
    ],
  };
}
