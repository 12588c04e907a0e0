/** Peers ask each other's audit logs for proofs: a log that goes on is proven, one that was rewritten leaves evidence. */
import t, { type Test } from 'tap';
import type { LogFindings } from '../../node/core/log-views.ts';
import { declaredHead, statedHead } from '../../node/exchange/log-heads.ts';
import { logEvidence, seenLogs } from '../../node/store/seen-logs.ts';
import { logRequest, logResponse, signed } from '../../proto/messages.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer, hash } from './hand-made-peer.ts';

t.setTimeout(90_000);
const DAY_MS = 86_400_000;

async function two(t: Test) {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const [subject, witness] = [federation.node('G22'), federation.node('H40')];
  const send = async () => {
    const { id } = await subject.exchange.submit(federation.submission());
    await federation.settled('G22', id);
  };
  for (let i = 0; i < 3; i++) await send();
  const asked = () => federation.opened.filter((one) => one === 'H40 log G22').length;
  const proven = async () => {
    for await (const { seat, statement } of seenLogs(witness.store, 'provenLog'))
      if (seat === 'G22') return statedHead(statement)!.size;
    return 0;
  };
  /** Asks, however lately it has, and waits until it has its verdict or has reported something. */
  const examine = async (event?: string) => {
    const [before, size] = [asked(), await proven()];
    const told = () => (event === undefined ? 0 : witness.reported(event).length);
    const toldBefore = told();
    federation.clock.advance(DAY_MS);
    witness.exchange.onContact('G22');
    await federation.until('the verdict', async () =>
      event === undefined ? (await proven()) > size : told() > toldBefore,
    );
    return asked() - before;
  };
  const findings = (): Promise<LogFindings> => witness.exchange.logFindings();
  return { federation, subject, witness, send, asked, examine, proven, findings };
}

t.test('a log that goes on is proven, once a day, from the head last proven', async (t) => {
  const { subject, witness, send, asked, examine, proven, findings } = await two(t);
  t.equal(await examine(), 1);
  t.equal(await proven(), subject.audit.head().size, 'to the head of now');
  for (let i = 0; i < 20; i++) witness.exchange.onContact('G22');
  t.equal(asked(), 1, 'not twice a day');
  await send();
  await examine();
  await witness.reopen();
  t.equal(await proven(), subject.audit.head().size, 'remembered');
  await send();
  await examine();
  t.strictSame(await findings(), { rewritten: [], gaps: [] });
  t.strictSame(witness.reported('log.unproven'), []);
});

t.test('one epoch and size with two roots: both statements are kept, and exchange goes on', async (t) => {
  const { federation, subject, witness, send, findings } = await two(t);
  const peer = new HandMadePeer(federation, subject);
  const states = async (root: string) => {
    const document = await peer.document({ number: root });
    const dispatch = await peer.dispatch(document, { logHead: { epoch: 1, size: 5000, root: hash(root) } });
    t.equal((await peer.offer(witness, document, dispatch)).kind, 'receipt');
    return dispatch;
  };
  const first = await states('one');
  const second = await states('two');
  t.match(witness.reported('log.rewritten'), [{ seat: 'G22', reason: 'another-root' }]);
  await states('two');
  const kept = [];
  for await (const one of logEvidence(witness.store)) kept.push(one);
  const pair = kept.find(({ row }) => toHex(row.second) === toHex(second));
  t.match(pair, { seat: 'G22', row: { reason: 'another-root' } });
  t.equal(toHex(pair!.row.first), toHex(first), 'bytes as received');
  for (let i = 0; i < 40; i++) await states(`more ${i}`);
  await witness.reopen();
  const { rewritten } = await findings();
  t.match(rewritten[0], { agency: 'G22', first: { epoch: 1, size: 5000 }, second: { epoch: 1, size: 5000 } });
  t.equal(rewritten.length, 16, 'bounded, whatever a seat signs');
  await send();
});

