/** Whatever a helper, or now and then the sender, answers in a circular: everybody gets the bytes that were signed. */
import t from 'tap';
import { type BlobResponse, blobResponse } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { Circulars, MIB, SENDER } from './circulars.ts';

const random = seeded(57);
const pick = (count: number): number => random.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0) % count;

/** What may come in place of an answer. */
const LIES: ((answer: BlobResponse) => Uint8Array[])[] = [
  ({ sequence }) => [blobResponse.encode({ sequence, held: { bitmap: new Uint8Array(0) } })],
  ({ sequence }) => [blobResponse.encode({ sequence, held: { bitmap: new Uint8Array(8192).fill(255) } })],
  ({ sequence }) => [blobResponse.encode({ sequence, given: 3 })],
  ({ sequence }) => [blobResponse.encode({ sequence, given: Number.MAX_SAFE_INTEGER })],
  ({ sequence }) => [blobResponse.encode({ sequence: sequence + 1, chunk: new Uint8Array(MIB) })],
  () => [blobResponse.encode({ sequence: Number.MAX_SAFE_INTEGER, chunk: new Uint8Array(1) })],
  ({ sequence }) => [blobResponse.encode({ sequence, chunk: new Uint8Array(0) })],
  ({ sequence }) => [blobResponse.encode({ sequence, chunk: random.bytes(MIB) })],
  ({ sequence }) => [blobResponse.encode({ sequence, hashes: { leafHashes: [random.bytes(32)] } })],
  ({ sequence }) => [blobResponse.encode({ sequence, refused: {} })],
  ({ sequence }) => [blobResponse.encode({ sequence, refused: { later: true } })],
  ({ sequence }) => [blobResponse.encode({ sequence })],
  (answer) => [blobResponse.encode(answer as never), blobResponse.encode(answer as never)],
  () => [Uint8Array.of(1, 2, 3)],
  () => [new Uint8Array(0)],
];

for (const liar of ['H01', SENDER])
  for (let round = 1; round <= 2; round++)
    t.test(`${liar} answers nonsense, ${round}`, async (t) => {
      const circulars = await Circulars.create(t, 4);
      const told: string[] = [];
      // of the sender, who must be heard at last, one in four for a while
      let most = liar === SENDER ? 40 : Number.POSITIVE_INFINITY;
      circulars.fault = ({ to, protocol, toward, frame }) => {
        if (protocol !== 'blob' || toward !== 'client' || to !== liar) return undefined;
        if (pick(4) > 0 || most-- <= 0) return undefined;
        const lie = pick(LIES.length);
        told.push(`${lie}`);
        return LIES[lie]!(blobResponse.parse(frame));
      };
      const id = await circulars.submit(random.bytes(12 * MIB + 5));
      await circulars.settled(id, 250);
      for (const seat of circulars.recipients) t.ok(await circulars.holds(seat, id), `${seat} holds it`);
      t.comment(`${told.length} lies`);
    });
