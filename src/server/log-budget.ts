import type { Logger } from "pino";

/** Lines of one kind that are written in a minute. */
export const linesPerMinuteMax = 60;

const minuteMilliseconds = 60_000;

interface Minute {
  readonly startedAt: number;
  lines: number;
  leftOut: number;
}

/**
 * Keeps what strangers make us say from filling the disk: above `linesPerMinuteMax` lines of one kind are left out, which
 * is said once a minute. With `debug` people want to see them all.
 */
export class LogBudget {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #minutes: Map<string, Minute> = new Map();

  /** @param now milliseconds that never go back */
  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** Whether a line may be written. @param kind its sentence, the same for all of its kind */
  allows(kind: string): boolean {
    if (this.#log.isLevelEnabled("debug")) return true;
    const minute = this.#minuteOf(kind);
    minute.lines += 1;
    if (minute.lines <= linesPerMinuteMax) return true;
    minute.leftOut += 1;
    if (minute.leftOut === 1) {
      this.#log.warn(`“${kind}”: more than ${linesPerMinuteMax} such lines in a minute; the others are left out`);
    }
    return false;
  }

  #minuteOf(kind: string): Minute {
    const now = this.#now();
    const last = this.#minutes.get(kind);
    if (last !== undefined && now - last.startedAt < minuteMilliseconds) return last;
    if (last !== undefined && last.leftOut > 0) this.#log.warn({ leftOut: last.leftOut }, `“${kind}”: lines left out`);
    const minute = { startedAt: now, lines: 0, leftOut: 0 };
    this.#minutes.set(kind, minute);
    return minute;
  }
}
