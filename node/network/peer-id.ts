/**
 * PeerIds of Ed25519 keys, as text ("12D3KooW…"): the identity multihash of the key's libp2p protobuf, in base58btc.
 * Loads nothing of libp2p, so that whoever only compares or prints a PeerId stays cheap to import.
 * WARNING: on the wire and persisted. Of two PeerIds the lower is the one whose text sorts first.
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

declare const brand: unique symbol;
/** Text of a PeerId that was parsed or made from a key. */
export type PeerIdText = string & { readonly [brand]: 'PeerIdText' };

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** identity multihash of 36 bytes, protobuf { 1: Ed25519 (1), 2: 32 bytes } */
const PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const KEY_BYTES = 32;
const TEXT_LENGTH = 52;

/** PeerId of a raw 32-byte Ed25519 public key; RangeError on another length. */
export function peerIdOfRawKey(publicKey: Uint8Array): PeerIdText {
  if (publicKey.byteLength !== KEY_BYTES) throw new RangeError('an Ed25519 public key has 32 bytes');
  const bytes = new Uint8Array(PREFIX.length + KEY_BYTES);
  bytes.set(PREFIX);
  bytes.set(publicKey, PREFIX.length);
  return encodeBase58(bytes) as PeerIdText;
}

/** PeerId of a SubjectPublicKeyInfo in DER; undefined when it isn't an Ed25519 key. */
export function peerIdOfSpki(spki: Uint8Array): PeerIdText | undefined {
  try {
    return peerIdOfKey(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
  } catch {
    return undefined;
  }
}

/** PeerId of an Ed25519 key, public or private; RangeError on another kind of key. */
export function peerIdOfKey(key: KeyObject): PeerIdText {
  if (key.asymmetricKeyType !== 'ed25519') throw new RangeError('a PeerId is made from an Ed25519 key');
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const jwk: JsonWebKey = publicKey.export({ format: 'jwk' });
  return peerIdOfRawKey(Buffer.from(jwk.x!, 'base64url'));
}

/** The PeerId in a text from outside; undefined when it isn't the canonical text of an Ed25519 PeerId. */
export function parsePeerId(text: string): PeerIdText | undefined {
  return rawKeyOf(text) === undefined ? undefined : (text as PeerIdText);
}

/** The raw public key a PeerId carries; undefined when the text isn't a PeerId. */
export function rawKeyOf(text: string): Uint8Array | undefined {
  if (text.length !== TEXT_LENGTH) return undefined;
  const bytes = decodeBase58(text);
  if (bytes === undefined || bytes.byteLength !== PREFIX.length + KEY_BYTES) return undefined;
  if (PREFIX.some((byte, i) => bytes[i] !== byte)) return undefined;
  return bytes.slice(PREFIX.length);
}

/** The raw seed and public key, 64 bytes, of an Ed25519 private key: the form libp2p takes. */
export function rawPrivateKey(key: KeyObject): Uint8Array {
  if (key.type !== 'private' || key.asymmetricKeyType !== 'ed25519') {
    throw new RangeError('a host needs an Ed25519 private key');
  }
  const jwk = key.export({ format: 'jwk' });
  return new Uint8Array(Buffer.concat([Buffer.from(jwk.d!, 'base64url'), Buffer.from(jwk.x!, 'base64url')]));
}

function encodeBase58(bytes: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; rest > 0n; rest /= 58n) text = ALPHABET[Number(rest % 58n)] + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = ALPHABET[0] + text;
  }
  return text;
}

function decodeBase58(text: string): Uint8Array | undefined {
  let value = 0n;
  for (const char of text) {
    const digit = ALPHABET.indexOf(char);
    if (digit < 0) return undefined;
    value = value * 58n + BigInt(digit);
  }
  let zeros = 0;
  while (text[zeros] === ALPHABET[0]) zeros++;
  const digits = value === 0n ? '' : value.toString(16);
  return new Uint8Array(
    Buffer.from('00'.repeat(zeros) + digits.padStart(digits.length + (digits.length % 2), '0'), 'hex'),
  );
}
