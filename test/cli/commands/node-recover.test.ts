/** `node recover`: shows what is missing, changes nothing without a yes, and says what comes next. */
import t from 'tap';
import type { Roots } from '../../../node/cli/roots.ts';
import { LienthongError } from '../../../node/core/errors.ts';
import type { RecoveryReport } from '../../../node/core/log-views.ts';
import { run, runningNode } from '../../helpers/command-line.ts';

const missing: RecoveryReport = {
  problems: [{ kind: 'database-behind', where: 'a peer holds 90 entries' }],
  held: { epoch: 1, size: 50 },
  shown: { epoch: 1, size: 90 },
  epoch: null,
};

function recorded(found: RecoveryReport = missing): { roots: Partial<Roots>; asked: boolean[] } {
  const asked: boolean[] = [];
  const recoverFolder: Roots['recoverFolder'] = async ({ accept }) => {
    asked.push(accept);
    return accept ? { ...found, epoch: 2 } : found;
  };
  return { roots: { recoverFolder }, asked };
}
const argv = ['node', 'recover', '--dir', '/x y', '--lang', 'en'];

t.test('with --yes it goes on and says how to run', async (t) => {
  const { roots, asked } = recorded();
  const { status, out } = await run([...argv, '--yes'], { roots });
  t.equal(status, 0);
  t.strictSame(asked, [false, true]);
  t.match(out, /Older than what was acknowledged: a peer holds 90 entries/);
  t.match(out, /epoch 1, 50 entries\. Others have seen: epoch 1, 90 entries/);
  t.match(out, /epoch 2\. Run the node.*lienthong node run --dir '\/x y'/);
  t.match(JSON.parse((await run([...argv, '--yes', '--json'], { roots })).out), { ...missing, epoch: 2 });
});

t.test('without a terminal it refuses, with what is missing said', async (t) => {
  const { roots, asked } = recorded();
  const { status, out, err } = await run(argv, { roots });
  t.equal(status, 2);
  t.match(out, /90 entries/);
  t.match(err, /--yes/);
  const ask = async () => 'yes';
  const json = await run([...argv, '--json'], { roots, ask });
  t.equal(json.status, 2, 'a script is not asked');
  t.match(JSON.parse(json.err), { error: { code: 'usage' } });
  t.ok(asked.every((accept) => !accept));
});

for (const [answer, agrees] of [
  ['yes', true],
  [' YES ', true],
  ['có', true],
  ['', false],
  ['y', false],
  ['no', false],
] as const)
  t.test(`asked on a terminal, "${answer}" ${agrees ? 'agrees' : 'changes nothing'}`, async (t) => {
    const { roots, asked } = recorded();
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return answer;
    };
    const { status, out } = await run(argv, { roots, ask });
    t.equal(status, 0);
    t.match(questions, [/Go on\?/]);
    t.strictSame(asked, agrees ? [false, true] : [false]);
    if (!agrees) t.match(out, /Nothing was changed/);
  });

t.test('nothing missing is said, and nothing asked', async (t) => {
  const { roots, asked } = recorded({ ...missing, problems: [], shown: null });
  const { status, out } = await run([...argv, '--yes'], { roots });
  t.equal(status, 0);
  t.match(out, /Nothing is known to be missing/);
  t.strictSame(asked, [false]);
});

for (const [code, status] of [
  ['locked', 3],
  ['not-initialised', 3],
  ['damaged', 7],
] as const)
  t.test(`${code} is a sentence and status ${status}`, async (t) => {
    const recoverFolder = async () => {
      throw new LienthongError(code, { where: '/x' });
    };
    t.equal((await run(argv, { roots: { recoverFolder } })).status, status);
  });

t.test('status says what is being taken back and what was witnessed', async (t) => {
  const { cli, node } = await runningNode(t);
  const point = { epoch: 1, size: 90 };
  const at = '2026-01-15T10:00:00.000+07:00';
  node.overrideStatus = {
    recovery: { waiting: ['H40-1', 'H51-1'], recovered: 7, failed: 2, holding: true },
    witness: {
      rewritten: [{ seat: 'H50-1', agency: 'H50', reason: 'another-root', first: point, second: point, at }],
      gaps: [
        { seat: 'H52-1', agency: 'H52', epoch: 2, before: point, after: { epoch: 1, size: 50 }, at },
        { seat: 'H53-1', agency: 'H53', epoch: 2, before: point, after: null, at },
      ],
    },
  };
  const { out } = await cli(['node', 'status', '--lang', 'en'], { columns: 400 });
  t.match(out, /Taking back what was lost: 7 so far; still waiting for seats: H40-1, H51-1/);
  t.match(out, /Nothing new is taken until the used numbers are known/);
  t.match(out, /2 deliveries could not be taken back whole/);
  t.match(out, /REWRITTEN LOG at seat H50-1 \(H50\).*two contents of one size/);
  t.match(
    out,
    /Seat H52-1 \(H52\) lost data: its log is in epoch 2, 90 entries were seen before, it still held 50/,
  );
  t.match(out, /Seat H53-1 \(H53\) lost data: its log is in epoch 2, 90 entries were seen before \(/);
  t.match(JSON.parse((await cli(['node', 'status', '--json'])).out), node.overrideStatus);
});
