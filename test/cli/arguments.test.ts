import t from 'tap';
import {
  parseAddresses,
  parseChoice,
  parseCount,
  parseDurationMs,
  parseId,
  parseInstantMs,
  parseRecipients,
} from '../../node/cli/arguments.ts';

t.test('durations', async (t) => {
  for (const [text, ms] of [
    ['7d', 604_800_000],
    ['12h', 43_200_000],
    ['30m', 1_800_000],
    ['60s', 60_000],
    ['500ms', 500],
  ] as const)
    t.equal(parseDurationMs(text, '--expires'), ms);
  for (const text of ['', '7', '7w', '0s', '-1s', '1.5h', '9999d'])
    t.throws(
      () => parseDurationMs(text, '--expires'),
      { code: 'usage', details: { field: '--expires' } },
      text,
    );
});

t.test('recipients, of either form and however separated; repeats are left to the node', async (t) => {
  t.same(parseRecipients(['H40,H51.02', '000.00.00.G22']), ['H40', 'H51.02', 'G22']);
  t.same(parseRecipients(['h40; H40']), ['H40', 'H40']);
  t.same(parseRecipients([',']), []);
  t.throws(() => parseRecipients(['Nam Định!']), { code: 'invalid-code' });
});

t.test('instants', async (t) => {
  t.equal(parseInstantMs('2026-05-01', '--since'), Date.parse('2026-05-01T00:00:00+07:00'));
  t.equal(parseInstantMs('2026-05-01T08:00:00+07:00', '--since'), Date.parse('2026-05-01T01:00:00Z'));
  t.throws(
    () => parseInstantMs('2026-05-01T08:00:00', '--since'),
    { code: 'usage' },
    'no offset: which clock?',
  );
  t.throws(() => parseInstantMs('2026-02-30', '--since'), { code: 'invalid-date' });
});

t.test('addresses', async (t) => {
  t.same(parseAddresses(['/ip4/127.0.0.1/tcp/0,/ip6/::/tcp/7400'], '--listen', { numeric: true }), [
    '/ip4/127.0.0.1/tcp/0',
    '/ip6/::/tcp/7400',
  ]);
  t.same(parseAddresses(['/dns4/nut.example.vn/tcp/7400'], '--announce'), ['/dns4/nut.example.vn/tcp/7400']);
  t.equal(parseAddresses(undefined, '--announce'), undefined);
  for (const text of ['127.0.0.1:7400', '/ip4/1.2.3.4/udp/1', '/ip4/1.2.3.4/tcp/70000'])
    t.throws(() => parseAddresses([text], '--announce'), { code: 'usage' });
  t.throws(() => parseAddresses(['/dns4/a/tcp/1'], '--listen', { numeric: true }), { code: 'usage' });
});

t.test('choices, counts and ids', async (t) => {
  t.equal(parseChoice('KHAN', ['thuong', 'khan'], '--urgency'), 'khan');
  t.throws(() => parseChoice('gap', ['thuong', 'khan'], '--urgency'), { code: 'usage' });
  t.throws(() => parseCount('0', 10, '--limit'), { code: 'usage' });
  t.throws(() => parseCount('11', 10, '--limit'), { code: 'usage' });
  t.equal(parseId(' 0190F3A2-7b3c '), '0190f3a2-7b3c');
  t.throws(() => parseId('../x'), { code: 'not-found' });
});
