/** What a clock drives: something that says when it must be called next. */
export interface Timed {
  /** ms; Infinity when nothing waits. */
  nextDeadline(): number;
  elapsed(now: number): void;
}

/**
 * Time that passes only when it is told to. Deadlines are kept to the millisecond and in their order, and a week takes as
 * long as a second.
 */
export class VirtualClock {
  #now: number;

  /** @param now where it begins, ms */
  constructor(now = 1_000_000) {
    this.#now = now;
  }

  /** ms. */
  get now(): number {
    return this.#now;
  }

  /** Lets time pass for `timed`, which is called at each of its deadlines; `after` is awaited behind every call. */
  async advance(milliseconds: number, timed: Timed, after: () => Promise<void> | void = () => {}): Promise<void> {
    const target = this.#now + milliseconds;
    for (let calls = 0; ; calls += 1) {
      const deadline = timed.nextDeadline();
      if (deadline > target) break;
      if (calls === callsMax) throw new Error(`nextDeadline() is still ${deadline} after ${callsMax} calls of elapsed`);
      this.#now = Math.max(this.#now, deadline);
      timed.elapsed(this.#now);
      await after();
    }
    this.#now = target;
  }
}

/** More calls than any test needs: a deadline that never moves on. */
const callsMax = 1_000_000;
