/** What a person may type, and what of it reaches the index's own language. */
import fc from 'fast-check';
import t from 'tap';
import { allOf, MAX_TEXT, MAX_WORDS, parseText } from '../../node/search/search-query.ts';
import { FIELD_END, facet, indexedText, unitAndAbove, wordsOf } from '../../node/search/words.ts';

t.test('words are letters and digits without marks, đ as d', async (t) => {
  t.same(wordsOf('Quyết định số 274/QĐ-TTg'), ['quyet', 'dinh', 'so', '274', 'qd', 'ttg']);
  t.same(wordsOf('Quyết định'.normalize('NFD')), ['quyet', 'dinh']);
  t.same(wordsOf('  — “…” _ '), []);
  t.equal(wordsOf('x'.repeat(100))[0]!.length, 40);
});

t.test('all words, quoted words in order, joined words in order, beginnings', async (t) => {
  t.equal(parseText('Quyết ĐỊNH '), '"quyet" AND "dinh"');
  t.equal(parseText('quyết địn'), '"quyet" AND "din" *', 'the last one may be half typed');
  t.equal(parseText('quy* định '), '"quy" * AND "dinh"');
  t.equal(parseText('274/QĐ-TTg'), '"274 qd ttg" *');
  t.equal(parseText('“phê duyệt” đề án '), '"phe duyet" AND "de" AND "an"');
  t.equal(parseText('"phê duyệt"'), '"phe duyet"', 'quoted is whole');
  t.equal(parseText('số 1'), '"so" AND "1"', 'one letter is no beginning');
  t.equal(parseText('"open'), '"open"');
  t.equal(parseText(' \t'), undefined);
});

t.test('what holds no word, too many or too much is refused', async (t) => {
  for (const text of [
    '***',
    '""',
    '— …',
    'a'.repeat(MAX_TEXT + 1),
    'a '.repeat(MAX_WORDS + 1),
    'x'.repeat(2 ** 20),
  ])
    t.throws(() => parseText(text), { code: 'usage', details: { field: 'text' } }, text.slice(0, 20));
});

t.test('nothing typed is an operator', async () => {
  const syntax = fc.constantFrom(
    ...[
      '"',
      "'",
      ' NEAR(',
      ' OR ',
      ' AND ',
      ' NOT ',
      'words:',
      '{words}',
      '^',
      '*',
      '+',
      '-',
      '(',
      ')',
      ',',
      ';',
      '--',
      '\u0000',
      '\ud800',
      FIELD_END,
      facet('state', 'queued'),
    ],
  );
  const typed = fc.array(fc.oneof(syntax, fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 12 });
  fc.assert(
    fc.property(typed, (parts) => {
      let expression: string | undefined;
      try {
        expression = parseText(parts.join(''));
      } catch (error) {
        return (error as { code?: string }).code === 'usage';
      }
      return (
        expression === undefined || /^"[\p{L}\p{N} ]+"( \*)?( AND "[\p{L}\p{N} ]+"( \*)?)*$/u.test(expression)
      );
    }),
    { numRuns: 2000 },
  );
});

t.test('facets are words no text holds, and stand apart from the fields', async (t) => {
  t.same(unitAndAbove('H37.02.03'), ['H37', 'H37.02', 'H37.02.03']);
  const from = facet('from', 'H37');
  t.not(from, facet('to', 'H37'));
  t.same(wordsOf(`a${from}b`), ['a', 'b']);
  t.equal([...from].length, 1);
  t.equal(indexedText(['Đề án', '', 'Số 6'], [from, from]), `de an ${FIELD_END} so 6 ${FIELD_END} ${from}`);
  t.equal(allOf('"a"', [from]), `"a" AND "${from}"`);
  t.equal(allOf(undefined, [from]), `"${from}"`);
});
