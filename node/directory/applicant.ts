/**
 * The node's side of enrolment. Order: keys, then the request on disk, then it is sent; the answer is judged before
 * anything of it is kept; certificates, first directory, and last the identity. So a crash between any two lines ends
 * with the same call again: the same keys, the same request bytes, and from the registry the same answer. Called by
 * `node init`, and in two halves, with files carried by hand, by `node request` and `node install`.
 */
import { fingerprint, parseFingerprint } from '../../certs/fingerprint.ts';
import type { EnrolmentAnswer } from '../../proto/messages.ts';
import { type Bytes, EMPTY, hex, sha256 } from '../core/bytes.ts';
import { type Clock, type Random, systemClock, systemRandom } from '../core/clock.ts';
import { type AgencyCode, parseAgencyCode } from '../core/codes.ts';
import { within } from '../core/deadline.ts';
import { LienthongError } from '../core/errors.ts';
import { SOFTWARE } from '../core/version.ts';
import { peerIdOfSpki } from '../network/peer-id.ts';
import { openNodeStore } from '../store/node-store.ts';
import type { Directory } from './directory.ts';
import { DirectoryStore } from './directory-store.ts';
import { type GrantedEnrolment, judgeAnswer } from './enrolment-answer.ts';
import { inviteKeyOf, sealEnvelope } from './enrolment-envelope.ts';
import { makeRequest, requireAnnounceable } from './enrolment-request.ts';
import { readHead } from './head.ts';
import { IdentityFiles, type NodeIdentity, type NodeKeys, type PendingEnrolment } from './identity-files.ts';
import { type InviteToken, parseInviteToken } from './invite-token.ts';
import { writeNodeConfig } from './node-folder.ts';
import { announceable, withPorts } from './own-addresses.ts';
import { adoptBundle } from './pull.ts';
import { fetchDirectory, type RegistryVisit, sendEnrolment } from './registry-client.ts';
import type { SealWish } from './seal-key.ts';

export const DEFAULT_NODE_LISTEN = ['/ip4/0.0.0.0/tcp/7400'];
/** All of an enrolment over a slow line, the first directory included. */
const ENROL_TIMEOUT_MS = 120_000;

export interface ApplicantOptions {
  dir: string;
  /** Multiaddrs; port 0 is chosen now and kept. */
  listen?: readonly string[];
  announce?: readonly string[];
  /** The token for the seal key; in a file when absent. */
  seal?: SealWish;
  clock?: Clock;
  random?: Random;
  signal?: AbortSignal;
}

export interface Enrolled extends NodeIdentity {
  agencyName: string;
  /** Where it will listen: as the command line shows it. */
  listening: string[];
  sealGranted: boolean;
  directoryVersion: number;
}

/**
 * Enrols a node with an invite. Errors: 'already-initialised'; 'invite-invalid' (mistyped, or made out to another
 * agency), 'invite-expired', 'invite-used', 'invite-unknown'; 'registry-mismatch' (another PeerId, root or federation);
 * 'unreachable' (the registry is off: try again, nothing is lost); 'usage' (an address); 'does-not-verify'; `seal-…`.
 */
export async function enrol(options: ApplicantOptions & { token: string }): Promise<Enrolled> {
  const token = parseInviteToken(options.token);
  const clock = options.clock ?? systemClock;
  const folder = await freshFolder(options.dir);
  const before = await folder.pending();
  if (before !== undefined && before.agency !== token.agency) {
    throw new LienthongError('already-initialised', { where: options.dir, agency: before.agency });
  }
  if (before === undefined && clock.nowMs() > token.expiresAtMs) {
    throw new LienthongError('invite-expired', { agency: token.agency });
  }
  const keys = await folder.makeKeys(sealWish(options, before));
  return within(clock, ENROL_TIMEOUT_MS, options.signal, (signal) => {
    const { registryAddresses: addresses } = token;
    const visit = { privateKey: keys.node.privateKey, addresses, clock, signal };
    return enrolAt(visit, folder, keys, before, token, options);
  });
}

