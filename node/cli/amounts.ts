/** Amounts as people read them: durations, times. */
import { dayOf, isoTime } from '../core/dates.ts';
import type { Language } from '../core/messages.ts';

/** "450 ms", "12 s", "3 min 5 s" / "3 phút 5 giây", "2 h 4 min", "5 d 2 h". */
export function durationText(ms: number, language: Language): string {
  const [day, hour, minute, second] =
    language === 'vi' ? ['ngày', 'giờ', 'phút', 'giây'] : ['d', 'h', 'min', 's'];
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), day!],
    [Math.floor((seconds % 86_400) / 3600), hour!],
    [Math.floor((seconds % 3600) / 60), minute!],
    [seconds % 60, second!],
  ];
  const from = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(from, from + 2)
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** "2019-03-12T09:00:00.000+07:00" → "12/03/2019 09:00:00" in Viet Nam; "" for null. */
export function timeText(iso: string | null | undefined): string {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(ms)) return iso ?? '';
  const local = isoTime(ms);
  return `${dayText(dayOf(ms))} ${local.slice(11, 19)}`;
}

/** "2019-03-12" → "12/03/2019", "2019-03-12T09:30+07:00" → "12/03/2019 09:30". */
export const dueText = (due: string): string =>
  due.includes('T') ? `${dayText(due.slice(0, 10))} ${due.slice(11, 16)}` : dayText(due);

/** "2019-03-12" → "12/03/2019". */
export const dayText = (day: string): string =>
  /^\d{4}-\d{2}-\d{2}$/.test(day) ? day.split('-').reverse().join('/') : day;
