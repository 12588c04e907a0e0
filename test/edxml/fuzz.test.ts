/** A short run of scripts/fuzz-edxml.ts; a million inputs are run by hand. */
import t from 'tap';
import { fuzz } from '../../scripts/fuzz-edxml.ts';

t.test('three thousand damaged messages are read or refused, nothing else', async (t) => {
  const ends = await fuzz(3000, 20_190_312);
  t.ok(ends.get('read')! > 100, `${ends.get('read')} were still read`);
  for (const code of [
    'edxml-malformed',
    'edxml-forbidden',
    'edxml-attachment',
    'edxml-too-large',
    'edxml-incomplete',
  ]) {
    t.ok(
      [...ends.keys()].some((end) => end.startsWith(code)),
      code,
    );
  }
});
