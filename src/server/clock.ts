/** What `setTimeout` can bear; a later deadline is reached in several steps. */
const timeoutMillisecondsMax = 2_147_483_647;

/**
 * The time that the broker is told: the wall clock at the start and the monotonic time since, in whole ms. It never goes
 * back, whatever is done to the machine's clock.
 */
export function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}

/**
 * The one timer of a server. It does not keep the process alive: the listeners do.
 */
export class Clock {
  readonly #elapsed: () => void;
  #timeout: NodeJS.Timeout | undefined = undefined;
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
    this.#timeout = setTimeout(() => {
      this.#wakesAt = Number.POSITIVE_INFINITY;
      this.#elapsed();
    }, delay).unref();
  }

  stop(): void {
    clearTimeout(this.#timeout);
    this.#wakesAt = Number.NEGATIVE_INFINITY;
  }
}
