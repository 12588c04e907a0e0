/** Names of attachments: whatever a peer calls a file, what is written stays in its folder and can be read. */
import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { cleanFileName, numberedFileName } from '../../node/core/file-names.ts';

const cases: [string, string][] = [
  ['quyết định 274.pdf', 'quyết định 274.pdf'],
  ['quyết định.pdf'.normalize('NFD'), 'quyết định.pdf'.normalize('NFC')],
  ['../../etc/passwd', 'passwd'],
  ['..\\..\\windows\\system32\\cmd.exe', 'cmd.exe'],
  ['/etc/passwd', 'passwd'],
  ['C:\\a.pdf', 'a.pdf'],
  ['..', 'tep-dinh-kem'],
  ['.', 'tep-dinh-kem'],
  ['', 'tep-dinh-kem'],
  ['   ', 'tep-dinh-kem'],
  ['a/', 'tep-dinh-kem'],
  ['.bashrc', 'bashrc'],
  ['a.pdf.', 'a.pdf'],
  ['a.pdf ', 'a.pdf'],
  ['a\u0000.pdf', 'a.pdf'],
  ['a\n.pdf', 'a.pdf'],
  ['gpj.\u202efdp.exe', 'gpj.fdp.exe'],
  ['\ufeffa.pdf', 'a.pdf'],
  ['a<b>:"|?*.pdf', 'a_b______.pdf'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['com1.pdf', '_com1.pdf'],
  ['console.pdf', 'console.pdf'],
  ['. .bashrc', 'bashrc'],
  ['\u200b.bashrc', 'bashrc'],
  ['-rf', '-rf'],
];
for (const [given, wanted] of cases) {
  t.test(`${JSON.stringify(given)} → ${wanted}`, async (t) => {
    t.equal(cleanFileName(given), wanted);
  });
}

/** Characters that matter to one system or another, and plain ones. */
const TRICKY = [...'./\\ :?*<>|"aĐ~$\u0301\u00a0\u2028\u202e\u0000\n\ufeff', 'con', '\ud800', '🏛'];
const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(fc.constantFrom(...TRICKY), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.array(fc.constantFrom('a', '.', ' '), { minLength: 195, maxLength: 215 }).map((parts) => parts.join('')),
);

t.test('whatever is given, a plain file name comes out, and the same again', async () => {
  fc.assert(
    fc.property(anyName, (given) => {
      const name = cleanFileName(given);
      const problems = [
        name === '' && 'empty',
        path.posix.basename(name) !== name && 'a path',
        path.win32.basename(name) !== name && 'a Windows path',
        /^\.|[. ]$/.test(name) && 'a dot at its edge',
        /[\p{Cc}\p{Cs}]/u.test(name) && 'a control character',
        [...name].length > 200 && 'too long',
        cleanFileName(name) !== name && `not stable: ${cleanFileName(name)}`,
      ].filter(Boolean);
      if (problems.length > 0)
        throw new Error(`${JSON.stringify(given)} → ${JSON.stringify(name)}: ${problems}`);
    }),
    { numRuns: 3000 },
  );
});

t.test('a long name keeps its ending', async (t) => {
  const name = cleanFileName(`${'Ủ'.repeat(500)}.pdf`);
  t.equal([...name].length, 200);
  t.match(name, /Ủ\.pdf$/);
  t.equal([...cleanFileName('x'.repeat(500))].length, 200);
});

t.test('the same name twice is numbered before its ending', async (t) => {
  t.equal(numberedFileName('a.pdf', 2), 'a (2).pdf');
  t.equal(numberedFileName('a', 3), 'a (3)');
  t.equal(numberedFileName('bản án', 2), 'bản án (2)');
});
