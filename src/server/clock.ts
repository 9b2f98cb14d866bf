/** What `setTimeout` can bear; a later deadline is reached in several steps. */
const timeoutMillisecondsMax = 2_147_483_647;

/**
 * The time that the broker is told: the wall clock at the start and the monotonic time since, in whole ms. It never goes
 * back, whatever is done to the machine's clock: also not behind a time that it is told was past.
 */
export class SteadyTime {
  #aheadMilliseconds = 0;

  now(): number {
    return wallTime() + this.#aheadMilliseconds;
  }

  /**
   * Time goes on from `past`, ms, if it stands before that; once at the start, when the store says what time it was.
   * Returns how far the machine's clock is behind, ms.
   */
  notBefore(past: number): number {
    this.#aheadMilliseconds = Math.max(0, past - wallTime());
    return this.#aheadMilliseconds;
  }
}

function wallTime(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}

/**
 * The one timer of a server. It does not keep the process alive: the listeners do.
 */
export class Clock {
  readonly #elapsed: () => void;
  #timeout: NodeJS.Timeout | undefined = undefined;
  #immediate: NodeJS.Immediate | undefined = undefined;
  #wakesAt = Number.POSITIVE_INFINITY;

  /** @param elapsed called when the deadline has come, sometimes earlier: whoever hears it looks and arms again */
  constructor(elapsed: () => void) {
    this.#elapsed = elapsed;
  }

  /** Wakes at `deadline` or before; both in ms, Infinity for never. */
  arm(deadline: number, now: number): void {
    // Deadlines mostly move away; then waking once for nothing is cheaper than a new timer each time.
    if (deadline >= this.#wakesAt) return;
    clearTimeout(this.#timeout);
    const delay = Math.min(Math.max(deadline - now, 0), timeoutMillisecondsMax);
    this.#wakesAt = now + delay;
    this.#timeout = setTimeout(() => this.#wake(), delay).unref();
  }

  /** Behind what the sockets have: after a pause of the whole process nobody is late who spoke in it. */
  #wake(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    this.#immediate = setImmediate(() => this.#elapsed());
  }

  stop(): void {
    clearTimeout(this.#timeout);
    clearImmediate(this.#immediate);
    this.#wakesAt = Number.NEGATIVE_INFINITY;
  }
}
