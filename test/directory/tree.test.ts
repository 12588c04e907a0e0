import fc from 'fast-check';
import t from 'tap';
import { compareBytes, equalBytes, utf8 } from '../../node/core/bytes.ts';
import { leafHash, rootOf } from '../../node/core/merkle.ts';
import { compareNames } from '../../node/directory/entries.ts';
import {
  groupBytes,
  inOrder,
  parseGroup,
  proofHolds,
  prove,
  summarise,
  topOf,
} from '../../node/directory/tree.ts';

const names = fc.uniqueArray(fc.stringMatching(/^[A-Z][0-9]{0,3}$/), { minLength: 1, maxLength: 12 });
const directories = names.chain((all) =>
  fc.tuple(
    fc.constant(['', ...all]),
    fc.array(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 20 }), {
      minLength: all.length + 1,
      maxLength: all.length + 1,
    }),
  ),
);

t.test('the root is an RFC 6962 tree over group leaves over entries', async (t) => {
  fc.assert(
    fc.property(directories, ([all, entries]) => {
      const groups = all.map((name, i) => summarise(name, entries[i]!));
      const sorted = [...all.keys()].sort((a, b) => compareBytes(utf8(all[a]!), utf8(all[b]!)));
      const leaves = sorted.map((i) =>
        leafHash(
          groupBytes({ name: all[i]!, size: entries[i]!.length, root: rootOf(entries[i]!.map(leafHash)) }),
        ),
      );
      const top = topOf(groups);
      return equalBytes(top.root, rootOf(leaves)) && top.entries === entries.flat().length;
    }),
    { numRuns: 60 },
  );
  t.pass();
});

t.test('every entry is provable, and nothing else is', async (t) => {
  fc.assert(
    fc.property(directories, fc.nat(), fc.nat(), ([all, entries], pickGroup, pickEntry) => {
      const groups = all.map((name, i) => summarise(name, entries[i]!));
      const { root } = topOf(groups);
      const g = pickGroup % all.length;
      const i = pickEntry % entries[g]!.length;
      const proof = prove(groups, all[g]!, entries[g]!, i);
      if (!proofHolds(proof, root)) return false;
      const wrong = [
        { ...proof, entry: Uint8Array.of(...proof.entry, 0) },
        { ...proof, group: { ...proof.group, name: `${proof.group.name}X` } },
        { ...proof, group: { ...proof.group, size: proof.group.size + 1 } },
        { ...proof, path: [...proof.path, new Uint8Array(32)] },
      ];
      return wrong.every((one) => !proofHolds(one, root)) && !proofHolds(proof, new Uint8Array(32));
    }),
    { numRuns: 60 },
  );
  t.pass();
});

t.test('names order as their UTF-8 bytes, whatever they hold', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      return Math.sign(compareNames(a, b)) === Math.sign(compareBytes(utf8(a), utf8(b)));
    }),
  );
  t.same(
    inOrder([summarise('H40', []), summarise('', []), summarise('H4', [])]).map(({ name }) => name),
    ['', 'H4', 'H40'],
  );
  t.throws(() => prove([summarise('A', [])], 'A', [], 0), RangeError);
  t.same(parseGroup(groupBytes(summarise('A', [utf8('x')]))), summarise('A', [utf8('x')]));
});
