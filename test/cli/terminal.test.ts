import fc from 'fast-check';
import t from 'tap';
import { printable, truncate, width, wrap } from '../../node/cli/terminal.ts';

const NAME = 'Ủy ban nhân dân tỉnh Sóc Trăng';

t.test('Vietnamese is as wide decomposed as composed', async (t) => {
  t.equal(width(NAME), 30);
  t.equal(width(NAME.normalize('NFD')), 30);
  t.equal(width(`\x1b[1m${NAME}\x1b[22m`), 30, 'colours take no room');
  t.equal(width('公文'), 4);
});

t.test('nothing is cut between a letter and its marks', async (t) => {
  const cut = truncate(NAME.normalize('NFD'), 8);
  t.equal(cut.normalize('NFC'), 'Ủy ban…');
  t.equal(truncate(NAME, 30), NAME);
});

t.test('lines break at blanks, long words are cut, and the last of too many says so', async (t) => {
  t.same(wrap('Phê duyệt Đề án Nâng cao', 10), ['Phê duyệt', 'Đề án Nâng', 'cao']);
  t.same(wrap('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
  t.same(wrap('một hai ba bốn', 7, 1), ['một…']);
  t.same(wrap('', 10), ['']);
});

t.test('wrapping keeps every word and no line is too wide, whatever the text', async () => {
  const texts = fc.array(
    fc.constantFrom('Quyết', 'định', 'ệ'.normalize('NFD'), 'x'.repeat(30), '公文', 'a'),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 40 }), (words, columns) => {
      const lines = wrap(words.join(' '), columns);
      return (
        lines.every((line) => width(line) <= columns) && lines.join('').replaceAll(' ', '') === words.join('')
      );
    }),
  );
});

t.test('what is shown cannot move the cursor, colour the screen or turn around', async (t) => {
  t.equal(printable('a\x1b[31mb\u202ec\nd'), 'a [31mb c d');
});
