/**
 * The one Merkle tree of the product: RFC 6962 (leaf prefix 0x00, node prefix 0x01), used for signature
 * batches, the directory, chunks of a file and the audit log. Pure. WARNING: persisted and on the wire.
 */
import { type Bytes, equalBytes, sha256 } from './bytes.ts';

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

/** Hash of a leaf: SHA-256(0x00 ‖ data). */
export const leafHash = (data: Bytes): Bytes => sha256(LEAF, data);

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (left: Bytes, right: Bytes): Bytes => sha256(NODE, left, right);

/** Root of no leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const emptyRoot = (): Bytes => sha256();

/** Roots of the perfect subtrees of a tree that grows at its right edge; memory is log2(size). */
export class Frontier {
  #size: number;
  /** Largest subtree first. */
  #roots: Bytes[];

  constructor(state: { size: number; roots: readonly Bytes[] } = { size: 0, roots: [] }) {
    if (state.roots.length !== bitCount(state.size)) throw new RangeError('frontier does not fit its size');
    this.#size = state.size;
    this.#roots = [...state.roots];
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Bytes): void {
    let hash = leaf;
    for (let size = this.#size; size % 2 === 1; size = Math.floor(size / 2))
      hash = nodeHash(this.#roots.pop()!, hash);
    this.#roots.push(hash);
    this.#size++;
  }

  root(): Bytes {
    if (this.#roots.length === 0) return emptyRoot();
    let hash = this.#roots[this.#roots.length - 1]!;
    for (let i = this.#roots.length - 2; i >= 0; i--) hash = nodeHash(this.#roots[i]!, hash);
    return hash;
  }

  state(): { size: number; roots: Bytes[] } {
    return { size: this.#size, roots: [...this.#roots] };
  }
}

export function rootOf(leaves: readonly Bytes[]): Bytes {
  const frontier = new Frontier();
  for (const leaf of leaves) frontier.append(leaf);
  return frontier.root();
}

/** Audit path of leaf `index` (RFC 6962 §2.1.1), nearest sibling first. */
export function pathOf(leaves: readonly Bytes[], index: number): Bytes[] {
  if (index < 0 || index >= leaves.length) throw new RangeError('no such leaf');
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  if (index < split) return [...pathOf(leaves.slice(0, split), index), rootOf(leaves.slice(split))];
  return [...pathOf(leaves.slice(split), index - split), rootOf(leaves.slice(0, split))];
}

/** All audit paths at once in O(n log n): for signing a batch. */
export function allPathsOf(leaves: readonly Bytes[]): { root: Bytes; paths: Bytes[][] } {
  const paths: Bytes[][] = leaves.map(() => []);
  const build = (from: number, to: number): Bytes => {
    if (to - from === 1) return leaves[from]!;
    const middle = from + splitOf(to - from);
    const left = build(from, middle);
    const right = build(middle, to);
    for (let i = from; i < middle; i++) paths[i]!.push(right);
    for (let i = middle; i < to; i++) paths[i]!.push(left);
    return nodeHash(left, right);
  };
  if (leaves.length === 0) return { root: emptyRoot(), paths };
  return { root: build(0, leaves.length), paths };
}

/** The root a leaf and its path lead to (RFC 9162 §2.1.3.2), or undefined when the path doesn't fit the tree. */
export function rootFromPath(
  leaf: Bytes,
  index: number,
  size: number,
  path: readonly Bytes[],
): Bytes | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    return undefined;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (sibling.byteLength !== 32 || last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : undefined;
}

export function verifyPath(
  leaf: Bytes,
  index: number,
  size: number,
  path: readonly Bytes[],
  root: Bytes,
): boolean {
  const found = rootFromPath(leaf, index, size, path);
  return found !== undefined && equalBytes(found, root);
}

/** Whether a consistency proof (RFC 6962 §2.1.2) leads from one root to the other; checked by RFC 9162 §2.1.4.2. */
export function verifyConsistency(
  old: { size: number; root: Bytes },
  now: { size: number; root: Bytes },
  proof: readonly Bytes[],
): boolean {
  if (!Number.isSafeInteger(old.size) || !Number.isSafeInteger(now.size)) return false;
  if (old.size < 1 || old.size > now.size || proof.some(({ byteLength }) => byteLength !== 32)) return false;
  if (old.size === now.size) return proof.length === 0 && equalBytes(old.root, now.root);
  // a perfect subtree is its own first node of the proof
  const path = bitCount(old.size) === 1 ? [old.root, ...proof] : proof;
  const half = (n: number) => Math.floor(n / 2);
  let node = old.size - 1;
  let last = now.size - 1;
  for (; node % 2 === 1; node = half(node)) last = half(last);
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let oldRoot = first;
  let newRoot = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldRoot = nodeHash(hash, oldRoot);
      newRoot = nodeHash(hash, newRoot);
      for (; node % 2 === 0 && node !== 0; node = half(node)) last = half(last);
    } else {
      newRoot = nodeHash(newRoot, hash);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && equalBytes(oldRoot, old.root) && equalBytes(newRoot, now.root);
}

/** Largest power of two smaller than n, for n ≥ 2. */
function splitOf(n: number): number {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
}

function bitCount(n: number): number {
  let count = 0;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
