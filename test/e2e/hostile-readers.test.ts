/**
 * A recipient that opens all the streams it can, asks for every chunk over each and never reads: it costs the sender a few
 * chunks of memory and nobody else their documents, which come as they would without it.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { systemRandom } from '../../node/core/clock.ts';
import { PROTOCOLS } from '../../node/network/protocols.ts';
import { idOf, KINDS } from '../../node/signing/envelope.ts';
import * as wire from '../../proto/messages.ts';
import { Federation } from '../helpers/federation.ts';
import { HostileNode, Keys, soon } from '../helpers/hostile-node.ts';

const MIB = 1024 * 1024;
const STREAMS = 200;

t.setTimeout(180_000);

t.test('a recipient that asks over hundreds of streams and never reads', async (t) => {
  const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
  const sender = federation.agency('G22');
  const keys = await Keys.of(await federation.enrol('H51'));
  await federation.inStep([sender, federation.agency('H40')]);
  const { nodeKey, federationId } = keys.folder.identity;
  const hostile = await HostileNode.start(t, nodeKey, federationId);
  const file = path.join(federation.dir, 'phu-luc.bin');
  let number = 0;
  const send = async (to: string) => {
    await writeFile(file, systemRandom(40 * MIB));
    const what = ['--to', to, '--type', 'Công văn', '--number', String(++number), '--notation', 'CV'];
    const sent = await sender.cli('send', file, ...what, '--subject', 'Phụ lục lớn');
    t.equal(sent.exit, 0, sent.stderr);
    return (sent.value as { id: string }).id;
  };
  const id = await send('H51');
  const shown = await sender.show(id);
  const evidence = await (await sender.client()).evidence(id);
  const dispatch = evidence.find(({ name }) => /^dispatch.*\.signed$/.test(name))!.bytes;
  const dispatchId = idOf(KINDS.dispatch, federationId, wire.signed.parse(dispatch).payload);
  const sha256 = new Uint8Array(Buffer.from(shown.files[0]!.sha256, 'hex'));

  const alone = await timed(async () => sender.delivered(await send('H40'), 60_000));
  const before = residentOf(sender.child!.pid!);
  const connection = await hostile.connect(sender, 2);
  let opened = 0;
  const ask = async () => {
    const stream = await connection.newStream(PROTOCOLS.blob.id, { signal: soon() });
    opened++;
    stream.pause();
    for (let chunk = 0; chunk < 40; chunk++) {
      const request = wire.blobRequest.encode({ sequence: chunk + 1, dispatchId, sha256, chunk });
      try {
        stream.send(Uint8Array.of(request.byteLength, ...request));
      } catch {
        break;
      }
    }
  };
  await Promise.allSettled(Array.from({ length: STREAMS }, ask));
  t.ok(opened > 5, `${opened} streams were begun`);
  const beside = await timed(async () => sender.delivered(await send('H40'), 60_000));
  const more = residentOf(sender.child!.pid!) - before;
  t.comment(
    `${opened} streams; ${alone.toFixed(0)} ms alone, ${beside.toFixed(0)} ms beside; ${more} MiB more`,
  );
  t.ok(more < 100, `${more} MiB more`);
  t.ok(beside < 5 * alone + 5_000, `${beside} ms beside it, ${alone} alone`);
  await hostile.hangUp();
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const residentOf = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024);
