/** A small seeded random source for tests that print their seed: LIENTHONG_SEED repeats a run. */
export interface Seeded {
  seed: number;
  /** A whole number below `n`. */
  below(n: number): number;
  bytes(n: number): Uint8Array;
}

export function seeded(seed: number = Number(process.env.LIENTHONG_SEED ?? Date.now() % 2 ** 31)): Seeded {
  let state = seed | 0;
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return (x ^ (x >>> 14)) >>> 0;
  };
  return {
    seed,
    below: (n) => next() % n,
    bytes: (n) => Uint8Array.from({ length: n }, () => next() & 0xff),
  };
}
