import type { Observation } from "../broker/observation.ts";
import { createMemoryDeadLetters, deadLetterCauses } from "../store/dead-letters.ts";
import type { Row } from "./answer.ts";
import { answerDeadLetters, type DeadLetterRequest, type Replayer } from "./dead-letter-request.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { DeadLetterParts, ServerOptions } from "./options.ts";
import { Refusals } from "./refusals.ts";

/** What a server did not let in, and what it let go of: its last refusals and its dead letters. */
export class Losses {
  readonly refusals: Refusals;
  readonly #parts: DeadLetterParts;
  readonly #deadLetters: DeadLetters;

  constructor({ limits, refusals, deadLetters, store, log }: ServerOptions) {
    this.refusals = refusals ?? new Refusals(limits.refusalsMax);
    this.#parts = deadLetters ?? { letters: createMemoryDeadLetters(limits), causes: deadLetterCauses };
    this.#deadLetters = new DeadLetters({ ...this.#parts, ...limits, store, log });
  }

  /** How many dead letters are kept, and how many were too many. */
  get counts(): { readonly deadLetters: number; readonly deadLettersLeftOut: number } {
    return { deadLetters: this.#deadLetters.count, deadLettersLeftOut: this.#deadLetters.leftOut };
  }

  /** To be called while the broker says so. */
  observed(observation: Observation): void {
    this.refusals.take(observation);
    if (observation.kind === "publishRefused" || observation.kind === "messageLost")
      this.#deadLetters.take(observation);
  }

  /** Does what is asked with the dead letters. */
  async *answer(request: DeadLetterRequest, replay: Replayer): AsyncIterable<readonly Row[]> {
    await this.#deadLetters.write();
    yield* answerDeadLetters(request, this.#parts.letters, replay);
  }

  /** Writes what it has. */
  close(): Promise<void> {
    return this.#deadLetters.close();
  }
}
