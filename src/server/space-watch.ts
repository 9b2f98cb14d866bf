import type { Logger } from "pino";
import type { SpaceProblem } from "./options.ts";

/** How often the space is looked at. */
const intervalMilliseconds = 1_000;

/**
 * Looks again and again whether the store has room, and says when that changes. Deleting needs free pages too, so new
 * work is refused while there are still some.
 */
export class SpaceWatch {
  readonly #problem: SpaceProblem;
  readonly #log: Logger;
  readonly #changed: (state: "ready" | "refusing") => void;
  #isRefusing = false;
  #interval: NodeJS.Timeout | undefined = undefined;

  constructor(problem: SpaceProblem, log: Logger, changed: (state: "ready" | "refusing") => void) {
    this.#problem = problem;
    this.#log = log;
    this.#changed = changed;
  }

  /** Looks once, and from then on each second. */
  start(): void {
    this.#look();
    this.#interval = setInterval(() => this.#look(), intervalMilliseconds).unref();
  }

  stop(): void {
    clearInterval(this.#interval);
  }

  #look(): void {
    const problem = this.#problem();
    const isRefusing = problem !== undefined;
    if (isRefusing === this.#isRefusing) return;
    this.#isRefusing = isRefusing;
    if (isRefusing) this.#log.error(`new work is refused: ${problem}`);
    else this.#log.info("the store has room again");
    this.#changed(isRefusing ? "refusing" : "ready");
  }
}
