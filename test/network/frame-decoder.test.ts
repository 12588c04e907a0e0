import fc from 'fast-check';
import t from 'tap';
import { concat } from '../../node/core/bytes.ts';
import { encodeLength, FrameDecoder } from '../../node/network/frame-decoder.ts';

const framed = (frame: Uint8Array) => concat(encodeLength(frame.byteLength), frame);

t.test('frames come out as they went in, however the bytes are cut', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 30 }),
      (frames, cuts) => {
        const wire = concat(...frames.map(framed));
        const decoder = new FrameDecoder(300);
        const out: Uint8Array[] = [];
        for (let at = 0, i = 0; at < wire.byteLength; i++) {
          const size = cuts[i % cuts.length]!;
          decoder.push(wire.subarray(at, at + size), out);
          at += size;
        }
        return (
          !decoder.isPartial &&
          out.length === frames.length &&
          out.every((frame, i) => Buffer.compare(frame, frames[i]!) === 0)
        );
      },
    ),
  );
});

t.test('a frame shares no memory with what was received', async (t) => {
  const wire = framed(new Uint8Array([1, 2, 3]));
  const out: Uint8Array[] = [];
  new FrameDecoder(10).push(wire, out);
  wire.fill(0xff);
  t.same([...out[0]!], [1, 2, 3]);
  t.equal(out[0]!.buffer.byteLength, 3);
});

t.test('an oversize length is refused at its prefix, before anything is kept', async (t) => {
  t.throws(() => new FrameDecoder(1000).push(encodeLength(1001), []), { code: 'oversize' });
  const out: Uint8Array[] = [];
  new FrameDecoder(1000).push(framed(new Uint8Array(1000)), out);
  t.equal(out.length, 1);
});

t.test('prefixes that are too long or not the shortest are refused', async (t) => {
  t.throws(() => new FrameDecoder(1000).push(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x01), []), {
    code: 'oversize',
  });
  t.throws(() => new FrameDecoder(1000).push(Uint8Array.of(0x85, 0x00), []), { code: 'malformed' });
  t.throws(() => new FrameDecoder(1000).push(Uint8Array.of(0x80, 0x80, 0x00), []), { code: 'malformed' });
});

t.test('a begun frame is partial: its prefix, or its body', async (t) => {
  const decoder = new FrameDecoder(1000);
  decoder.push(Uint8Array.of(0x80), []);
  t.ok(decoder.isPartial);
  decoder.push(Uint8Array.of(0x01), []);
  t.ok(decoder.isPartial);
  const out: Uint8Array[] = [];
  decoder.push(new Uint8Array(128), out);
  t.notOk(decoder.isPartial);
  t.equal(out.length, 1);
});
