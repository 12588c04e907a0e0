/** Random and mutated bytes: never anything but a WireError, never a second encoding, never slow. */
import { performance } from 'node:perf_hooks';
import t from 'tap';
import { WireError } from '../../proto/codec.ts';
import { seeded } from '../store/seeded.ts';
import { type AnyCodec, codecs, samplesOf } from './contract-values.ts';

const INPUTS = 100_000;
/** The slowest may take this many milliseconds per started KiB, measured at its best of a few tries. */
const MS_PER_KIB = 1;

const random = seeded();
t.comment(`LIENTHONG_SEED=${random.seed}`);

const seeds = new Map<AnyCodec, Uint8Array[]>(codecs.map((codec) => [codec, samplesOf(codec, 12)]));

function mutated(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let changes = 1 + random.below(3); changes > 0 && copy.byteLength > 0; changes--) {
    const at = random.below(copy.byteLength);
    switch (random.below(5)) {
      case 0:
        copy[at] = random.below(256);
        break;
      case 1:
        copy[at] = copy[at]! ^ (1 << random.below(8));
        break;
      case 2:
        return copy.subarray(0, at);
      case 3:
        return Uint8Array.from([
          ...copy.subarray(0, at),
          ...random.bytes(1 + random.below(4)),
          ...copy.subarray(at),
        ]);
      default:
        return Uint8Array.from([...copy, ...copy.subarray(at)]);
    }
  }
  return copy;
}

/** Milliseconds of one parse; what it throws or makes is checked. */
function parseOnce(codec: AnyCodec, bytes: Uint8Array): { ms: number; isTaken: boolean } {
  const started = performance.now();
  try {
    const value = codec.parse(bytes);
    const ms = performance.now() - started;
    if (Buffer.compare(codec.encode(value), bytes) !== 0)
      throw new Error(`${codec.name}: two encodings, ${Buffer.from(bytes).toString('hex')}`);
    return { ms, isTaken: true };
  } catch (error) {
    const ms = performance.now() - started;
    if (error instanceof WireError) return { ms, isTaken: false };
    t.fail(`${codec.name}: ${error} for ${Buffer.from(bytes).toString('hex').slice(0, 2000)}`);
    return { ms, isTaken: false };
  }
}

t.test(`${INPUTS} hostile inputs over ${codecs.length} codecs`, async (t) => {
  let taken = 0;
  for (let i = 0; i < INPUTS; i++) {
    const codec = codecs[i % codecs.length]!;
    const samples = seeds.get(codec)!;
    const bytes =
      i % 4 === 0 ? random.bytes(random.below(80)) : mutated(samples[random.below(samples.length)]!);
    let { ms, isTaken } = parseOnce(codec, bytes);
    if (isTaken) taken++;
    const most = MS_PER_KIB * Math.ceil((bytes.byteLength + 1) / 1024);
    // the machine may have been busy: a slow decoder is slow again
    for (let again = 0; ms > most && again < 5; again++) ms = Math.min(ms, parseOnce(codec, bytes).ms);
    if (ms > most) t.fail(`${codec.name}: ${ms.toFixed(1)} ms for ${Buffer.from(bytes).toString('hex')}`);
  }
  t.ok(taken > 100 && taken < INPUTS / 2, `${taken} were taken: some mutations are harmless, most aren't`);
});

t.test('a message is refused by every other codec, or is truly one of its kind too', async (t) => {
  for (const [codec, samples] of seeds) {
    for (const other of codecs) if (other !== codec) for (const bytes of samples) parseOnce(other, bytes);
  }
  t.pass('nothing but WireError');
});

t.test('large hostile input is read in one pass', async (t) => {
  for (const codec of codecs) {
    const bytes = random.bytes(Math.min(codec.maxBytes, 64 * 1024));
    const { ms } = parseOnce(codec, bytes);
    t.ok(ms < 64, `${codec.name}: ${ms.toFixed(2)} ms`);
  }
});
