/** One line of progress, redrawn in place on a terminal: of a file's bytes, or of deliveries under way. Silent elsewhere. */
import { bytesText } from '../core/byte-text.ts';
import { isSettled } from '../core/transport.ts';
import type { DeliveryUpdate } from '../core/views.ts';
import { durationText } from './amounts.ts';
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

/**
 * Of a document's large files on their way to its recipients. Of one recipient it is known how much it has; of several the
 * rest may come from the others (a circular), so the line says who has all of it and how much left this node.
 */
export class DeliveriesProgress {
  readonly #cli: Cli;
  readonly #line: Line;
  #alone: Progress | undefined;

  constructor(cli: Cli) {
    this.#cli = cli;
    this.#line = new Line(cli);
  }

  /** The newest of each recipient. */
  update(deliveries: readonly Partial<DeliveryUpdate>[]): void {
    const [first] = deliveries;
    if (deliveries.length === 1) {
      const { to = '', pulledBytes = 0, totalBytes = 0, state } = first ?? {};
      if (state === 'sending' && totalBytes > 0) {
        this.#alone ??= new Progress(this.#cli, to, totalBytes);
        this.#alone.update(pulledBytes);
      }
      return;
    }
    const sum = (bytes: 'givenBytes' | 'totalBytes') =>
      deliveries.reduce((all, one) => all + (one[bytes] ?? 0), 0);
    if (sum('totalBytes') === 0 || deliveries.every(({ state }) => state && isSettled(state))) return;
    const count = (state: DeliveryUpdate['state']) => deliveries.filter((one) => one.state === state).length;
    this.#line.draw(() =>
      this.#cli.text('progress.deliveries', {
        done: count('delivered'),
        count: deliveries.length,
        sending: count('sending'),
        given: bytesText(sum('givenBytes'), this.#cli.language),
      }),
    );
  }

  /** Removes the line. */
  end(): void {
    this.#line.end();
    this.#alone?.end();
  }
}

export class Progress {
  readonly #cli: Cli;
  readonly #line: Line;
  readonly #name: string;
  readonly #totalBytes: number;
  readonly #startedMs: number;
  readonly #doing: Doing;

  constructor(cli: Cli, name: string, totalBytes: number, doing: Doing = 'progress.transfer') {
    this.#cli = cli;
    this.#line = new Line(cli);
    this.#name = printable(name);
    this.#totalBytes = totalBytes;
    this.#doing = doing;
    this.#startedMs = cli.io.clock.nowMs();
  }

  update(doneBytes: number): void {
    this.#line.draw((nowMs) => this.#text(doneBytes, nowMs));
  }

  /** Removes the line. */
  end(): void {
    this.#line.end();
  }

  #text(doneBytes: number, nowMs: number): string {
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

/** The last line of the terminal. */
class Line {
  readonly #cli: Cli;
  readonly #startedMs: number;
  #drawnMs = 0;
  #drawn = false;

  constructor(cli: Cli) {
    this.#cli = cli;
    this.#startedMs = cli.io.clock.nowMs();
  }

  draw(text: (nowMs: number) => string): void {
    const { err, clock } = this.#cli.io;
    const nowMs = clock.nowMs();
    const isEarly = nowMs - this.#startedMs < QUIET_MS || nowMs - this.#drawnMs < REDRAW_MS;
    if (this.#cli.json || !err.isTTY || isEarly) return;
    this.#drawnMs = nowMs;
    this.#drawn = true;
    err.write(`\r\x1b[2K${truncate(text(nowMs), err.columns() - 1)}`);
  }

  end(): void {
    if (this.#drawn) this.#cli.io.err.write('\r\x1b[2K');
    this.#drawn = false;
  }
}
