/**
 * The text form of the PeerId that belongs to an Ed25519 public key (libp2p's peer-id specification): the
 * identity multihash of the key's protobuf encoding, in base58btc. Computed here so that a certificate's PeerId
 * follows from its key and is never taken from a request. Peer ids of other key types don't occur.
 */
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Identity multihash (0x00, 36 bytes) of PublicKey { Type = Ed25519 (1), Data = 32 bytes }. */
const multihashHead = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);

/** RFC 8410: SubjectPublicKeyInfo of an Ed25519 key is 32 bytes behind this fixed head. */
const ed25519SpkiHead = Buffer.from('302a300506032b6570032100', 'hex');

function base58(bytes: Uint8Array): string {
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  while (number > 0n) {
    text = alphabet.charAt(Number(number % 58n)) + text;
    number /= 58n;
  }
  for (let i = 0; bytes[i] === 0; i++) text = alphabet.charAt(0) + text;
  return text;
}

/** The 32 raw bytes of an Ed25519 SubjectPublicKeyInfo, undefined for any other key. */
export function ed25519RawFromSpki(spki: Uint8Array): Uint8Array | undefined {
  const head = Buffer.from(spki.subarray(0, ed25519SpkiHead.length));
  return spki.length === ed25519SpkiHead.length + 32 && head.equals(ed25519SpkiHead)
    ? spki.slice(ed25519SpkiHead.length)
    : undefined;
}

/** PeerId text (`12D3KooW…`) of an Ed25519 SubjectPublicKeyInfo, undefined for any other key. */
export function peerIdOfSpki(spki: Uint8Array): string | undefined {
  const raw = ed25519RawFromSpki(spki);
  return raw === undefined ? undefined : base58(Buffer.concat([multihashHead, raw]));
}
