/**
 * The one way in and out of the wire: `codec(name, type, maxBytes)` gives a message its own parse and encode.
 * parse checks the bytes against the contract first (wire.ts), then decodes; encode (the writer leaves defaults
 * out) refuses what parse would refuse, so that a node can't make what no other node reads. Knows nothing above proto/.
 */
import type protobuf from './generated/runtime.js';
import { checkWire, rulesOf, type WireFault, type WireProblem } from './wire.ts';

/** Bytes from a peer, a file or the disk that aren't the message they should be. */
export class WireError extends Error {
  readonly fault: WireFault | 'not-canonical';
  readonly field: string;

  constructor(problem: { fault: WireFault | 'not-canonical'; field: string }) {
    super(`${problem.field}: ${problem.fault}`);
    this.name = 'WireError';
    this.fault = problem.fault;
    this.field = problem.field;
  }
}

interface MessageType<T, P> {
  decode(bytes: Uint8Array): T;
  encode(message: P, writer?: protobuf.Writer): protobuf.Writer;
}

export interface Codec<T, P> {
  readonly name: string;
  readonly maxBytes: number;
  /** Throws WireError. Byte fields of the answer share memory with `bytes`. */
  parse(bytes: Uint8Array): T;
  /** Throws WireError when the value is over a limit or lacks a required field. */
  encode(value: P): Uint8Array;
}

export function codec<T extends object, P extends object>(
  name: string,
  type: MessageType<T, P>,
  maxBytes: number,
): Codec<T, P> {
  return {
    name,
    maxBytes,
    parse(bytes) {
      refuse(checkWire(name, bytes, maxBytes));
      return type.decode(bytes);
    },
    encode(value) {
      refuseBadNumbers(name, value);
      const bytes = type.encode(value).finish();
      refuse(checkWire(name, bytes, maxBytes));
      return bytes;
    },
  };
}

/**
 * Like `codec`, for payloads and scopes: what decodes must encode to the same bytes again. wire.ts lets only one
 * encoding pass already; this holds it against the decoder that is really used.
 */
export function signedCodec<T extends object, P extends object>(
  name: string,
  type: MessageType<T, P>,
  maxBytes: number,
): Codec<T, P> {
  const plain = codec(name, type, maxBytes);
  return {
    ...plain,
    parse(bytes) {
      const value = plain.parse(bytes);
      const again = type.encode(value as unknown as P).finish();
      if (Buffer.compare(again, bytes) !== 0) throw new WireError({ fault: 'not-canonical', field: name });
      return value;
    },
  };
}

/** For rows of our own store: made by this code from checked parts, so only reading them checks. */
export function rowCodec<T extends object, P extends object>(
  name: string,
  type: MessageType<T, P>,
  maxBytes: number,
): Codec<T, P> {
  const plain = codec(name, type, maxBytes);
  return {
    ...plain,
    encode(value) {
      refuseBadNumbers(name, value);
      return type.encode(value).finish();
    },
  };
}

function refuse(problem: WireProblem | undefined): void {
  if (problem !== undefined) throw new WireError(problem);
}

/** The writer would cut a fraction off and wrap a negative number round. */
function refuseBadNumbers(message: string, value: object): void {
  const source = value as Record<string, unknown>;
  for (const field of rulesOf(message).numeric) {
    const given = source[field.name];
    if (given === undefined || given === null) continue;
    if (field.kind === 'message') {
      if (field.repeated) for (const item of given as object[]) refuseBadNumbers(field.message!, item);
      else refuseBadNumbers(field.message!, given);
    } else if (typeof given === 'number' && !(Number.isSafeInteger(given) && given >= 0)) {
      throw new WireError({ fault: 'number-range', field: `${message}.${field.name}` });
    }
  }
}
