/**
 * The audit log head a Signed statement states: a dispatch, a receipt, or a log head signed alone. Pure; says nothing
 * of whose statement it is.
 */
import {
  dispatch,
  logStatement,
  receipt,
  scope as scopeCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, equalBytes } from '../core/bytes.ts';
import { KINDS } from '../signing/envelope.ts';
import type { LogHead } from './ports.ts';

export interface StatedHead extends LogHead {
  /** Exact bytes of the Signed statement. */
  readonly statement: Bytes;
  /** The signer's clock. */
  readonly claimedAtMs: number;
}

/** A log head signed alone, for whoever asks. */
export interface DeclaredHead extends StatedHead {
  readonly seat: string;
  readonly agency: string;
  /** The last head held of the epoch before; undefined in a log that lost nothing. */
  readonly gapAfter: LogHead | undefined;
}

/** Undefined for anything that states no log head. */
export function statedHead(statement: Bytes): StatedHead | undefined {
  return read(statement, ({ kind, payload }) => {
    if (kind === KINDS.dispatch) return dispatch.parse(payload);
    if (kind === KINDS.receipt) return receipt.parse(payload);
    return kind === KINDS.logHead ? { logHead: logStatement.parse(payload).head } : undefined;
  });
}

/** The same where the statement has been read already: the signer's clock is looked up only when it is asked for. */
export const headIn = (head: LogHead, statement: Bytes): StatedHead => ({
  ...head,
  statement,
  get claimedAtMs() {
    return statedHead(statement)?.claimedAtMs ?? 0;
  },
});

/** Undefined for anything but a Signed "log-head/1". */
export function declaredHead(statement: Bytes): DeclaredHead | undefined {
  return read(statement, ({ kind, payload }) => {
    if (kind !== KINDS.logHead) return undefined;
    const { seat, agency, head, gapAfter } = logStatement.parse(payload);
    return { logHead: head, seat, agency, gapAfter: gapAfter ? headOf(gapAfter) : undefined };
  });
}

/** Whether a log that states `a` holds more than one that states `b`: a later epoch, or more entries of the same. */
export const isLarger = (a: Pick<LogHead, 'epoch' | 'size'>, b: Pick<LogHead, 'epoch' | 'size'>): boolean =>
  a.epoch > b.epoch || (a.epoch === b.epoch && a.size > b.size);

export const isSameHead = (a: LogHead, b: LogHead): boolean =>
  a.epoch === b.epoch && a.size === b.size && equalBytes(a.root, b.root);

interface WireHead {
  epoch?: number | null;
  size?: number | null;
  root?: Bytes | null;
}

const headOf = ({ epoch, size, root }: WireHead): LogHead => ({
  epoch: epoch ?? 0,
  size: size ?? 0,
  root: root!,
});

function read<T extends { logHead?: WireHead | null }>(
  statement: Bytes,
  parse: (signed: { kind: string; payload: Bytes }) => T | undefined,
): (Omit<T, 'logHead'> & StatedHead) | undefined {
  try {
    const signed = signedCodec.parse(statement);
    const parsed = parse(signed);
    const scope = signed.signatures[0]?.scope;
    if (!parsed?.logHead || !scope) return undefined;
    const { logHead, ...rest } = parsed;
    return { ...rest, ...headOf(logHead), statement, claimedAtMs: scopeCodec.parse(scope).claimedAtMs };
  } catch {
    return undefined;
  }
}
