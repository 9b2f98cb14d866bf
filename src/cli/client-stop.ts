import type { ClientConnection } from "./client-connection.ts";
import { Ending, Stop } from "./client-endings.ts";
import type { Surroundings } from "./client-surroundings.ts";

/** Everything that ends a client before its work is done, as one signal whose reason is a `Stop`. */
export class StopSwitch {
  readonly #controller = new AbortController();
  readonly #interrupted: AbortSignal;
  readonly #onInterrupted = (): void => this.stop(new Stop(Ending.Interrupted, ""));
  #timer: NodeJS.Timeout | undefined;

  constructor({ interrupted }: Surroundings) {
    this.#interrupted = interrupted;
    if (interrupted.aborted) this.#onInterrupted();
    else interrupted.addEventListener("abort", this.#onInterrupted, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(why: Stop): void {
    this.#controller.abort(why);
  }

  /** Stops when the connection is gone for good. */
  follow(connection: ClientConnection): void {
    const { lost } = connection;
    lost.addEventListener("abort", () => this.stop(lost.reason), { once: true });
  }

  /** Stops after so many seconds; undefined never. */
  after(seconds: number | undefined): void {
    if (seconds === undefined) return;
    const why = new Stop(Ending.TimeUp, `not done after ${seconds} seconds`);
    this.#timer = setTimeout(() => this.stop(why), seconds * 1000);
  }

  /** Leaves no timer and no listener behind. */
  release(): void {
    clearTimeout(this.#timer);
    this.#interrupted.removeEventListener("abort", this.#onInterrupted);
  }
}

/** The most that `after` can wait: what a timer can. */
export const timeoutSecondsMax = 2_147_483;
