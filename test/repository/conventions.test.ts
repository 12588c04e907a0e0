/** House rules that a reader relies on without looking: clocks, protocol ids, file sizes and names, words. */
import t from 'tap';
import { codeOf, filesIn, sourcesIn, textOf } from './source-tree.ts';

const MAX_LINES = 300;
const MAX_MEDIAN_LINES = 120;
const PRODUCT = ['proto', 'certs', 'node'];

const linesOf = (file: string) => textOf(file).trimEnd().split('\n').length;

/** Lines of code in `files` that match, as `file: line`. */
function matches(files: readonly string[], pattern: RegExp): string[] {
  const found: string[] = [];
  for (const file of files) {
    for (const line of codeOf(file).split('\n'))
      if (pattern.test(line)) found.push(`${file}: ${line.trim()}`);
  }
  return found;
}

t.test('only the clock reads the time', async (t) => {
  const files = sourcesIn(...PRODUCT).filter((file) => file !== 'node/core/clock.ts');
  t.strictSame(matches(files, /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/), []);
});

t.test('in a node only the clock file sets timers or draws random bytes', async (t) => {
  const files = sourcesIn('node').filter((file) => file !== 'node/core/clock.ts');
  t.strictSame(
    matches(
      files,
      /(?<!\.)\b(setTimeout|setInterval)\(|\bAbortSignal\.timeout\(|\b(randomBytes|randomUUID|getRandomValues)\(/,
    ),
    [],
  );
});

t.test('protocol ids stand in one file', async (t) => {
  const files = sourcesIn(...PRODUCT, 'scripts').filter((file) => file !== 'node/network/protocols.ts');
  t.strictSame(matches(files, /['"`]\/lienthong\//), []);
  t.ok(
    /'\/lienthong\/hello\/\d+'/.test(codeOf('node/network/protocols.ts')),
    'and are found by this pattern',
  );
});

t.test('no file is long', async (t) => {
  const sizes = sourcesIn('certs', 'node', 'scripts').map((file) => ({ file, lines: linesOf(file) }));
  sizes.sort((a, b) => b.lines - a.lines);
  const median = sizes[Math.floor(sizes.length / 2)]!.lines;
  t.comment(
    `${sizes.length} files, median ${median} lines, longest ${sizes[0]!.file} with ${sizes[0]!.lines}`,
  );
  t.strictSame(
    sizes.filter(({ lines }) => lines > MAX_LINES),
    [],
  );
  t.ok(median <= MAX_MEDIAN_LINES, `median ${median} ≤ ${MAX_MEDIAN_LINES}`);
});

t.test('files are named in kebab-case for the one thing they own', async (t) => {
  const names = sourcesIn('certs', 'node').map((file) => ({
    file,
    name: file.slice(file.lastIndexOf('/') + 1),
  }));
  const odd = names.filter(({ name }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(name));
  const empty = names.filter(({ name }) => /^(utils?|helpers?|common|types|index|misc)\.ts$/.test(name));
  t.strictSame([...odd, ...empty], []);
});

t.test('every file of the product opens by saying what it owns', async (t) => {
  const silent = sourcesIn(...PRODUCT).filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(textOf(file)));
  t.strictSame(silent, []);
});

t.test('nothing names a package registry or a path of the machine it was written on', async (t) => {
  const here = 'test/repository/conventions.test.ts';
  const words =
    /registry\.(npmjs|yarnpkg|npmmirror)|npm\.pkg\.github|artifactory|_authToken|(^|[\s'"`(=])\/(work|root)\/|\.\.\/shared\//;
  const found: string[] = [];
  for (const file of filesIn('.').filter((name) => name !== here && !/\.(pdf|png|ttf|tgz)$/.test(name))) {
    for (const line of textOf(file).split('\n')) if (words.test(line)) found.push(`${file}: ${line.trim()}`);
  }
  t.strictSame(found, []);
});
