import type { Logger } from "pino";
import type { FetchedMessage } from "../broker/broker.ts";
import type { Store } from "../store/store.ts";
import { type Fetch, isFinal } from "./commits.ts";

const retryMillisecondsFirst = 10;
const retryMillisecondsMax = 1_000;

/** Who gets what was read. */
export interface FetchListener {
  fetched(owner: number, messages: readonly (FetchedMessage | undefined)[]): void;
  failed(error: unknown): void;
}

/** Reads message bodies back: all that a turn asked for in one call of the store. A read that failed is tried again. */
export class Fetches {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #listener: FetchListener;
  #fetches: Fetch[] = [];
  #retry: NodeJS.Timeout | undefined = undefined;

  constructor(store: Store, log: Logger, listener: FetchListener) {
    this.#store = store;
    this.#log = log;
    this.#listener = listener;
  }

  /** To be read with the next `read()`. */
  add(fetch: Fetch): void {
    this.#fetches.push(fetch);
  }

  /** Reads what was added. */
  read(): void {
    if (this.#fetches.length === 0) return;
    const fetches = this.#fetches;
    this.#fetches = [];
    this.#try(fetches, 0);
  }

  stop(): void {
    clearTimeout(this.#retry);
  }

  #try(fetches: readonly Fetch[], delayMilliseconds: number): void {
    this.#store.read(fetches.flatMap((fetch) => fetch.numbers)).then(
      (messages) => this.#answer(fetches, messages),
      (error: unknown) => {
        if (isFinal(error)) return this.#listener.failed(error);
        if (delayMilliseconds === 0)
          this.#log.error({ err: error }, "the store could not read messages; it is tried again");
        const next = Math.min(Math.max(delayMilliseconds * 2, retryMillisecondsFirst), retryMillisecondsMax);
        this.#retry = setTimeout(() => this.#try(fetches, next), next).unref();
      },
    );
  }

  #answer(fetches: readonly Fetch[], messages: readonly (FetchedMessage | undefined)[]): void {
    let position = 0;
    for (const { owner, numbers } of fetches) {
      this.#listener.fetched(owner, messages.slice(position, position + numbers.length));
      position += numbers.length;
    }
  }
}
