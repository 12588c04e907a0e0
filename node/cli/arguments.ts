/** What people type, as values: codes, days, times, durations, addresses. Each throws a LienthongError that says how. */
import { parseUnitCode } from '../core/codes.ts';
import { parseDay, startOfDayMs } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const ADDRESS = /^\/(ip4|ip6|dns|dns4|dns6)\/[^/\s]+\/tcp\/(\d{1,5})(\/p2p\/[A-Za-z0-9]+)?$/;

const wrong = (field: string, value: string, reason: string): LienthongError =>
  new LienthongError('usage', { reason: `“${value.slice(0, 80)}”: ${reason}`, field });

/** "7d", "12h", "30m", "60s", "500ms" → milliseconds. */
export function parseDurationMs(text: string, field: string): number {
  const parts = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
  if (parts === null) throw wrong(field, text, '60s, 30m, 12h, 7d');
  const ms = Number(parts[1]) * UNIT_MS[parts[2] as keyof typeof UNIT_MS];
  if (ms === 0 || ms > 366 * UNIT_MS.d) throw wrong(field, text, '1s … 366d');
  return ms;
}

/** "H40,H51.02", also over several arguments, either code form. Repeats are kept: the node names them. */
export function parseRecipients(texts: readonly string[]): string[] {
  const codes = texts.flatMap((text) => text.split(/[,;\s]+/)).filter((code) => code !== '');
  return codes.map((code) => parseUnitCode(code));
}

/** A calendar day; undefined stays. */
export const parseOptionalDay = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : parseDay(text);

/** An instant: a day (its start in Viet Nam) or ISO 8601 with an offset. */
export function parseInstantMs(text: string, field: string): number {
  if (/^\d{4}-\d{2}-\d{2}$|\//.test(text)) return startOfDayMs(parseDay(text));
  const ms = /T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw wrong(field, text, '2026-05-01, 2026-05-01T08:00:00+07:00');
  return ms;
}

export function parseChoice<T extends string>(text: string, choices: readonly T[], field: string): T {
  const found = choices.find((choice) => choice === text.trim().toLowerCase());
  if (found === undefined) throw wrong(field, text, choices.join(', '));
  return found;
}

export function parseCount(text: string, max: number, field: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > max) throw wrong(field, text, `1–${max}`);
  return count;
}

/** Multiaddrs over TCP: "/ip4/0.0.0.0/tcp/7400". With `numeric` no names: an address to listen on. */
export function parseAddresses(
  texts: readonly string[] | undefined,
  field: string,
  { numeric = false } = {},
): string[] | undefined {
  if (texts === undefined) return undefined;
  const addresses = texts.flatMap((text) => text.split(',')).filter((address) => address !== '');
  for (const address of addresses) {
    const parts = ADDRESS.exec(address);
    const good =
      parts !== null &&
      Number(parts[2]) <= 65_535 &&
      (!numeric || /^\/ip[46]\/[^/]+\/tcp\/\d+$/.test(address));
    if (!good)
      throw wrong(field, address, numeric ? '/ip4/0.0.0.0/tcp/7400' : '/dns4/node.example.vn/tcp/7400');
  }
  return addresses;
}

/** An exchange id or its beginning. */
export function parseId(text: string): string {
  const id = text.trim().toLowerCase();
  if (!/^[0-9a-f-]{1,64}$/.test(id)) throw new LienthongError('not-found', { id: text.slice(0, 64) });
  return id;
}
