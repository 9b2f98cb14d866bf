import type { Logger } from "pino";
import type { Observation } from "../broker/observation.ts";
import { keep, type Message } from "../session/message.ts";
import { type DeadLetter, type DeadLetterCause, type DeadLetterStore, deadLetterBytes } from "../store/dead-letters.ts";
import type { Store } from "../store/store.ts";

/** What is in memory is written when it is so old, or so much. */
const writeMilliseconds = 1_000;
const waitingBytesMax = 8 * 1_048_576;

/** How often people hear that some were left out. */
const warningMilliseconds = 60_000;

/** What a server's dead letters are made of. */
export interface DeadLettersOptions {
  readonly letters: DeadLetterStore;
  /** What is kept; nothing else costs anything. */
  readonly causes: readonly DeadLetterCause[];
  readonly deadLettersPerSecondMax: number;
  readonly deadLetterBytesMax: number;
  /** For bodies that are not in memory. */
  readonly store: Pick<Store, "read">;
  readonly log: Logger;
}

type Loss = Extract<Observation, { kind: "publishRefused" | "messageLost" }>;

/**
 * Keeps messages that did not come. Nobody waits for it: they are gathered in memory and written together, later. Of
 * each cause only so many are taken a second, and no more than a second may be written at once, so that a flood costs
 * what a count costs.
 */
export class DeadLetters {
  /** Those that were too many, or could not be written. */
  leftOut = 0;
  readonly #options: DeadLettersOptions;
  readonly #rates: Map<DeadLetterCause, Rate>;
  #waiting: DeadLetter[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #written: Promise<void> = Promise.resolve();
  #isEnded = false;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #warnedOf = 0;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
    this.#rates = new Map(options.causes.map((cause) => [cause, new Rate(options.deadLettersPerSecondMax)]));
  }

  /** How many are kept. */
  get count(): number {
    return this.#options.letters.count + this.#waiting.length;
  }

  /** A message did not come. To be called while the broker says so: what it shows holds no longer. */
  take(loss: Loss): void {
    const cause = loss.kind === "publishRefused" ? "refused" : loss.cause;
    if (this.#isEnded || (loss.kind === "publishRefused" && !loss.deadLetter)) return;
    const rate = this.#rates.get(cause);
    if (rate === undefined) return;
    const at = Date.now();
    if (!rate.takes(at)) this.leftOut += 1;
    else if (loss.message !== undefined) this.#add(letterOf(loss, keep(loss.message), at));
    else if (loss.kind === "messageLost") void this.#readAndAdd(loss, at);
  }

  /** Resolves when all that was taken is written, or left out. */
  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = this.#written.then(() => this.#writeWaiting());
    await this.#written;
  }

  /** Writes what it has; takes nothing more. */
  async close(): Promise<void> {
    this.#isEnded = true;
    await this.write();
    await this.#options.letters.close();
  }

  /**
   * Its row is settled in the commit that is being collected: a read that is asked for now finds it, one that is asked for
   * after that commit does not.
   */
  async #readAndAdd(loss: Extract<Loss, { kind: "messageLost" }>, at: number): Promise<void> {
    const [stored] = await this.#options.store.read([loss.number]).catch(() => []);
    if (stored === undefined || this.#isEnded) this.leftOut += 1;
    else this.#add(letterOf(loss, stored.message, at));
  }

  #add(letter: DeadLetter): void {
    const bytes = deadLetterBytes(letter);
    const isFirst = this.#waiting.length === 0;
    const isTooMuch = bytes > this.#options.deadLetterBytesMax / 2;
    if (isTooMuch || (!isFirst && this.#waitingBytes + bytes > waitingBytesMax)) {
      this.leftOut += 1;
      return;
    }
    this.#waiting.push(letter);
    this.#waitingBytes += bytes;
    this.#timer ??= setTimeout(() => void this.write(), writeMilliseconds).unref();
  }

  async #writeWaiting(): Promise<void> {
    const letters = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      if (letters.length > 0) await this.#options.letters.add(letters);
    } catch (error) {
      this.leftOut += letters.length;
      this.#options.log.error({ err: error }, `${letters.length} dead letters could not be written; they are lost`);
    }
    this.#warn();
  }

  #warn(): void {
    const now = performance.now();
    if (this.leftOut === this.#warnedOf || now - this.#warnedAt < warningMilliseconds) return;
    this.#options.log.warn(
      { leftOut: this.leftOut },
      "messages did not come, and too many at once for all to be kept as dead letters (deadLettersPerSecondMax)",
    );
    this.#warnedAt = now;
    this.#warnedOf = this.leftOut;
  }
}

/** So many in a second of the clock. */
class Rate {
  readonly #most: number;
  #second = 0;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  takes(at: number): boolean {
    const second = Math.floor(at / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    this.#taken += 1;
    return this.#taken <= this.#most;
  }
}

const lostReasons = {
  overflowed: "The queue was full (queueMessagesMax, queueBytesMax)",
  expired: "Its Message Expiry Interval was over before it could be sent",
} as const;

function letterOf(loss: Loss, message: Message, at: number): DeadLetter {
  const { clientId } = loss;
  if (loss.kind === "messageLost") {
    const reason = lostReasons[loss.cause];
    return { cause: loss.cause, at, clientId, principal: undefined, reasonCode: 0, reason, place: "", message };
  }
  const { principal, reasonCode, reason, place } = loss;
  return { cause: "refused", at, clientId, principal, reasonCode, reason, place, message };
}
