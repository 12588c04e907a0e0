/** The sandbox's terminal: whole lines only, at most 80 columns wide, colours where a terminal wants them. */
import { durationText } from '../../node/cli/amounts.ts';
import { paint, printable, type Style, truncate, width, wrap } from '../../node/cli/terminal.ts';
import type { Language } from '../../node/core/messages.ts';
import { sandboxText, type TextKey } from './texts.ts';

const COLUMNS = 80;
/** Room for the indent and a backslash. */
const COMMAND_COLUMNS = 74;
export type Mark = 'ok' | 'wrong' | 'going' | 'none';
const MARKS: Readonly<Record<Mark, readonly [string, Style]>> = {
  ok: ['✓', 'green'],
  wrong: ['✗', 'red'],
  going: ['→', 'cyan'],
  none: [' ', 'dim'],
};

export class Screen {
  readonly language: Language;
  readonly #out: NodeJS.WriteStream;
  readonly #colours: boolean;

  constructor(out: NodeJS.WriteStream, language: Language, env: NodeJS.ProcessEnv) {
    this.#out = out;
    this.language = language;
    this.#colours = out.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  }

  text(key: TextKey, values?: Readonly<Record<string, string | number>>): string {
    return sandboxText(this.language, key, values);
  }

  paint(style: Style, text: string): string {
    return this.#colours ? paint(style, text) : text;
  }

  /** Milliseconds below ten seconds to the tenth of what matters: "850 ms", "4,2 giây". */
  elapsed(ms: number): string {
    if (ms < 1000) return `${Math.max(1, Math.round(ms))} ms`;
    if (ms >= 10_000) return durationText(ms, this.language);
    const seconds = (ms / 1000).toFixed(1);
    return this.language === 'vi' ? `${seconds.replace('.', ',')} giây` : `${seconds} s`;
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  /** A paragraph within the columns, its lines indented. */
  say(text: string, style?: Style, indent = 1): void {
    for (const line of wrap(printable(text), COLUMNS - indent)) {
      this.line(' '.repeat(indent) + (style ? this.paint(style, line) : line));
    }
  }

  heading(text: string): void {
    this.line();
    this.say(text, 'bold');
  }

  /** "✓ H40  Ủy ban nhân dân tỉnh Nam Định      what happened": name and fact share the line, the name gives way. */
  row(mark: Mark, code: string, name: string, fact: string): void {
    const [sign, style] = MARKS[mark];
    const room = COLUMNS - 9 - width(fact);
    const shown = truncate(printable(name), Math.max(12, room));
    const gap = ' '.repeat(Math.max(1, room - width(shown)));
    this.line(` ${this.paint(style, sign)} ${this.paint('bold', code.padEnd(4))} ${shown}${gap}${fact}`);
  }

  /** A command as it is typed, with what it shows on the line before; a long one goes on after a backslash. */
  command(what: string, words: string): void {
    this.line(`   ${this.paint('dim', `# ${what}`)}`);
    const lines = [''];
    for (const part of words.split(/ (?=--)/)) {
      const longer = [lines.at(-1), part].filter(Boolean).join(' ');
      if (width(longer) <= COMMAND_COLUMNS) lines[lines.length - 1] = longer;
      else lines.push(`  ${part}`);
    }
    for (const [at, line] of lines.entries())
      this.line(`   ${this.paint('cyan', line)}${at < lines.length - 1 ? ' \\' : ''}`);
  }
}
