import { setTimeout as delay } from "node:timers/promises";

/** Who was held up may catch up for so long, and no more. */
const arrearsMillisecondsMax = 1000;

/** Lets so many through in a second, evenly. */
export class Pace {
  readonly #intervalMilliseconds: number;
  #dueAt: number | undefined;

  constructor(perSecond: number) {
    this.#intervalMilliseconds = 1000 / perSecond;
  }

  /** Resolves when it is the next one's turn. @throws the signal's reason */
  async turn(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const dueAt = Math.max(this.#dueAt ?? now, now - arrearsMillisecondsMax);
    this.#dueAt = dueAt + this.#intervalMilliseconds;
    if (dueAt - now < 1) return;
    await delay(dueAt - now, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
