/**
 * Addresses of nodes: multiaddrs of the form /ip4|ip6|dns|dns4|dns6/HOST/tcp/PORT, with /p2p/PEERID when dialled.
 * Nothing else is ever listened on, announced or dialled (no relays, no dnsaddr lookups). Pure text in, text out;
 * loads nothing of libp2p. Called by configuration, enrolment, the directory and Host.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { type PeerIdText, parsePeerId } from './peer-id.ts';

export type HostKind = 'ip4' | 'ip6' | 'dns' | 'dns4' | 'dns6';

export interface Address {
  readonly kind: HostKind;
  readonly host: string;
  /** 0 only where one listens: any free port. */
  readonly port: number;
  readonly peerId?: PeerIdText;
}

/** Longer than any real one: a DNS name has at most 253 characters. */
const MAX_TEXT = 400;
const HOST_KINDS: ReadonlySet<string> = new Set<HostKind>(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);
const DNS_NAME =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** The address in a text from outside; undefined when it isn't one a node listens on or dials. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const parts = text.split('/');
  if (parts[0] !== '' || (parts.length !== 5 && parts.length !== 7)) return undefined;
  const [, kind, host, transport, portText, p2p, peerText] = parts as string[];
  if (!HOST_KINDS.has(kind!) || transport !== 'tcp' || !isHost(kind as HostKind, host!)) return undefined;
  if (!/^(0|[1-9][0-9]{0,4})$/.test(portText!)) return undefined;
  const port = Number(portText);
  if (port > 65_535) return undefined;
  const address = { kind: kind as HostKind, host: host!, port };
  if (p2p === undefined) return address;
  const peerId = p2p === 'p2p' ? parsePeerId(peerText!) : undefined;
  return peerId === undefined ? undefined : { ...address, peerId };
}

export function formatAddress(address: Address): string {
  const text = `/${address.kind}/${address.host}/tcp/${address.port}`;
  return address.peerId === undefined ? text : `${text}/p2p/${address.peerId}`;
}

/** May be listened on: an IP address without a PeerId; port 0 means any free one. */
export function isListenAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && isIp(address) && address.peerId === undefined;
}

/** May be given to others: a real port, not a wildcard, no PeerId. */
export function isAnnounceAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && address.port !== 0 && !isWildcard(address) && address.peerId === undefined;
}

/** May be dialled: a real port, not a wildcard, with the PeerId that must answer. */
export function isDialAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && address.port !== 0 && !isWildcard(address) && address.peerId !== undefined;
}

export function isWildcard(address: Address): boolean {
  return address.host === '0.0.0.0' || (address.kind === 'ip6' && /^[0:]*$/.test(address.host));
}

export function isLoopback(address: Address): boolean {
  if (address.kind === 'ip4') return address.host.startsWith('127.');
  return address.kind === 'ip6' ? address.host === '::1' : address.host === 'localhost';
}

/**
 * The address with /p2p/PEERID at its end; undefined when the text isn't an address or names another peer.
 */
export function withPeer(text: string, peerId: PeerIdText): string | undefined {
  const address = parseAddress(text);
  if (address === undefined || (address.peerId !== undefined && address.peerId !== peerId)) return undefined;
  return formatAddress({ ...address, peerId });
}

export function withoutPeer(text: string): string {
  const at = text.indexOf('/p2p/');
  return at < 0 ? text : text.slice(0, at);
}

function isIp(address: Address): boolean {
  return address.kind === 'ip4' || address.kind === 'ip6';
}

function isHost(kind: HostKind, host: string): boolean {
  if (kind === 'ip4') return isIPv4(host);
  if (kind === 'ip6') return isIPv6(host) && !host.includes('%');
  return DNS_NAME.test(host);
}