t.test('a smaller head in a newer statement is asked about; its proof decides', async (t) => {
  const { federation, subject, witness, examine, asked, findings } = await two(t);
  await examine();
  const peer = new HandMadePeer(federation, subject);
  const states = async (size: number, root: Uint8Array) => {
    federation.clock.advance(120_000);
    const before = asked();
    const document = await peer.document({ number: `${size}${toHex(root)}`.slice(0, 20) });
    const dispatch = await peer.dispatch(document, { logHead: { epoch: 1, size, root } });
    await peer.offer(witness, document, dispatch);
    await federation.until('it asks', () => asked() > before);
  };
  await states(2, await subject.audit.rootAt(2));
  await federation.until('it is no doubt any more', () => !witness.exchange.logWitness.isInDoubt('G22'));
  t.strictSame((await findings()).rewritten, [], 'a clock that went back is no rewritten log');
  await states(2, hash('another history'));
  await federation.until('evidence', async () => (await findings()).rewritten.length > 0);
  t.match((await findings()).rewritten, [{ reason: 'not-continued', first: { size: 2 } }]);
});

t.test('answers that prove nothing', async (t) => {
  const { federation, subject, witness, examine, findings, send } = await two(t);
  const stranger = new HandMadePeer(federation, federation.node('H51'));
  const peer = new HandMadePeer(federation, subject);
  await stranger.node.exchange.submit(federation.submission());
  const answers: Record<string, (frame: Uint8Array) => Promise<Uint8Array> | Uint8Array> = {
    'a forged head': async (frame) =>
      changed(frame, (proof) => {
        const statement = signed.parse(proof.statement);
        statement.signatures[0]!.value = statement.signatures[0]!.value!.map((b, i) =>
          i === 20 ? b ^ 1 : b,
        );
        return { ...proof, statement: signed.encode(statement) };
      }),
    'another seat’s head': async (frame) => {
      const statement = await stranger.logHead();
      return changed(frame, (proof) => ({ ...proof, statement }));
    },
    'another seat’s head in its own name': async (frame) => {
      const statement = await peer.logHead({}, stranger.node.own.service());
      return changed(frame, (proof) => ({ ...proof, statement }));
    },
    'a dispatch for a head': async (frame) => {
      const statement = await peer.dispatch(await peer.document());
      return changed(frame, (proof) => ({ ...proof, statement }));
    },
    truncated: (frame) => frame.subarray(0, -7),
    oversize: (frame) => new Uint8Array(Buffer.concat([frame, new Uint8Array(2 * 1024 * 1024)])),
    empty: () => new Uint8Array(0),
    'a refusal': () => logResponse.encode({ refused: { code: 'read-only' } }),
    'an answer to something else': () => logResponse.encode({ list: { keys: [] } }),
  };
  for (const [name, answer] of Object.entries(answers)) {
    federation.fault = ({ protocol, toward, frame }) =>
      protocol === 'log' && toward === 'client'
        ? Promise.resolve(answer(frame)).then((one) => [one])
        : undefined;
    await examine('log.unproven');
    t.strictSame(await findings(), { rewritten: [], gaps: [] }, name);
  }
  federation.fault = ({ protocol }) => (protocol === 'log' ? 'cut' : undefined);
  await examine('log.unproven');
  federation.fault = () => undefined;
  await examine();

  await send();
  federation.fault = ({ protocol, toward, frame }) =>
    protocol === 'log' && toward === 'client'
      ? [
          changed(frame, ({ statement, path }) => ({
            statement,
            path: (path ?? []).map((one) => one.map((b) => b ^ 1)),
          })),
        ]
      : undefined;
  await examine('log.rewritten');
  await federation.until('evidence', async () => (await findings()).rewritten.length > 0);
  t.match((await findings()).rewritten, [{ reason: 'not-continued' }], 'a signed head whose proof is wrong');
  t.equal(witness.store.health.state, 'ok');
});

