/**
 * The registry's functions, wherever they are: over the socket while `registry run` is up, else on the folder itself.
 * While the registry starts or stops the folder is locked and the socket silent: the command tries again for a moment.
 */
import type { Bytes } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import type { AnchorItem } from '../core/node-views.ts';
import type {
  InviteAnswer,
  RegistryAgency,
  RegistryApi,
  RegistryStatus,
  RenewAnswer,
} from '../gateway/http/services.ts';
import type { NewAnchor } from '../registry/anchors.ts';
import type { Io } from './io.ts';
import { type LocalClient, pathOf } from './local-client.ts';
import { despiteLock } from './locked-folder.ts';
import type { Roots } from './roots.ts';

/** Importing 120,000 units takes the registry a while. */
const IMPORT_TIMEOUT_MS = 600_000;

export class RegistryClient implements RegistryApi {
  readonly #http: LocalClient;

  constructor(http: LocalClient) {
    this.#http = http;
  }

  status = () => this.#http.json<RegistryStatus>('GET', '/v1/registry');
  list = ({ certificates }: { certificates?: boolean }) =>
    this.#http.json<RegistryAgency[]>('GET', pathOf('/v1/registry/agencies', { certificates }));
  invite = (agency: string, { expiresMs }: { expiresMs?: number }) =>
    this.#http.json<InviteAnswer>('POST', '/v1/registry/invites', { body: { agency, expiresMs } });
  grantSeal = (agency: string, fingerprint: string, options: { unit?: string; unitOnly?: boolean } = {}) =>
    this.#http.json<unknown>('POST', '/v1/registry/seals', { body: { agency, fingerprint, ...options } });
  anchors = () => this.#http.json<AnchorItem[]>('GET', '/v1/registry/anchors');
  addAnchor = ({ certificates, intermediates, crls, fingerprint, name }: NewAnchor) =>
    this.#http.json<AnchorItem>('POST', '/v1/registry/anchors', {
      body: {
        certificates: base64(certificates),
        intermediates: intermediates?.map(base64),
        crls: crls?.map(base64),
        fingerprint,
        name,
      },
    });
  removeAnchor = (fingerprint: string) =>
    this.#http.json<{ fingerprint: string; seals: number; version: number }>(
      'DELETE',
      anchorPath(fingerprint),
    );
  refreshAnchor = (fingerprint: string, list: Bytes) =>
    this.#http.json<AnchorItem>('POST', `${anchorPath(fingerprint)}/lists`, { body: { crl: base64(list) } });
  revoke = (target: string, revocation: { reason: string; sinceMs?: number }) =>
    this.#http.json<unknown>('POST', '/v1/registry/revocations', { body: { target, ...revocation } });
  renew = (target: string) =>
    this.#http.json<RenewAnswer>('POST', '/v1/registry/renewals', { body: { target } });
  import = (json: unknown) =>
    this.#http.json<unknown>('POST', '/v1/registry/import', { body: json, timeoutMs: IMPORT_TIMEOUT_MS });
  issue = (request: Bytes): Promise<Bytes> => this.#http.bytes('POST', '/v1/registry/requests', request);
}

const anchorPath = (fingerprint: string): string => `/v1/registry/anchors/${encodeURIComponent(fingerprint)}`;
const base64 = (bytes: Bytes): string => Buffer.from(bytes).toString('base64');

/** Calls `act` with the running registry, or with the folder opened for it. 'locked' when neither is to be had. */
export function withRegistry<T>(
  http: LocalClient,
  io: Pick<Io, 'roots' | 'clock' | 'signal'>,
  dir: string,
  act: (registry: RegistryApi) => Promise<T>,
): Promise<T> {
  return despiteLock(io, async () => {
    try {
      return await act(new RegistryClient(http));
    } catch (error) {
      if (!isLienthongError(error, 'not-running')) throw error;
    }
    return onFolder(io.roots, dir, act);
  });
}

async function onFolder<T>(
  roots: Roots,
  dir: string,
  act: (registry: RegistryApi) => Promise<T>,
): Promise<T> {
  const opened = await roots.openRegistryFolder(dir);
  try {
    return await act(opened.service);
  } finally {
    await opened.close();
  }
}
