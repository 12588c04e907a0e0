/**
 * Where a key in a PKCS#11 token is found: what an engineer says once and a node keeps in its configuration. The PIN is
 * only ever named by the file that holds it.
 */

/** WARNING: persisted (config.json, `seal`). */
export interface TokenSettings {
  /** Absolute path of the token's PKCS#11 module. */
  module: string;
  /** CKA_LABEL of the private key. */
  label: string;
  /** CKA_ID of the private key, hex: where several keys have one label. */
  id?: string;
  /** Label of the token; with neither it nor `slot` there must be exactly one token. */
  tokenLabel?: string;
  /** Slot id. */
  slot?: number;
  /** Absolute path of a file with the user PIN, readable by its owner only. */
  pinFile: string;
}

/** PKCS#11 v2.40 §3.2: a token's label has 32 bytes, padded with blanks. */
const MAX_TOKEN_LABEL = 32;
const MAX_TEXT = 255;
const MAX_PATH = 4096;

const isText = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= most && !value.includes('\0');
const isPath = (value: unknown): value is string => isText(value, MAX_PATH) && value.startsWith('/');
const isOptional = (value: unknown, is: (value: unknown) => boolean) => value === undefined || is(value);

/** Settings as written in a file. Throws TypeError with the name of the first field that is none. */
export function parseTokenSettings(value: unknown): TokenSettings {
  if (typeof value !== 'object' || value === null) throw new TypeError('seal');
  const { module, label, id, tokenLabel, slot, pinFile, ...rest } = value as Record<string, unknown>;
  const wrong = (field: string) => new TypeError(`seal.${field}`);
  if (!isPath(module)) throw wrong('module');
  if (!isText(label, MAX_TEXT)) throw wrong('label');
  if (!isOptional(id, (text) => isText(text, 2 * MAX_TEXT) && /^([0-9a-f]{2})+$/.test(text)))
    throw wrong('id');
  if (!isOptional(tokenLabel, (text) => isText(text, MAX_TOKEN_LABEL))) throw wrong('tokenLabel');
  if (!isOptional(slot, (number) => Number.isSafeInteger(number) && (number as number) >= 0))
    throw wrong('slot');
  if (!isPath(pinFile)) throw wrong('pinFile');
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw wrong(unknown);
  return value as TokenSettings;
}
