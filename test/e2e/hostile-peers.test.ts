/**
 * Peers that break the wire rather than the papers: strangers, cut and endless frames, element bombs, reads without a
 * ticket, streams that stand still, a revoked node that pretends nothing happened. Each is refused and logged, and the
 * node goes on serving everybody else.
 */
import t, { type Test } from 'tap';
import { sha256, utf8 } from '../../node/core/bytes.ts';
import { PROTOCOLS, type Protocol } from '../../node/network/protocols.ts';
import * as wire from '../../proto/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { Federation } from '../helpers/federation.ts';
import { anyKey, goodOffer, HostileNode, Keys } from '../helpers/hostile-node.ts';

const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const victim = federation.agency('G22');
const honest = federation.agency('H40');
const keys = await Keys.of(await federation.enrol('H51'));
await federation.inStep([victim, honest]);
const { nodeKey, federationId } = keys.folder.identity;
const hostile = await HostileNode.start(t, nodeKey, federationId);

/** The rest of the federation notices nothing. */
let letters = 0;
async function goesOn(t: Test): Promise<void> {
  await victim.attentive();
  const sent = await honest.send({ to: ['G22'], number: ++letters });
  await honest.delivered(sent.id);
  t.pass('the node goes on serving others');
}

/** Writes bytes that are no frames; resolves when the other side has ended the stream. */
async function endsStream(protocol: Protocol, bytes: Uint8Array, thenEnd = false): Promise<void> {
  await victim.attentive();
  const stream = await hostile.raw(victim, protocol);
  const ended = new Promise<void>((resolve) => stream.addEventListener('close', () => resolve()));
  try {
    for (let at = 0; at < bytes.byteLength; at += 65_536) {
      if (!stream.send(bytes.subarray(at, at + 65_536))) await stream.onDrain();
    }
    if (thenEnd) await stream.close();
  } catch {
    // cut off while it still wrote: the end is awaited below
  }
  await ended;
  await hostile.hangUp();
}

/** A frame that says it is `length` bytes long (LEB128) and holds `body`. */
function framed(length: number, body: Uint8Array): Uint8Array {
  const prefix: number[] = [];
  for (let rest = length; ; rest = Math.floor(rest / 0x80)) {
    prefix.push((rest % 0x80) | (rest >= 0x80 ? 0x80 : 0));
    if (rest < 0x80) break;
  }
  return Buffer.concat([Buffer.from(prefix), body]);
}

t.test('an unknown PeerId gets no further than the handshake', async (t) => {
  const stranger = await HostileNode.start(t, anyKey(), federationId);
  await t.rejects(stranger.connect(victim));
  await victim.said(new RegExp(`Refused a connection of ${stranger.peerId}.*unknown`));
  t.equal((await victim.list('inbox')).length, 0);
  await goesOn(t);
});

t.test('a Hello of another federation is refused', async (t) => {
  const other = await HostileNode.start(t, nodeKey, sha256(utf8('another federation')));
  await t.rejects(other.connect(victim));
  await victim.said(/other-federation/);
});

t.test('a frame cut short', async (t) => {
  const { document } = await goodOffer(keys, 'G22');
  await endsStream(PROTOCOLS.delivery, framed(document.byteLength + 1000, document), true);
  await victim.said(/Stream broke: delivery with seat H51.*malformed/);
  await goesOn(t);
});

t.test('a frame larger than the protocol allows is refused at its prefix', async (t) => {
  await endsStream(PROTOCOLS.delivery, framed(PROTOCOLS.delivery.maxFrameBytes + 1, new Uint8Array(1000)));
  await victim.said(/Stream broke: delivery with seat H51.*oversize/);
  await goesOn(t);
});

t.test('an element bomb is counted on the wire before anything is built from it', async (t) => {
  const before = (await victim.status()).counts.inbox;
  // field 4, length 0, a million times: two bytes each
  const bomb = new Uint8Array(2_000_000);
  for (let at = 0; at < bomb.byteLength; at += 2) bomb[at] = 0x22;
  await endsStream(PROTOCOLS.delivery, framed(bomb.byteLength, bomb));
  await victim.said(
    /Stream broke: delivery with seat H51: (too-many|too many|count|items|elements|.*inline)/i,
  );
  t.equal((await victim.status()).counts.inbox, before);
  await goesOn(t);
});

t.test('bytes that mean nothing', async (t) => {
  await endsStream(PROTOCOLS.delivery, framed(500, new Uint8Array(500).fill(0xff)));
  await endsStream(PROTOCOLS.blob, framed(500, new Uint8Array(500).fill(0xff)));
  await victim.said(/Stream broke: blob with seat H51/);
  await goesOn(t);
});

t.test('an attachment is given to nobody without a ticket', async (t) => {
  const file = 'một tệp không dành cho H51';
  const sent = await victim.send({ to: ['H40'], number: 1, text: file });
  await victim.delivered(sent.id);
  const dispatch = (await (await honest.client()).evidence(sent.id)).find(({ name }) =>
    /^dispatch.*\.signed$/.test(name),
  )!;
  await victim.attentive();
  const frames = await hostile.frames(victim, PROTOCOLS.blob);
  const tickets = [sha256(utf8('no such dispatch')), sha256(wire.signed.parse(dispatch.bytes).payload)];
  for (const [at, dispatchId] of tickets.entries()) {
    const request = {
      sequence: at + 1,
      dispatchId,
      sha256: sha256(utf8(file)),
      chunk: 0,
      ticket: dispatch.bytes,
    };
    await frames.write(wire.blobRequest.encode(request));
    const answer = wire.blobResponse.parse(await frames.require({ timeoutMs: 30_000 }));
    t.equal(answer.result, 'refused', 'one answer for whatever is the matter');
  }
  await hostile.hangUp();
  await victim.said(/Seat H51 may not read file/);
});

t.test('a stream that stalls, and a connection that never says Hello, are ended', async (t) => {
  const stalled = await hostile.raw(victim, PROTOCOLS.blob);
  stalled.send(framed(500, new Uint8Array(7)));
  const silent = await hostile.dial(victim);
  await goesOn(t);
  await eventually('the stalled stream is ended', () => stalled.status !== 'open');
  await victim.said(/Stream broke: blob with seat H51: timeout/);
  await eventually('the silent connection is closed', () => silent.status !== 'open');
  await victim.said(/no-hello/);
  await goesOn(t);
  await hostile.hangUp();
});

t.test('a revoked node that goes on as if nothing had happened', async (t) => {
  const offer = await goodOffer(keys, 'G22');
  t.ok('receipt' in (await hostile.offer(victim, offer)), 'taken before');
  const held = await hostile.connect(victim);
  const revoke = await federation.registry.cli('registry', 'revoke', 'H51', '--reason', 'key-compromise');
  t.equal(revoke.exit, 0);
  await eventually('its open connection is closed', () => held.status !== 'open', 10_000);
  await t.rejects(hostile.connect(victim), 'and a new one is refused');
  await victim.said(new RegExp(`Refused a connection of ${hostile.peerId}.*revoked`));
  await goesOn(t);
});
