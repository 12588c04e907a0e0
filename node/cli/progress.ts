/** One line of progress for a transfer, redrawn in place on a terminal: bytes, speed, time left. Silent elsewhere. */
import { bytesText, durationText } from './amounts.ts';
import type { Cli } from './cli.ts';
import { printable, truncate } from './terminal.ts';

/** Often enough to look alive, rare enough to cost nothing. */
const REDRAW_MS = 100;
/** Faster transfers are over before anyone reads the line. */
const QUIET_MS = 300;

type Doing = 'progress.transfer' | 'progress.reading';

/** Of files one after another, as they are told of. */
export class FilesProgress {
  readonly #cli: Cli;
  readonly #doing: Doing;
  #current: { path: string; progress: Progress } | undefined;

  constructor(cli: Cli, doing: Doing) {
    this.#cli = cli;
    this.#doing = doing;
  }

  update({ path, name, size }: { path: string; name: string; size: number }, doneBytes: number): void {
    if (this.#current?.path !== path) {
      this.end();
      this.#current = { path, progress: new Progress(this.#cli, name, size, this.#doing) };
    }
    this.#current.progress.update(doneBytes);
  }

  end(): void {
    this.#current?.progress.end();
  }
}

export class Progress {
  readonly #cli: Cli;
  readonly #name: string;
  readonly #totalBytes: number;
  readonly #startedMs: number;
  readonly #doing: Doing;
  #drawnMs = 0;
  #drawn = false;

  constructor(cli: Cli, name: string, totalBytes: number, doing: Doing = 'progress.transfer') {
    this.#cli = cli;
    this.#name = printable(name);
    this.#totalBytes = totalBytes;
    this.#doing = doing;
    this.#startedMs = cli.io.clock.nowMs();
  }

  update(doneBytes: number): void {
    const { err, clock } = this.#cli.io;
    const nowMs = clock.nowMs();
    if (
      this.#cli.json ||
      !err.isTTY ||
      nowMs - this.#startedMs < QUIET_MS ||
      nowMs - this.#drawnMs < REDRAW_MS
    )
      return;
    this.#drawnMs = nowMs;
    this.#drawn = true;
    err.write(`\r\x1b[2K${truncate(this.#line(doneBytes, nowMs), err.columns() - 1)}`);
  }

  /** Removes the line. */
  end(): void {
    if (this.#drawn) this.#cli.io.err.write('\r\x1b[2K');
    this.#drawn = false;
  }

  #line(doneBytes: number, nowMs: number): string {
    const { language } = this.#cli;
    const perSecond = doneBytes / Math.max(0.001, (nowMs - this.#startedMs) / 1000);
    const leftMs = perSecond === 0 ? 0 : ((this.#totalBytes - doneBytes) / perSecond) * 1000;
    return this.#cli.text(this.#doing, {
      name: this.#name,
      percent: Math.floor((doneBytes / Math.max(1, this.#totalBytes)) * 100),
      done: bytesText(doneBytes, language),
      total: bytesText(this.#totalBytes, language),
      speed: bytesText(perSecond, language),
      left: durationText(leftMs, language),
    });
  }
}
