/**
 * Stories of documents, told by real processes. A story is a list of steps: a command of one side, and how its documents
 * stand at both ends from then on. Stories are told side by side, each twice, the second time one step behind. In every
 * step one side is killed at a random moment and again when all is said, the other one stopped and started; in the next
 * step the other way round: so each step of a story meets a kill and a stop of each side. A command that was cut off is
 * said again, as a clerk would. LIENTHONG_SEED repeats a run's random moments (not the machine's timing).
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../../node/core/errors.ts';
import type { DocumentView } from '../../node/core/views.ts';
import { type Seeded, seeded } from '../store/seeded.ts';
import { eventually } from './eventually.ts';
import type { Agency, Federation } from './federation.ts';
import { sameLife, standing } from './standing.ts';

/** About what the commands of a step take, told side by side. */
const LATEST_KILL_MS = 900;
const CONVERGE_MS = 60_000;
/** Exit status of a command whose node isn't there, or went in the middle. */
const NOT_REACHED = 5;
const REFUSED = 3;
/** A step has two kills of whom it asks. */
const MOST_ATTEMPTS = 5;
export const CONTENT = 'Nội dung văn bản';

interface Context {
  comment(text: string): void;
  match(found: unknown, wanted: unknown, text: string): unknown;
}

/** What is told in one step. */
export interface Told {
  telling: Telling;
  step: Step;
}

export interface Step {
  name: string;
  /** Agency that speaks. */
  by: string;
  says: (telling: Telling) => readonly string[];
  /** What its answer has, said once or again. */
  answers?: object;
  /** It must be refused with this code. */
  refused?: ErrorCode;
  /** The document this sends is known to the story by this name. */
  sends?: string;
  /** From now on: document → unit → standing, at both ends. */
  stands?: Record<string, Record<string, string>>;
  /** Holds at both ends of the first document. */
  shows?: (view: DocumentView, telling: Telling) => boolean;
}

export interface Story {
  name: string;
  steps: readonly Step[];
}

/** One time a story is told, with documents of its own. */
export class Telling {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly behind: number;
  readonly documents = new Map<string, { id: string; by: string; stands: Map<string, string> }>();
  readonly #letter: () => string[];

  constructor({ name, steps }: Story, behind: number, letter: () => string[]) {
    this.name = `${name}${behind === 0 ? '' : ' (behind)'}`;
    this.steps = steps;
    this.behind = behind;
    this.#letter = letter;
  }

  document(name = 'it') {
    const found = this.documents.get(name);
    if (found === undefined) throw new RangeError(`${this.name} has sent no ${name} yet`);
    return found;
  }

  id = (name?: string): string => this.document(name).id;

  /** Fields of the next document, with a number nobody has. */
  fields = (): string[] => this.#letter();
}

export interface StageInit {
  sender: string;
  receivers: readonly string[];
}

export class Stage {
  readonly file: string;
  readonly tellings: Telling[] = [];
  readonly sender: Agency;
  readonly receivers: readonly Agency[];
  /** By how much the clocks of nodes that start run ahead. */
  aheadMs = 0;
  readonly #federation: Federation;
  readonly #random: Seeded = seeded();
  /** Whose turn it is to be killed: even the sender's. */
  #turn = this.#random.below(2);
  #number = 0;
  #cutOff = 0;

  constructor(t: Pick<Context, 'comment'>, federation: Federation, { sender, receivers }: StageInit) {
    this.#federation = federation;
    this.sender = federation.agency(sender);
    this.receivers = receivers.map((code) => federation.agency(code));
    this.file = path.join(federation.dir, 'van-ban.txt');
    t.comment(`seed ${this.#random.seed}`);
  }

  get agencies(): readonly Agency[] {
    return [this.sender, ...this.receivers];
  }

  /** Waits until all know each other. */
  async open(): Promise<void> {
    await writeFile(this.file, CONTENT);
    await this.#federation.inStep();
  }

