import type { Principal } from "../broker/authentication.ts";
import type { Message } from "../session/message.ts";

/** Why a message did not come. */
export const deadLetterCauses = ["refused", "overflowed", "expired"] as const;
export type DeadLetterCause = (typeof deadLetterCauses)[number];

/** A message that did not come, and why. */
export interface DeadLetter {
  readonly cause: DeadLetterCause;
  /** When that was, ms. */
  readonly at: number;
  /** Who published it, when it was refused; else whose queue lost it: a Client Identifier or the name of a shared group. */
  readonly clientId: string;
  /** Who published it, when it was refused. */
  readonly principal: Principal | undefined;
  /** What the publisher was told, or would have been told in 5.0; 0 when it was accepted. */
  readonly reasonCode: number;
  readonly reason: string;
  /** Where the rule stands, as `file:line:column`; may be empty. */
  readonly place: string;
  readonly message: Message;
}

/** How much is kept: limits of that name. */
export interface DeadLetterLimits {
  readonly deadLettersMax: number;
  readonly deadLetterBytesMax: number;
}

/**
 * Where dead letters are kept, by numbers that ascend and are never used twice. Bounded: the oldest go first.
 */
export interface DeadLetterStore {
  readonly count: number;
  /** Those that are there, ascending. */
  numbers(): Iterable<number>;
  /** Undefined when it is gone, or cannot be read any more. */
  read(number: number): Promise<DeadLetter | undefined>;
  /** Resolves when they outlive the process, if anything here does. A rejected call kept none of them. */
  add(letters: readonly DeadLetter[]): Promise<void>;
  /** Returns how many of them were there. */
  remove(numbers: readonly number[]): Promise<number>;
  close(): Promise<void>;
}

/** Dead letters that go with the process. */
export function createMemoryDeadLetters(limits: DeadLetterLimits): DeadLetterStore {
  return new MemoryDeadLetters(limits);
}

/** What a letter counts for besides topic and payload, about. */
const letterBytes = 512;

/** What a letter takes, about. */
export function deadLetterBytes({ message, reason }: DeadLetter): number {
  return letterBytes + reason.length + 2 * message.topicName.length + Math.ceil((message.payload.length * 4) / 3);
}

class MemoryDeadLetters implements DeadLetterStore {
  readonly #limits: DeadLetterLimits;
  readonly #letters: Map<number, DeadLetter> = new Map();
  #lastNumber = 0;
  #bytes = 0;

  constructor(limits: DeadLetterLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#letters.size;
  }

  numbers(): Iterable<number> {
    return this.#letters.keys();
  }

  read(number: number): Promise<DeadLetter | undefined> {
    return Promise.resolve(this.#letters.get(number));
  }

  add(letters: readonly DeadLetter[]): Promise<void> {
    const { deadLettersMax, deadLetterBytesMax } = this.#limits;
    for (const letter of letters) {
      this.#lastNumber += 1;
      this.#letters.set(this.#lastNumber, letter);
      this.#bytes += deadLetterBytes(letter);
    }
    for (const number of this.#letters.keys()) {
      if (this.#letters.size <= deadLettersMax && this.#bytes <= deadLetterBytesMax) break;
      this.#delete(number);
    }
    return Promise.resolve();
  }

  remove(numbers: readonly number[]): Promise<number> {
    return Promise.resolve(numbers.filter((number) => this.#delete(number)).length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #delete(number: number): boolean {
    const letter = this.#letters.get(number);
    if (letter === undefined) return false;
    this.#bytes -= deadLetterBytes(letter);
    return this.#letters.delete(number);
  }
}