async function enrolAt(
  visit: RegistryVisit,
  folder: IdentityFiles,
  keys: NodeKeys,
  before: PendingEnrolment | undefined,
  token: InviteToken,
  options: ApplicantOptions,
): Promise<Enrolled> {
  const { clock } = visit;
  const expected = { rootFingerprint: token.rootFingerprint, agency: token.agency, keys };
  const earlier = before && (await resend(before, token, visit));
  if (earlier !== undefined) {
    const granted = judgeAnswer(earlier, { ...expected, nowMs: clock.nowMs() });
    return finish(folder, before!, granted, keys, options, (store) => fetchDirectory(visit, store, SOFTWARE));
  }
  const seal = sealWish(options, before);
  const pending = await makePending(
    folder,
    keys,
    token.agency as AgencyCode,
    { ...options, seal },
    clock,
    token,
  );
  const answer = await sendEnrolment(visit, fromBase64(pending.envelope));
  const granted = judgeAnswer(answer, { ...expected, nowMs: clock.nowMs() });
  return finish(folder, pending, granted, keys, options, (store) => fetchDirectory(visit, store, SOFTWARE));
}

/**
 * Makes the keys and the request of a node that can't reach the registry: its bytes go to `registry issue` by hand.
 * The same call again gives the same bytes. Errors: 'already-initialised', 'invalid-code', 'usage'.
 */
export async function requestOffline(
  options: ApplicantOptions & { agency: string },
): Promise<{ request: Bytes; agency: string; peerId: string; sealFingerprint: string }> {
  const agency = parseAgencyCode(options.agency);
  const folder = await freshFolder(options.dir);
  const before = await folder.pending();
  if (before !== undefined && before.agency !== agency) {
    throw new LienthongError('already-initialised', { where: options.dir, agency: before.agency });
  }
  const seal = sealWish(options, before);
  const keys = await folder.makeKeys(seal);
  const { clock = systemClock } = options;
  const isOffline = before?.inviteKey === '';
  const pending = isOffline
    ? before
    : await makePending(folder, keys, agency, { ...options, seal }, clock, undefined);
  return {
    request: fromBase64(pending.envelope),
    agency,
    peerId: peerIdOfSpki(keys.node.publicKeySpki)!,
    sealFingerprint: fingerprint(keys.seal.publicKeySpki),
  };
}

/**
 * Installs the answer file of `registry issue`, checked against the root's fingerprint an admin was told. Errors:
 * 'not-initialised' (no request was made here), 'already-initialised', 'usage' (not a fingerprint), 'registry-mismatch',
 * 'does-not-verify'.
 */
export async function installOffline(
  options: ApplicantOptions & { answer: Bytes; rootFingerprint: string },
): Promise<Enrolled> {
  const wanted = parseFingerprint(options.rootFingerprint);
  if (wanted === undefined) throw new LienthongError('usage', { what: 'fingerprint' });
  const folder = await freshFolder(options.dir);
  const pending = await folder.pending();
  if (pending === undefined) throw new LienthongError('not-initialised', { where: options.dir });
  const keys = await folder.keys(pending.seal);
  const { clock = systemClock } = options;
  const granted = judgeAnswer(options.answer, {
    rootFingerprint: new Uint8Array(Buffer.from(wanted, 'hex')),
    agency: pending.agency,
    keys,
    nowMs: clock.nowMs(),
  });
  return finish(folder, pending, granted, keys, options, (store) => adoptFrom(granted.answer, store));
}

/** As the command line calls them. */
export { enrol as initNode, installOffline as installNode, requestOffline as requestNode };

/** As said now, else as said with the request that waits: a PIN file may have moved since. */
const sealWish = ({ seal }: ApplicantOptions, before: PendingEnrolment | undefined): SealWish | undefined =>
  seal ?? (before?.seal && { token: before.seal });

async function freshFolder(dir: string): Promise<IdentityFiles> {
  const folder = new IdentityFiles(dir);
  if ((await folder.identity()) !== undefined)
    throw new LienthongError('already-initialised', { where: dir });
  return folder;
}

/** The answer to a request made before, if it was granted; undefined when a new one must be made. */
async function resend(
  pending: PendingEnrolment,
  token: InviteToken,
  visit: RegistryVisit,
): Promise<Bytes | undefined> {
  const answer = await sendEnrolment(visit, fromBase64(pending.envelope));
  if (pending.inviteKey === hex(inviteKeyOf(token.seed))) return answer;
  // made for another invite: worth something only if that one was granted
  const isRefused = answer.byteLength === 0 || answer[0] === REFUSED_TAG;
  return isRefused ? undefined : answer;
}

