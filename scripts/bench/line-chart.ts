/**
 * A line chart as an SVG file of its own: x in powers of two, y from zero, a legend, values of every point as text for
 * who can't see it. Lines differ in colour, dash and mark. Pure; called by main.ts for `--plot`.
 */

export interface Curve {
  /** Name of the file, without an ending. */
  file: string;
  title: string;
  x: { label: string; unit: string };
  y: { label: string; unit: string };
  lines: { name: string; points: readonly (readonly [x: number, y: number])[] }[];
}

const WIDTH = 860;
const HEIGHT = 480;
const LEFT = 80;
const TOP = 84;
const PLOT_WIDTH = 740;
const PLOT_HEIGHT = 330;
const LEGEND_STEP = 210;
/** Told apart by people who don't see colours alike (Okabe and Ito), and in grey by their dashes. */
const STYLES = [
  { colour: '#0072b2', dash: 'none' },
  { colour: '#d55e00', dash: '8 4' },
  { colour: '#007a5e', dash: '2 4' },
  { colour: '#a3487d', dash: '10 3 2 3' },
];

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const short = (value: number): string =>
  new Intl.NumberFormat('en', { maximumSignificantDigits: 4 }).format(value);
const at = (value: number): string => value.toFixed(1);

/** The largest of 1, 2, 2.5, 5 × 10^n that gives at least four steps up to `most`. */
function stepOf(most: number): number {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([5, 2.5, 2, 1].find((factor) => factor * power <= rough) ?? 1) * power;
}

/** RangeError without a point, or with an x that isn't positive. */
export function lineChart({ title, x, y, lines }: Curve): string {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(([of]) => of))].sort((a, b) => a - b);
  if (xs.length === 0 || !(xs[0]! > 0)) throw new RangeError(`nothing to draw in ${title}`);
  const [first, last] = [Math.log2(xs[0]!), Math.log2(xs.at(-1)!)];
  const most = Math.max(...points.map(([, of]) => of), Number.MIN_VALUE);
  const step = stepOf(most);
  const top = Math.ceil(most / step) * step;
  const left = (of: number) =>
    LEFT + (last === first ? 0.5 : (Math.log2(of) - first) / (last - first)) * PLOT_WIDTH;
  const height = (of: number) => TOP + PLOT_HEIGHT - (of / top) * PLOT_HEIGHT;
  const bottom = TOP + PLOT_HEIGHT;

  const horizontal = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step).map(
    (of) =>
      `<line x1="${LEFT}" x2="${LEFT + PLOT_WIDTH}" y1="${at(height(of))}" y2="${at(height(of))}" class="grid"/>` +
      `<text x="${LEFT - 10}" y="${at(height(of) + 4)}" text-anchor="end">${short(of)}</text>`,
  );
  const ticks = xs.map(
    (of) =>
      `<line x1="${at(left(of))}" x2="${at(left(of))}" y1="${bottom}" y2="${bottom + 5}" class="axis"/>` +
      `<text x="${at(left(of))}" y="${bottom + 20}" text-anchor="middle">${short(of)}</text>`,
  );
  const drawn = lines.map(({ name, points: of }, index) => {
    const { colour, dash } = STYLES[index % STYLES.length]!;
    const path = of.map(([a, b]) => `${at(left(a))},${at(height(b))}`).join(' ');
    const marks = of.map(
      ([a, b]) =>
        `<g fill="${colour}"><title>${escaped(`${name}: ${short(a)} ${x.unit}, ${short(b)} ${y.unit}`)}</title>${mark(index, left(a), height(b))}</g>`,
    );
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>${marks.join('')}`;
  });
  const legend = lines.map(({ name }, index) => {
    const { colour, dash } = STYLES[index % STYLES.length]!;
    const from = LEFT + index * LEGEND_STEP;
    return (
      `<line x1="${from}" x2="${from + 36}" y1="58" y2="58" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>` +
      `<g fill="${colour}">${mark(index, from + 18, 58)}</g><text x="${from + 44}" y="62">${escaped(name)}</text>`
    );
  });
  const told = lines.map(
    ({ name, points: of }) =>
      `${name}: ${of.map(([a, b]) => `${short(a)} ${x.unit} ${short(b)} ${y.unit}`).join('; ')}.`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title told">
<title id="title">${escaped(title)}</title>
<desc id="told">${escaped(`${y.label} in ${y.unit} against ${x.label} in ${x.unit}. ${told.join(' ')}`)}</desc>
<style>text{font:13px system-ui,sans-serif;fill:#1b1b1b}.grid{stroke:#dcdcdc}.axis{stroke:#1b1b1b}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
<text x="${LEFT}" y="32" style="font-size:18px;font-weight:600">${escaped(title)}</text>
${legend.join('\n')}
${horizontal.join('\n')}
<line x1="${LEFT}" x2="${LEFT + PLOT_WIDTH}" y1="${bottom}" y2="${bottom}" class="axis"/>
${ticks.join('\n')}
<text x="${LEFT + PLOT_WIDTH / 2}" y="${bottom + 48}" text-anchor="middle">${escaped(`${x.label} (${x.unit}, logarithmic)`)}</text>
<text transform="translate(22 ${TOP + PLOT_HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escaped(`${y.label} (${y.unit})`)}</text>
${drawn.join('\n')}
</svg>
`;
}

/** A circle, a square, a triangle or a diamond. */
function mark(index: number, x: number, y: number): string {
  const [a, b] = [at(x), at(y)];
  switch (index % STYLES.length) {
    case 0:
      return `<circle cx="${a}" cy="${b}" r="5"/>`;
    case 1:
      return `<rect x="${at(x - 4.5)}" y="${at(y - 4.5)}" width="9" height="9"/>`;
    case 2:
      return `<path d="M${a} ${at(y - 6)} l6 10 h-12 z"/>`;
    default:
      return `<path d="M${a} ${at(y - 6)} l6 6 l-6 6 l-6 -6 z"/>`;
  }
}
