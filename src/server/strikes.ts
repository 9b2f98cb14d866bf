/** How many failures are forgiven, how fast, and what those beyond cost. */
export interface StrikeRule {
  /** Failures without a delay. */
  readonly free: number;
  /** One failure is forgotten in each such time. */
  readonly forgottenMilliseconds: number;
  /** The first delay is a second, each further one twice as long, up to this. */
  readonly delayMillisecondsMax: number;
}

interface Row {
  readonly strikes: number;
  readonly at: number;
  readonly freeAt: number;
}

/** Rows of one table; above it the one that failed longest ago is forgotten. */
const rowsMax = 10_000;

const firstDelayMilliseconds = 1_000;

/** Failures by key, and how long the next attempt has to wait for them. */
export class Strikes {
  readonly #rule: StrikeRule;
  /** The last one to fail is the last one in it. */
  readonly #rows: Map<string, Row> = new Map();

  constructor(rule: StrikeRule) {
    this.#rule = rule;
  }

  /** 0 when it may try now. */
  waitMilliseconds(key: string, now: number): number {
    return Math.max(0, (this.#rows.get(key)?.freeAt ?? 0) - now);
  }

  add(key: string, now: number): void {
    const { free, forgottenMilliseconds, delayMillisecondsMax } = this.#rule;
    const row = this.#rows.get(key);
    const left = row === undefined ? 0 : Math.max(0, row.strikes - (now - row.at) / forgottenMilliseconds);
    const strikes = left + 1;
    const delay = strikes <= free ? 0 : firstDelayMilliseconds * 2 ** Math.floor(strikes - free - 0.5);
    this.#rows.delete(key);
    this.#rows.set(key, { strikes, at: now, freeAt: now + Math.min(delay, delayMillisecondsMax) });
    if (this.#rows.size > rowsMax) this.#rows.delete(this.#rows.keys().next().value!);
  }

  forget(key: string): void {
    this.#rows.delete(key);
  }
}