/** First byte of an answer that carries EnrolmentAnswer.refused (field 1, length-delimited). */
const REFUSED_TAG = 0x0a;

async function makePending(
  folder: IdentityFiles,
  keys: NodeKeys,
  agency: AgencyCode,
  options: ApplicantOptions,
  clock: Clock,
  token: InviteToken | undefined,
): Promise<PendingEnrolment> {
  const listen = await withPorts(options.listen ?? DEFAULT_NODE_LISTEN);
  const announce = announceable(listen, options.announce ?? []);
  requireAnnounceable(announce);
  const request = await makeRequest({
    agency,
    federationId: token?.rootFingerprint ?? EMPTY,
    keys,
    addresses: announce,
    madeAtMs: clock.nowMs(),
  });
  const envelope = await sealEnvelope(request, keys.node, token?.seed);
  const pending: PendingEnrolment = {
    agency,
    inviteKey: token === undefined ? '' : hex(inviteKeyOf(token.seed)),
    listen,
    announce,
    envelope: Buffer.from(envelope).toString('base64'),
    ...(options.seal && { seal: options.seal.token }),
  };
  await folder.writePending(pending);
  return pending;
}

async function finish(
  folder: IdentityFiles,
  pending: PendingEnrolment,
  granted: GrantedEnrolment,
  keys: NodeKeys,
  { dir, seal, clock = systemClock, random = systemRandom }: ApplicantOptions,
  firstDirectory: (store: DirectoryStore) => Promise<Directory>,
): Promise<Enrolled> {
  await folder.writeCertificate('root', granted.root);
  if (granted.intermediates[0] !== undefined)
    await folder.writeCertificate('issuing', granted.intermediates[0]);
  await folder.writeCertificate('node', granted.node);
  await folder.writeCertificate('service', granted.service);
  if (granted.seal !== undefined) await folder.writeCertificate('seal', granted.seal);
  const opened = await openNodeStore(dir, { clock, random });
  let directory: Directory;
  try {
    const federationId = sha256(granted.root);
    const store = new DirectoryStore({ store: opened.store, clock, federationId, root: granted.root });
    await store.load();
    directory = await firstDirectory(store);
  } finally {
    await opened.close();
  }
  const peerId = peerIdOfSpki(keys.node.publicKeySpki)!;
  if (directory.seatOfPeer(peerId)?.seat !== granted.seat) {
    throw new LienthongError('does-not-verify', { what: 'directory', reason: 'own-seat' });
  }
  const identity: NodeIdentity = {
    agency: pending.agency,
    seat: granted.seat,
    peerId,
    federationName: granted.federationName,
    federationId: fingerprint(granted.root),
    registryAddresses: [...granted.registryAddresses],
    listen: pending.listen,
    announce: pending.announce,
    sealFingerprint: fingerprint(keys.seal.publicKeySpki),
  };
  await writeNodeConfig(dir, {
    listen: pending.listen,
    announce: pending.announce,
    classification: 'thuong',
    seal: seal?.token ?? pending.seal,
  });
  await folder.writeIdentity(identity);
  await folder.removePending();
  return {
    ...identity,
    agencyName: directory.agencyName(pending.agency) ?? pending.agency,
    listening: pending.listen,
    sealGranted: granted.seal !== undefined,
    directoryVersion: directory.version,
  };
}

/** The directory an answer file carries. */
async function adoptFrom(answer: EnrolmentAnswer, store: DirectoryStore): Promise<Directory> {
  const refuse = (reason: string, cause?: unknown) =>
    new LienthongError('does-not-verify', { what: 'directory', reason }, { cause });
  if (!answer.directory) throw refuse('missing');
  const { head, certificates, entries, epochStatement } = answer.directory;
  const bundle = {
    head: head ?? EMPTY,
    certificates: certificates ?? [],
    epochStatement: epochStatement ?? EMPTY,
  };
  let signed: ReturnType<typeof readHead>;
  try {
    signed = readHead(bundle as Parameters<typeof readHead>[0]);
  } catch (cause) {
    throw refuse('malformed', cause);
  }
  if (signed === undefined) throw refuse('missing');
  const outcome = await adoptBundle(store, signed, entries ?? []);
  if (outcome.kind === 'refused') throw refuse(outcome.fault);
  return store.require();
}

const fromBase64 = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'base64'));
