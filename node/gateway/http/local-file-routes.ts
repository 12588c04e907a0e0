/**
 * `POST /v1/blobs/local`: a file of the caller's, read by the node itself. The answer is one JSON value a line:
 * `{"bytes"}` while it goes on, then what `POST /v1/blobs` answers, or `{"error"}`. A caller that goes away leaves nothing
 * behind. WARNING: for the node's own socket alone, see local-file.ts.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { Clock } from '../../core/clock.ts';
import type { StoredBlob } from '../../core/views.ts';
import { asLienthongError, errorBody, languageOf } from './error-reply.ts';
import { goneSignal } from './gone-signal.ts';
import { OpenedFile } from './local-file.ts';
import { LocalFileBody, Nothing } from './schemas.ts';
import type { NodeService } from './services.ts';

/** As often as a line of progress is drawn. */
const PROGRESS_MS = 100;

export function addLocalFileRoutes(
  app: FastifyInstance,
  node: Pick<NodeService, 'storeFile' | 'releaseBlob'>,
  stopping: AbortSignal,
  clock: Clock,
): void {
  if (node.storeFile === undefined) return;
  app.post<{ Body: Static<typeof LocalFileBody> }>(
    '/v1/blobs/local',
    { schema: { body: LocalFileBody, querystring: Nothing } },
    async (request, reply) => {
      const { path, ...meant } = request.body;
      const file = await OpenedFile.open(path, meant);
      const signal = goneSignal(reply.raw, stopping);
      let bytes = 0;
      const progress = (done: number) => {
        bytes = done;
      };
      const work = node.storeFile!(file, { signal, progress }).finally(() => file.close());
      let isTaken = false;
      const giveBack = () => {
        if (!isTaken) work.then(({ lease }) => node.releaseBlob?.(lease)).catch(() => undefined);
      };
      // also where nobody ever reads a line
      if (signal.aborted) giveBack();
      else signal.addEventListener('abort', giveBack, { once: true });
      const lines = async function* () {
        try {
          while (!(await endsWithin(work, PROGRESS_MS, clock))) yield line({ bytes });
          yield line(await work);
          isTaken = true;
        } catch (error) {
          if (!signal.aborted) yield line(errorBody(asLienthongError(error), languageOf(request)));
        }
      };
      return reply.type('application/x-ndjson').send(Readable.from(lines(), { objectMode: false }));
    },
  );
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

/** Whether the work has ended, either way, by then. */
async function endsWithin(work: Promise<StoredBlob>, ms: number, clock: Clock): Promise<boolean> {
  let stopTimer = () => {};
  const late = new Promise<boolean>((resolve) => {
    stopTimer = clock.after(ms, () => resolve(false));
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  return Promise.race([ended, late]).finally(() => stopTimer());
}
