/** Counts the calls a door is answering, so that closing it can wait for them. */
import type { FastifyInstance } from 'fastify';

export class RunningCalls {
  #count = 0;
  #waiting: (() => void)[] = [];

  constructor(app: FastifyInstance) {
    app.addHook('onRequest', (_request, reply, next) => {
      this.#count++;
      // 'close' comes once, answered or broken off.
      reply.raw.once('close', () => this.#ended());
      next();
    });
  }

  /** Resolves once no call is running. */
  none(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #ended(): void {
    this.#count--;
    if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