  telling(story: Story, behind = 0): Telling {
    const telling = new Telling(story, behind, () => {
      const number = String(++this.#number);
      const subject = `${story.name}, văn bản số ${number}`;
      return ['--type', 'Công văn', '--number', number, '--notation', 'CV', '--subject', subject];
    });
    this.tellings.push(telling);
    return telling;
  }

  /** All stories side by side, each twice. */
  async tell(t: Context, stories: readonly Story[]): Promise<void> {
    const tellings = [0, 1].flatMap((behind) => stories.map((story) => this.telling(story, behind)));
    const rounds = Math.max(...tellings.map(({ steps, behind }) => steps.length + behind));
    for (let round = 0; round < rounds; round++) {
      const told = tellings.flatMap((telling) => {
        const step = telling.steps[round - telling.behind];
        return step === undefined ? [] : [{ telling, step }];
      });
      await this.round(t, told);
    }
    t.comment(`${this.#cutOff} commands were cut off and said again`);
  }

  /**
   * One step of each. `asleep` are left as they are, and nothing is looked up there; the side that is awake alone is killed,
   * and then stopped. Ends when all who are awake are up, and every document stands as it should.
   */
  async round(
    t: Context,
    told: readonly Told[],
    { asleep = [] }: { asleep?: readonly Agency[] } = {},
  ): Promise<void> {
    const sides = [[this.sender], this.receivers].map((side) => side.filter((one) => !asleep.includes(one)));
    if (this.#turn++ % 2 === 1) sides.reverse();
    const [killed, stopped] = sides.sort((one) => (one.length === 0 ? 1 : 0)) as [Agency[], Agency[]];
    const atMs = this.#random.below(LATEST_KILL_MS);
    const [first, second] = [killed, stopped].map((side) => side.map(({ name }) => name).join(' and '));
    t.comment(
      second === ''
        ? `${first} killed after ${atMs} ms, stopped at the end`
        : `${first} killed after ${atMs} ms and at the end, ${second} stopped`,
    );
    await Promise.all([
      sleep(atMs).then(() => Promise.all(killed.map((one) => this.restart(one)))),
      ...told.map((one) => this.say(t, one)),
    ]);
    await Promise.all([
      ...killed.map((one) => this.restart(one, stopped.length === 0 ? 'stop' : 'kill')),
      ...stopped.map((one) => this.restart(one, 'stop')),
    ]);
    for (const one of told) await this.converged(one, asleep);
  }

  async restart(agency: Agency, how: 'kill' | 'stop' = 'kill'): Promise<void> {
    await agency[how]();
    await agency.start({ aheadMs: this.aheadMs });
  }

  /** Says it until the node has answered; what it sends and how that stands is noted. */
  async say(t: Context, { telling, step }: Told): Promise<void> {
    const { name, by, says, answers, refused, sends, stands } = step;
    const speaker = this.#federation.agency(by);
    const what = `${telling.name}: ${name}`;
    const words = says(telling);
    let end = await speaker.cli(...words);
    for (let attempt = 1; end.exit === NOT_REACHED && attempt < MOST_ATTEMPTS; attempt++) {
      await eventually(`${by} is up again`, () => speaker.status());
      this.#cutOff++;
      end = await speaker.cli(...words);
    }
    if (refused !== undefined) {
      t.match([end.exit, end.error?.code], [REFUSED, refused], what);
    } else {
      if (end.exit !== 0) throw new Error(`${what}: exit ${end.exit}: ${end.stderr}`);
      if (answers !== undefined) t.match(end.value, answers, what);
    }
    if (sends !== undefined)
      telling.documents.set(sends, { id: (end.value as { id: string }).id, by, stands: new Map() });
    for (const [document, units] of Object.entries(stands ?? {}))
      for (const [unit, text] of Object.entries(units)) telling.document(document).stands.set(unit, text);
  }

  /** Until every document of the story stands as it should at both ends, and both say the same about it. */
  async converged({ telling, step: { name, shows } }: Told, asleep: readonly Agency[]): Promise<void> {
    for (const [document, { id, by, stands }] of telling.documents) {
      for (const [unit, wanted] of stands) {
        const ends = [by, unit].map((code) => this.#federation.agency(code));
        if (ends.some((end) => asleep.includes(end))) continue;
        const what = `${telling.name}: ${name}: ${document} (${id}) stands "${wanted}" at ${unit}`;
        await eventually(
          what,
          async () => {
            const [sent, received] = (await Promise.all(ends.map((end) => end.show(id)))) as [
              DocumentView,
              DocumentView,
            ];
            const found = [standing(sent, unit), standing(received, unit)];
            if (found.some((text) => text !== wanted)) throw new Error(found.join(' / '));
            const lives = [sameLife(sent, unit), sameLife(received, unit)];
            if (lives[0] !== lives[1]) throw new Error(lives.join(' / '));
            if (shows === undefined || document !== 'it') return true;
            const open = [sent, received].filter((view) => !shows(view, telling));
            if (open.length > 0) throw new Error(JSON.stringify(open));
            return true;
          },
          CONVERGE_MS,
        );
      }
    }
  }
}
