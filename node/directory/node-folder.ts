/**
 * A node's folder as a composition root opens it: who the node is, its keys, the root it trusts, and `config.json`:
 * where it listens, what it announces, which classification it declares, what it takes from others a day, and which
 * token holds its seal. The identity
 * never changes; the configuration does.
 */
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { parseTokenSettings, type TokenSettings } from '../../certs/pkcs11/token-settings.ts';
import type { Signer } from '../../certs/signer.ts';
import { type AgencyLimits, parseAgencyLimits } from '../core/agency-limits.ts';
import type { Bytes } from '../core/bytes.ts';
import { type Classification, isClassification } from '../core/classification.ts';
import { LienthongError } from '../core/errors.ts';
import { type CalendarSettings, parseCalendarSettings } from '../core/working-days.ts';
import { isAnnounceAddress, isListenAddress, parseAddress } from '../network/addresses.ts';
import { readSmallFile, writeFileDurably } from '../store/folder.ts';
import { IdentityFiles } from './identity-files.ts';
import { SealInToken } from './seal-key.ts';

export interface NodeConfig {
  /** Multiaddrs, ports chosen. */
  listen: string[];
  /** What others are told. */
  announce: string[];
  /** What submissions are classified as when they don't say; absent: they must. */
  classification?: Classification;
  /** What one agency may make this node take and do, where it isn't what core/agency-limits.ts says. */
  quota?: Partial<AgencyLimits>;
  /** Whose register gives numbers of arrival: the agency's one series (where absent), or each unit's own. */
  registers?: 'agency' | 'unit';
  /** The token that holds the seal key; absent: it is a file. Never a PIN, only where its file is. */
  seal?: TokenSettings;
  /** Days off and days worked instead, beside the shipped ones. */
  calendar?: CalendarSettings;
  /** Imported edXML messages go to the recipients too; absent: they stay here. */
  edxmlOriginalTravels?: boolean;
}

export interface OpenIdentity {
  agency: string;
  seat: string;
  peerId: string;
  federationName: string;
  /** SHA-256 of the first root certificate. */
  federationId: Bytes;
  /** That root, DER. */
  root: Bytes;
  /** Of the registry, as enrolment told. */
  registryPeerIds: string[];
  /** Multiaddrs with /p2p/. */
  registryAddresses: string[];
  nodeKey: KeyObject;
  serviceKey: Signer;
  sealKey: Signer;
  /** The same key where a token holds it. */
  sealToken: SealInToken | undefined;
  /** SHA-256 of the seal key's SubjectPublicKeyInfo, hex: what an admin compares. */
  sealFingerprint: string;
}

export interface NodeFolder {
  readonly dir: string;
  readonly identity: OpenIdentity;
  readonly config: NodeConfig;
}

const CONFIG = 'config.json';
const MAX_CONFIG_BYTES = 64 * 1024;

/** Throws 'not-initialised', or 'folder-damaged' naming what is missing or unreadable. */
export async function openNodeFolder(dir: string): Promise<NodeFolder> {
  const files = new IdentityFiles(dir);
  const identity = await files.requireIdentity();
  const config = await readNodeConfig(dir);
  const keys = await files.keys(config.seal);
  const root = await files.certificate('root');
  if (root === undefined || root.sha256 !== identity.federationId) {
    throw new LienthongError('folder-damaged', { where: join(dir, 'certificates', 'root.crt') });
  }
  const peers = identity.registryAddresses.map((address) => parseAddress(address)?.peerId);
  return {
    dir,
    identity: {
      ...identity,
      federationId: new Uint8Array(Buffer.from(identity.federationId, 'hex')),
      root: root.bytes,
      registryPeerIds: [...new Set(peers.filter((peerId) => peerId !== undefined))],
      nodeKey: keys.node.privateKey,
      serviceKey: keys.service,
      sealKey: keys.seal,
      sealToken: keys.seal instanceof SealInToken ? keys.seal : undefined,
    },
    config,
  };
}

/** Throws 'configuration' naming the entry that is wrong: people write in this file. */
export async function readNodeConfig(dir: string): Promise<NodeConfig> {
  const path = join(dir, CONFIG);
  const bytes = await readSmallFile(path, MAX_CONFIG_BYTES);
  if (bytes === undefined) throw new LienthongError('folder-damaged', { where: path, reason: 'missing' });
  try {
    const config = JSON.parse(new TextDecoder().decode(bytes)) ?? {};
    const { listen, announce, classification, quota, registers, seal, calendar, edxmlOriginalTravels } =
      config;
    if (!all(listen, isListenAddress)) throw new TypeError('listen');
    if (!all(announce, isAnnounceAddress)) throw new TypeError('announce');
    if (classification !== undefined && !isClassification(classification))
      throw new TypeError('classification');
    if (quota !== undefined) parseAgencyLimits(quota);
    if (registers !== undefined && registers !== 'agency' && registers !== 'unit')
      throw new TypeError('registers');
    if (seal !== undefined) parseTokenSettings(seal);
    const days = calendar === undefined ? undefined : parseCalendarSettings(calendar);
    if (![undefined, true, false].includes(edxmlOriginalTravels)) throw new TypeError('edxmlOriginalTravels');
    const given = { listen, announce, classification, quota, registers, seal };
    return { ...given, calendar: days, edxmlOriginalTravels };
  } catch (cause) {
    const reason = cause instanceof TypeError ? cause.message : 'json';
    throw new LienthongError('configuration', { where: path, reason }, { cause });
  }
}

export const writeNodeConfig = (dir: string, config: NodeConfig): Promise<void> =>
  writeFileDurably(join(dir, CONFIG), `${JSON.stringify(config, null, 2)}\n`);

/** Keeps what others are to be told from now on. 'usage' for what can't be announced. */
export async function saveAnnounced(dir: string, announce: readonly string[]): Promise<void> {
  const bad = announce.find((address) => !isAnnounceAddress(address));
  if (bad !== undefined || announce.length === 0)
    throw new LienthongError('usage', { what: 'address', address: bad ?? '' });
  await writeNodeConfig(dir, { ...(await readNodeConfig(dir)), announce: [...announce] });
}

/** Keeps where it listens, ports chosen. */
export async function saveListening(dir: string, listen: readonly string[]): Promise<void> {
  const bad = listen.find((address) => !isListenAddress(address));
  if (bad !== undefined) throw new LienthongError('usage', { what: 'address', address: bad });
  await writeNodeConfig(dir, { ...(await readNodeConfig(dir)), listen: [...listen] });
}

const all = (list: unknown, is: (text: string) => boolean): list is string[] =>
  Array.isArray(list) && list.every((one) => typeof one === 'string' && is(one));
