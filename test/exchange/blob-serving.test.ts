/** A stream of a seat that reads attachments: whatever it is told, and however it ends, no file stays open behind it. */
import t from 'tap';
import type { BlobServing } from '../../node/exchange/blob-serving.ts';
import { ServedStream } from '../../node/exchange/blob-serving.ts';
import type { Frames } from '../../node/exchange/ports.ts';
import { blobRequest } from '../../proto/messages.ts';

const id = (byte: number) => new Uint8Array(32).fill(byte);

t.test('a stream that breaks while its oldest file gives way leaves none open', async (t) => {
  const open = new Set<number>();
  const failed = Promise.withResolvers<void>();
  let isBroken = false;
  let asked = 0;
  let written = 0;
  const frames = {
    read: async () => {
      if (isBroken) throw new Error('broken');
      asked++;
      return blobRequest.encode({ sequence: asked, dispatchId: id(1), sha256: id(asked), hashesFrom: 0 });
    },
    // the first is taken, so that a fifth file is asked for; all after it are waiting when the stream breaks
    write: async () => (++written === 1 ? undefined : failed.promise),
    abort: () => {},
    close: async () => {},
  } as unknown as Frames;
  const access = {
    open: async () => {
      const file = asked;
      open.add(file);
      if (file === 5)
        setImmediate(() => {
          isBroken = true;
          failed.reject(new Error('broken'));
        });
      return {
        ...{ as: 'recipient', row: undefined, documentId: id(1), sha256: id(file), rank: 0 },
        ...{ chunkHashes: [id(0)], held: () => id(0), onMore: () => () => {}, chunk: async () => undefined },
        close: async () => void open.delete(file),
      };
    },
  };
  const told: string[] = [];
  await new ServedStream(frames, 'H40', {
    access,
    directory: () => ({ agencyOfSeat: () => 'H40' }),
    quotas: { mayPull: () => true },
    report: (event: string) => void told.push(event),
  } as unknown as BlobServing).run();
  t.equal(asked, 5);
  t.same(told, ['stream.broken']);
  t.same([...open], [], 'files still open');
});
