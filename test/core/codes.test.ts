/** Agency and unit codes in both forms, with the codes observed in real messages. */
import fc from 'fast-check';
import t from 'tap';
import {
  agencyPart,
  fromLegacy,
  isAgencyCode,
  isLegacyCode,
  isUnitCode,
  isWithin,
  parentOf,
  parseAgencyCode,
  parseUnitCode,
  toLegacy,
  type UnitCode,
} from '../../node/core/codes.ts';

/** [old form, new form] */
const PAIRS = [
  ['000.00.00.G22', 'G22'],
  ['000.00.25.G14', 'G14.25'],
  ['000.18.29.H51', 'H51.29.18'],
  ['000.02.02.H37', 'H37.02.02'],
] as const;

t.test('observed codes convert by the rule, there and back', async (t) => {
  for (const [legacy, code] of PAIRS) {
    t.equal(fromLegacy(legacy), code, legacy);
    t.equal(toLegacy(code as UnitCode), legacy, code);
    t.equal(parseUnitCode(legacy), code);
    t.ok(isLegacyCode(legacy));
    t.notOk(isLegacyCode(code));
  }
});

t.test('real messages hold three groups too', async (t) => {
  t.ok(isLegacyCode('28.22.H17'));
  t.equal(parseUnitCode('28.22.H17'), 'H17.22.28');
});

t.test('codes of the new form are taken as they stand', async (t) => {
  for (const code of ['G22', 'H37', 'H37.02.02', 'H55.242', 'G14.1.2.3']) {
    t.equal(parseUnitCode(code), code);
    t.ok(isUnitCode(code));
  }
  t.equal(parseAgencyCode(' h40 '), 'H40', 'case and blanks are forgiven');
  t.equal(parseUnitCode(' h37.02.02 '), 'H37.02.02');
  t.equal(parseUnitCode('000.00.00.g22'), 'G22');
});

t.test('35 characters are the longest', async (t) => {
  const longest = `H37.${'0123456789.'.repeat(2)}012345678`;
  t.equal(longest.length, 35);
  t.equal(parseUnitCode(longest), longest);
  t.throws(() => parseUnitCode(`${longest}9`), { code: 'invalid-code' });
});

t.test('what is no code is refused, and named only in part', async (t) => {
  const wrong = [
    '',
    ' ',
    '22',
    'G',
    'G 22',
    'G22.',
    '.G22',
    'G22..01',
    'G22/01',
    'Đ22',
    'G22\n',
    '000.00.00',
    '000.00.00.00',
    'g22;rm -rf',
  ];
  for (const text of wrong.filter((text) => text.trim() !== 'G22')) {
    t.throws(() => parseUnitCode(text), { code: 'invalid-code' }, JSON.stringify(text));
  }
  t.throws(() => parseAgencyCode('H37.02'), { code: 'invalid-code' }, 'a unit is no agency');
  let error: unknown;
  try {
    parseUnitCode('x'.repeat(10_000));
  } catch (caught) {
    error = caught;
  }
  t.ok((error as Error).message.length < 200);
});

t.test('a code deeper than the old form, or with longer groups, has none', async (t) => {
  t.equal(toLegacy('H37.01.02.03.04' as UnitCode), undefined);
  t.equal(toLegacy('H37.1234' as UnitCode), undefined);
});

t.test('a code that loses something on the way to the old form has none', async (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom('G22', 'H37', 'H51'),
      fc.array(fc.stringMatching(/^[0-9A-Z]{1,3}$/), { maxLength: 3 }),
      (agency, groups) => {
        const code = [agency, ...groups].join('.');
        if (!isUnitCode(code)) return;
        const legacy = toLegacy(code);
        if (legacy !== undefined) t.equal(fromLegacy(legacy), code, `${code} → ${legacy}`);
      },
    ),
    { numRuns: 500 },
  );
});

t.test('above, below and beside', async (t) => {
  const code = parseUnitCode('H37.02.05');
  t.equal(agencyPart(code), 'H37');
  t.equal(parentOf(code), 'H37.02');
  t.equal(parentOf(parseUnitCode('H37')), undefined);
  t.ok(isWithin('H37.02', 'H37'));
  t.ok(isWithin('H37', 'H37'));
  t.notOk(isWithin('H371', 'H37'), 'a longer name is not below');
  t.notOk(isWithin('H37', 'H37.02'));
  t.ok(isAgencyCode('G22'));
  t.notOk(isAgencyCode('G22.01'));
});
