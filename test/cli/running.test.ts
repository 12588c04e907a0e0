/** Lines of `run`: bounded each second whatever peers do, and what matters isn't hidden by what is ordinary. */
import t from 'tap';
import type { Cli } from '../../node/cli/cli.ts';
import { reporter } from '../../node/cli/running.ts';

function watched() {
  const written: string[] = [];
  let endSecond = () => {};
  const clock = {
    nowMs: () => 0,
    sleep: async () => {},
    after: (_ms: number, call: () => void) => {
      endSecond = call;
      return () => {};
    },
  };
  const out = { write: (line: string) => written.push(line) };
  const cli = {
    io: { clock, out, err: out },
    json: false,
    language: 'en',
    paint: (_: string, text: string) => text,
  };
  return { report: reporter(cli as unknown as Cli), written, endSecond: () => endSecond() };
}

t.test('a flood of ordinary lines is summed up and hides no refusal', async (t) => {
  const { report, written, endSecond } = watched();
  for (let i = 0; i < 500; i++) report('document.received', { id: `d${i}` });
  t.equal(written.length, 20);
  report('peer.refused', { peer: 'P', address: 'A', reason: 'unknown' });
  t.equal(written.length, 21, 'a refusal is still shown');
  endSecond();
  t.match(written.at(-1), /480.*document\.received ×480/);
});

t.test('a flood of refusals, which peers can cause, is bounded too', async (t) => {
  const { report, written, endSecond } = watched();
  for (let i = 0; i < 10_000; i++) report('peer.refused', { peer: `P${i}`, address: 'A', reason: 'unknown' });
  t.equal(written.length, 20);
  report('document.received', { id: 'd' });
  t.equal(written.length, 21);
  endSecond();
  t.match(written.at(-1), /9980.*peer\.refused ×9980/);
  report('peer.refused', { peer: 'P', address: 'A', reason: 'unknown' });
  t.match(written.at(-1), /P/, 'the next second has lines again');
});
