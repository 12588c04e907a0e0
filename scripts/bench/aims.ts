/**
 * What each figure is to reach, in one table, and the short table at the end of a run: ours, what a user would pick
 * instead, their ratio, the aim, met or missed. Figures without an aim are shown without one.
 */
import type { Figure } from './report.ts';

interface Aim {
  /** Of the ratio to the baseline, or of the value itself. */
  of: 'ratio' | 'value';
  /** "≥" and "≤" include the number. */
  is: '≥' | '≤' | '<' | '>';
  than: number;
}

const ratio = (is: Aim['is'], than: number): Aim => ({ of: 'ratio', is, than });
const value = (is: Aim['is'], than: number): Aim => ({ of: 'value', is, than });

/** By the figure's name, without what it was measured with ("-94-recipients"); the unit is the figure's. */
const AIMS: Readonly<Record<string, readonly Aim[]>> = {
  documents: [ratio('≥', 3)],
  latency: [ratio('≤', 0.8)],
  annex: [ratio('≥', 1.5)],
  'annex-syncthing': [ratio('>', 1)],
  'annex-memory-sender': [value('≤', 64)],
  'annex-memory-recipient': [value('≤', 64)],
  start: [value('<', 700)],
  'idle-memory': [value('<', 130)],
  backlog: [ratio('≥', 0.8)],
  'backlog-memory-resident': [value('≤', 256)],
  'backlog-memory-own': [value('≤', 256)],
  'circular-bytes': [value('≤', 3)],
  'circular-time': [ratio('≤', 5)],
  store: [value('≤', 2000)],
  'store-rate': [ratio('≥', 0.9)],
  'inbox-page-p95': [value('<', 50), ratio('≤', 2)],
  'search-p95': [value('<', 50), ratio('≤', 2)],
  'edxml-import-memory': [value('<', 200)],
  'edxml-import-raw-memory': [value('<', 200)],
  'edxml-export-memory': [value('<', 200)],
  'edxml-export-raw-memory': [value('<', 200)],
};

const aimsOf = (name: string): readonly Aim[] | undefined => AIMS[name.replace(/-\d.*$/, '')];

const HOLDS: Record<Aim['is'], (a: number, b: number) => boolean> = {
  '≥': (a, b) => a >= b,
  '≤': (a, b) => a <= b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
};

/** Whether a figure reaches what it is to reach; undefined for one without an aim, or without what the aim is of. */
export function isMet(figure: Figure): boolean | undefined {
  const aims = aimsOf(figure.name);
  if (aims === undefined) return undefined;
  const each = aims.map(({ of, is, than }) => {
    const actual = figure[of];
    return actual === null ? undefined : HOLDS[is](actual, than);
  });
  return each.includes(undefined) ? undefined : !each.includes(false);
}

const aimText = ({ name, unit }: Figure): string =>
  (aimsOf(name) ?? [])
    .map(({ of, is, than }) => `${is} ${than}${of === 'ratio' ? ' ×' : ` ${unit}`}`)
    .join(', ');

const HEADINGS = ['figure', 'ours', 'instead', 'ratio', 'aim', ''];

/** Lines of a table in fixed-width columns, heading first. */
export function summary(figures: readonly Figure[]): string[] {
  const numbered = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
  const rows = figures.map((figure) => {
    const met = isMet(figure);
    return [
      figure.name,
      `${numbered.format(figure.value)} ${figure.unit}`,
      figure.baseline === null ? '' : `${numbered.format(figure.baseline)} ${figure.unit}`,
      figure.ratio === null ? '' : numbered.format(figure.ratio),
      aimText(figure),
      met === undefined ? '' : met ? 'met' : 'MISSED',
    ];
  });
  const all = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const isNumber = (column: number) => column >= 1 && column <= 3;
  return all.map((row) =>
    row
      .map((cell, column) =>
        isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
