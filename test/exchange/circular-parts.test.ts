/** What circulars rest on: whose chunk goes out next, who is named to whom, what is asked of whom, what is given first. */
import t from 'tap';
import { bitsOf, hasBit } from '../../node/exchange/chunk-bits.ts';
import { ChunkBoard } from '../../node/exchange/chunk-board.ts';
import { helpersFor, MOST_HELPERS } from '../../node/exchange/circular-helpers.ts';
import { Spreading } from '../../node/exchange/spreading.ts';
import { type Turn, Turns } from '../../node/exchange/turns.ts';
import { hash } from './hand-made-peer.ts';
import { ManualClock } from './manual-clock.ts';

const seats = (count: number) => Array.from({ length: count }, (_, i) => `S${i}`);

/** Takes a turn and notes its name when it begins. */
function asking(turns: Turns) {
  const begun: string[] = [];
  const ends = new Map<string, Turn>();
  const ask = (name: string, document: string, seat: string, rank = 4) =>
    void turns.take({ document, seat, rank }).then((turn) => {
      begun.push(name);
      ends.set(name, turn!);
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { begun, ask, settle, end: (name: string) => ends.get(name)!.end() };
}

t.test('turns go to the document, then the seat, that has the fewest, and to the urgent first', async (t) => {
  const turns = new Turns(new ManualClock(0), 2);
  const { begun, ask, settle, end } = asking(turns);
  for (const i of [1, 2, 3, 4]) ask(`a${i}`, 'annex', 'H01');
  ask('b1', 'other', 'H02');
  ask('c1', 'annex', 'H03');
  await settle();
  t.same(begun, ['a1', 'a2']);
  end('a1');
  await settle();
  t.same(begun.at(-1), 'b1', 'another document before more of the same');
  end('b1');
  await settle();
  t.same(begun.at(-1), 'c1', 'another seat before more of the same');
  ask('u1', 'urgent', 'H01', 0);
  ask('u2', 'urgent', 'H01', 0);
  ask('u3', 'urgent', 'H01', 0);
  await settle();
  t.same(begun.slice(-2), ['u1', 'u2'], 'urgent ones have places of their own');
  end('c1');
  await settle();
  t.same(begun.at(-1), 'u3');
});

t.test('who does not take his chunk holds up nobody, and gets no more of that document', async (t) => {
  const clock = new ManualClock(0);
  const turns = new Turns(clock, 1);
  const { begun, ask, settle, end } = asking(turns);
  ask('stalled', 'annex', 'H01');
  ask('stalled again', 'annex', 'H01');
  ask('other', 'annex', 'H02');
  await settle();
  t.same(begun, ['stalled']);
  clock.advance(60_000);
  await settle();
  t.same(begun, ['stalled', 'other']);
  end('other');
  await settle();
  t.same(begun, ['stalled', 'other']);
  end('stalled');
  await settle();
  t.same(begun, ['stalled', 'other', 'stalled again']);
});

t.test('however many do not take theirs, a seat has one chunk in memory where that is full', async (t) => {
  const clock = new ManualClock(0);
  const turns = new Turns(clock, 16);
  const { begun, ask, settle } = asking(turns);
  for (let i = 0; i < 100; i++) for (const document of ['a', 'b', 'c']) ask(`${i}`, document, `H${i}`);
  for (let i = 0; i < 50; i++) {
    await settle();
    clock.advance(120_000);
  }
  t.equal(new Set(begun).size, 100, 'every seat has its turn');
  t.ok(begun.length <= 132, `${begun.length} in memory`);
});

t.test('a turn that does not come in time is given up', async (t) => {
  const clock = new ManualClock(0);
  const turns = new Turns(clock, 1);
  const of = { document: 'a', seat: 'H01', rank: 4 };
  const first = await turns.take(of, 1000);
  const second = turns.take({ ...of, seat: 'H02' }, 500);
  clock.advance(500);
  t.equal(await second, undefined);
  first!.end();
  t.ok(await turns.take(of));
});

t.test('every seat of a circular reaches every other in few steps, over the first six named', (t) => {
  for (const count of [2, 3, 9, 17, 18, 40, 94, 500]) {
    const all = seats(count);
    const named = new Map(all.map((seat) => [seat, helpersFor(hash('document'), seat, all)]));
    for (const [seat, helpers] of named) {
      t.notOk(helpers.includes(seat));
      // the seat opposite counts once
      t.ok(new Set(helpers).size >= Math.min(count - 1, MOST_HELPERS - 1));
      t.ok(helpers.length <= MOST_HELPERS);
    }
    let reached = new Set([all[0]!]);
    let steps = 0;
    for (; reached.size < count && steps < 12; steps++)
      reached = new Set([...reached].flatMap((seat) => [seat, ...named.get(seat)!.slice(0, 6)]));
    t.ok(steps <= (count > 100 ? 9 : 5), `${count} in ${steps} steps`);
  }
  t.same(helpersFor(hash('document'), 'S9', seats(3)), [], 'who is no recipient is told nobody');
  t.same(helpersFor(hash('document'), 'S0', ['S0', 'S0']), []);
  t.end();
});

t.test(
  'what few hold is asked first, what is late of another too, and what comes anyway not of the sender',
  (t) => {
    const here = new Set<number>();
    const board = new ChunkBoard(4, (index) => here.has(index), 0);
    const giver = () => ({ holds: bitsOf(4, () => false), hasGiven: false });
    const [a, b, sender] = [giver(), giver(), { holds: undefined, hasGiven: true }];
    board.holds(
      a,
      bitsOf(4, (index) => index < 3),
    );
    board.holds(
      b,
      bitsOf(4, (index) => index < 2),
    );
    t.equal(board.next(a, 0), 2, 'what only one holds');
    board.asked(a, 2, 0);
    t.equal(board.next(a, 0), 0);
    board.asked(a, 0, 0);
    t.equal(board.next(b, 0), 1);
    board.asked(b, 1, 0);
    t.equal(board.next(b, 0), undefined);
    t.same(
      [...Array(4).keys()].filter((index) => !hasBit(board.unwanted(0).bits, index)),
      [3],
    );
    here.add(1);
    board.came(b, 1, 100);
    t.equal(board.next(b, 100), undefined, 'nobody is late');
    t.equal(board.next(b, 5000), 0, 'what another is late with');
    board.left(a);
    t.equal(board.unwanted(5000).wanted, 3);
    t.equal(board.next(sender, 5000), 2, 'what nobody else holds');
    board.holds(
      a,
      bitsOf(4, () => true),
    );
    a.hasGiven = true;
    board.holds(
      b,
      bitsOf(4, () => true),
    );
    t.equal(board.unwanted(5000).wanted, 0, 'two that give hold it all');
    b.hasGiven = false;
    t.equal(board.unwanted(5000).wanted, 3, 'what one says that never gave counts for nothing');
    t.end();
  },
);

t.test(
  'a sender gives what it gave least, twice at first, and again what was given long ago or broke off',
  (t) => {
    const { file, close } = new Spreading().open(hash('document'), hash('file'), 3);
    const nothing = bitsOf(3, () => false);
    const give = (nowMs: number, unwanted = nothing, given = new Set<number>()) => {
      const index = file.pick(unwanted, given, nowMs);
      if (index !== undefined) file.give(index, nowMs);
      return index;
    };
    t.same([give(0), give(0), give(0), give(0), give(0), give(0)], [0, 1, 2, 0, 1, 2]);
    t.equal(give(0), undefined, 'others are to be asked');
    file.takeBack(1);
    t.equal(give(0), 1, 'who was given it broke off');
    t.equal(give(5000), 0, 'long ago');
    t.equal(
      give(
        5000,
        bitsOf(3, (index) => index === 1),
      ),
      2,
      'nothing that is not wanted',
    );
    t.equal(give(5000, nothing, new Set([1])), undefined, 'nothing over the same stream twice');
    close();
    t.end();
  },
);