t.test('a seat that doesn’t answer holds up nobody, nor the end', async (t) => {
  const { federation, witness } = await two(t);
  for (let i = 0; i < 2; i++) {
    const { id } = await federation.node('H51').exchange.submit(federation.submission());
    await federation.settled('H51', id);
  }
  federation.fault = ({ protocol, to }) => (protocol === 'log' && to === 'G22' ? [] : undefined);
  federation.clock.advance(DAY_MS);
  for (const seat of ['G22', 'H51']) witness.exchange.onContact(seat);
  await federation.until('the other is asked', async () => {
    for await (const { seat, statement } of seenLogs(witness.store, 'provenLog'))
      if (seat === 'H51' && declaredHead(statement) !== undefined) return true;
    return false;
  });
  await witness.stop();
  await witness.open();
});

t.test('frames no asker should send', async (t) => {
  const { federation, subject, witness } = await two(t);
  const peer = new HandMadePeer(federation, subject);
  const ask = async (frame: Uint8Array) => {
    const { frames, served } = peer.stream(witness, 'log');
    await frames.write(frame);
    const answer = await frames.read().catch(() => undefined);
    frames.abort(new Error('done'));
    await served;
    return answer && logResponse.parse(answer);
  };
  const own = { epoch: 1, size: 1 };
  t.match(await ask(logRequest.encode({ proof: own })), { proof: { path: Array } });
  const { epoch, size } = witness.audit.head();
  for (const beyond of [
    { epoch, size: size + 1 },
    { epoch: epoch + 1, size: 1 },
  ])
    t.match(
      await ask(logRequest.encode({ proof: beyond })),
      { refused: { code: 'read-only' } },
      'it signs nothing smaller than what it is shown to have signed',
    );
  t.match(await ask(new Uint8Array(0)), { refused: { code: 'malformed' } });
  for (const bytes of [
    logRequest.encode({ proof: own }).subarray(0, -1),
    new Uint8Array(100_000),
    logResponse.encode({ refused: { code: 'x' } }),
  ])
    t.equal(await ask(bytes), undefined);
  witness.store.degrade({ kind: 'database-behind', where: 'test' });
  t.match(await ask(logRequest.encode({ proof: own })), { refused: { code: 'read-only' } });
});

t.test('a later epoch that names its gap is a declared loss; one that names none is not', async (t) => {
  const { federation, subject, witness, findings } = await two(t);
  const peer = new HandMadePeer(federation, subject);
  const before = statedHead(witness.exchange.logWitness.statementFor('G22')!)!;
  const document = await peer.document();
  const head = { epoch: 2, size: 3, root: hash('2') };
  await peer.offer(witness, document, await peer.dispatch(document, { logHead: head }));
  t.match((await findings()).gaps, [{ epoch: 2, before: { epoch: 1, size: before.size }, after: null }]);
  await witness.reopen();
  const tell = async (change: object) => {
    const { frames, served } = peer.stream(witness, 'log');
    const statement = await peer.logHead(change as never);
    await frames.write(logRequest.encode({ list: { statement } }));
    const answer = logResponse.parse((await frames.read())!);
    await frames.close();
    await served;
    return answer;
  };
  const held = { epoch: 1, size: 2, root: hash('1') };
  t.match(await tell({ head, gapAfter: held }), { list: {} });
  t.match((await findings()).gaps, [{ epoch: 2, after: { epoch: 1, size: 2 } }]);
  t.match(witness.reported('log.continued'), [{ epoch: 2, lost: before.size - 2 }]);
  t.match(await tell({ head: { ...head, epoch: 3 } }), { refused: { code: 'malformed' } });
  t.match((await findings()).rewritten, [{ reason: 'undeclared', second: { epoch: 3 } }]);
  t.match(await tell({ head: { ...head, epoch: 4 }, seat: 'H51', gapAfter: held }), { refused: {} });
  for (let epoch = 5; epoch < 60; epoch++) await tell({ head: { ...head, epoch }, gapAfter: held });
  t.ok((await findings()).gaps.length <= 16, 'bounded, whatever a seat signs');
});

const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

interface Proof {
  statement: Uint8Array;
  path?: Uint8Array[];
}

function changed(frame: Uint8Array, change: (proof: Proof) => Proof): Uint8Array {
  const { proof } = logResponse.parse(frame);
  return logResponse.encode({ proof: change(proof as Proof) });
}
