/** The Merkle tree against RFC 6962's published vectors and a direct reading of its definition. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { hex } from '../../node/core/bytes.ts';
import {
  allPathsOf,
  emptyRoot,
  Frontier,
  leafHash,
  nodeHash,
  pathOf,
  rootFromPath,
  rootOf,
  verifyPath,
} from '../../node/core/merkle.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** Certificate Transparency's reference inputs and roots (google/certificate-transparency, merkletree tests). */
const INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** MTH of RFC 6962 §2.1, word for word. */
function definition(data: readonly Uint8Array[]): Buffer {
  const sha = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  if (data.length === 0) return sha();
  if (data.length === 1) return sha(Buffer.from([0]), data[0]!);
  let k = 1;
  while (k * 2 < data.length) k *= 2;
  return sha(Buffer.from([1]), definition(data.slice(0, k)), definition(data.slice(k)));
}

const dataOf = (count: number) =>
  Array.from({ length: count }, (_, i) => new Uint8Array(Buffer.from(`leaf ${i}`)));

t.test('roots are those of the reference implementation', async (t) => {
  t.equal(hex(emptyRoot()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  for (let size = 1; size <= INPUTS.length; size++) {
    const leaves = INPUTS.slice(0, size).map((input) => leafHash(bytes(input)));
    t.equal(hex(rootOf(leaves)), ROOTS[size - 1], `${size} leaves`);
  }
});

t.test('every size up to 130 agrees with the definition, every path leads to the root', async (t) => {
  for (let size = 0; size <= 130; size++) {
    const data = dataOf(size);
    const leaves = data.map(leafHash);
    const root = new Uint8Array(definition(data));
    t.equal(hex(rootOf(leaves)), hex(root), `${size} leaves`);
    const all = allPathsOf(leaves);
    t.equal(hex(all.root), hex(root));
    for (let index = 0; index < size; index++) {
      const path = pathOf(leaves, index);
      if (all.paths[index]!.map(hex).join() !== path.map(hex).join()) t.fail(`path ${index} of ${size}`);
      if (!verifyPath(leaves[index]!, index, size, path, root)) t.fail(`${index} of ${size}`);
    }
  }
});

t.test('a path proves one place only', async (t) => {
  for (const size of [2, 3, 7, 8, 13]) {
    const leaves = dataOf(size).map(leafHash);
    const root = rootOf(leaves);
    for (let index = 0; index < size; index++) {
      const path = pathOf(leaves, index);
      const holds = (at: number, of: number, siblings = path, leaf = leaves[index]!) =>
        verifyPath(leaf, at, of, siblings, root);
      for (let other = 0; other < size; other++)
        if (other !== index && holds(other, size)) t.fail(`leaf ${index} proved at ${other} of ${size}`);
      t.notOk(holds(index, size, path.slice(1)), 'a hash missing');
      t.notOk(holds(index, size, [...path, leaves[0]!]), 'a hash too many');
      t.notOk(
        holds(
          index,
          size,
          [...path].map((hash) => Uint8Array.from(hash, (b) => b ^ 1)),
        ),
        'other hashes',
      );
      t.notOk(holds(index, size, path, leaves[(index + 1) % size]), 'another leaf');
      t.notOk(holds(index, size, [...path.slice(1), path[0]!.subarray(1)]), 'a short hash');
    }
  }
});

t.test('a path that can not be is refused without a loop', async (t) => {
  const leaf = leafHash(bytes('00'));
  const long = new Array(200).fill(leaf) as Uint8Array[];
  const wrong: [number, number][] = [
    [0, 0],
    [1, 1],
    [-1, 4],
    [4, 4],
    [0.5, 4],
    [0, 4.5],
    [Number.NaN, 4],
    [0, Number.POSITIVE_INFINITY],
    [2 ** 53, 2 ** 53 + 2],
  ];
  for (const [index, size] of wrong)
    t.equal(rootFromPath(leaf, index, size, []), undefined, `${index} of ${size}`);
  t.equal(rootFromPath(leaf, 0, 4, long), undefined);
  t.equal(rootFromPath(leaf, 0, Number.MAX_SAFE_INTEGER, []), undefined);
  t.equal(hex(rootFromPath(leaf, 0, 1, [])!), hex(leaf), 'a tree of one is its leaf');
  const deep = rootFromPath(leaf, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, long.slice(0, 53));
  t.ok(deep === undefined || deep.byteLength === 32);
});

t.test('a node is no leaf: what hashes as one can not be shown as the other', async (t) => {
  const [a, b] = [leafHash(bytes('00')), leafHash(bytes('10'))];
  t.not(hex(leafHash(new Uint8Array(Buffer.concat([a, b])))), hex(nodeHash(a, b)));
  t.notOk(verifyPath(nodeHash(a, b), 0, 1, [], rootOf([leafHash(a), b])));
});

t.test('a frontier goes on from its state', async (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 70 }), fc.nat({ max: 70 }), (first, second) => {
      const leaves = dataOf(first + second).map(leafHash);
      const frontier = new Frontier();
      for (const leaf of leaves.slice(0, first)) frontier.append(leaf);
      const restored = new Frontier(structuredClone(frontier.state()));
      for (const leaf of leaves.slice(first)) restored.append(leaf);
      if (restored.size !== leaves.length) throw new Error('size');
      if (hex(restored.root()) !== hex(rootOf(leaves))) throw new Error('root');
    }),
  );
  t.throws(() => new Frontier({ size: 3, roots: [leafHash(bytes('00'))] }), RangeError);
  const one = new Frontier();
  one.append(leafHash(bytes('00')));
  const state = one.state();
  one.append(leafHash(bytes('10')));
  t.equal(state.roots.length, 1, 'a state is a copy');
});
