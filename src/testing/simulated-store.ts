import type { Mutation, Recovered } from "../broker/mutation.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import type { StoredMessage } from "../store/store.ts";
import type { Agenda } from "./agenda.ts";
import type { Random } from "./random.ts";

/** How a simulated store behaves; times in ms. */
export interface StoreFaults {
  readonly commitMillisecondsMax: number;
  readonly readMillisecondsMax: number;
  /** How often a commit takes much longer, and how much longer. */
  readonly stallChance: number;
  readonly stallMillisecondsMax: number;
  /** How often it begins to refuse commits, and for how long. */
  readonly refusalChance: number;
  readonly refusalMillisecondsMax: number;
}

/** No faults, and no time passes. */
export const faultlessStore: StoreFaults = {
  commitMillisecondsMax: 0,
  readMillisecondsMax: 0,
  stallChance: 0,
  stallMillisecondsMax: 0,
  refusalChance: 0,
  refusalMillisecondsMax: 0,
};

/**
 * The reference engine as a disk that outlives the process: commits take their time, stall or are refused, and a crash
 * loses the one that is under way, or keeps it without anybody having heard.
 *
 * ```
 *   commit ────────► durable ────────► settled(true)
 *            ▲                 ▲
 *            crash: lost       crash: kept, and no promise of it was made
 * ```
 */
export class SimulatedStore {
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #disk = createMemoryStore();
  faults: StoreFaults;
  /** Ascends with every crash: what a dead process began is nothing to the next. */
  #life = 0;
  #refusesUntil = 0;
  #underWay: { readonly number: number; readonly batch: readonly Mutation[] } | undefined = undefined;
  #durable = 0;

  constructor(agenda: Agenda, random: Random, faults: StoreFaults) {
    this.#agenda = agenda;
    this.#random = random;
    this.faults = faults;
  }

  /** Number of the last batch of this process that is durable. */
  get durable(): number {
    return this.#durable;
  }

  /** Commits a batch, one at a time; `settled` hears whether it was kept. */
  commit(number: number, batch: readonly Mutation[], settled: (isKept: boolean) => void): void {
    const life = this.#life;
    const ifAlive = (act: () => void) => (): void => {
      if (life === this.#life) act();
    };
    const { faults } = this;
    this.#underWay = { number, batch };
    let milliseconds = this.#random.integer(0, faults.commitMillisecondsMax);
    if (this.#random.chance(faults.stallChance)) milliseconds += this.#random.integer(0, faults.stallMillisecondsMax);
    if (this.#random.chance(faults.refusalChance)) {
      this.#refusesUntil = this.#agenda.now + this.#random.integer(1, faults.refusalMillisecondsMax);
    }
    if (this.#agenda.now < this.#refusesUntil) {
      this.#underWay = undefined;
      this.#agenda.after(
        milliseconds,
        ifAlive(() => settled(false)),
      );
      return;
    }
    this.#agenda.after(
      milliseconds,
      ifAlive(() => {
        this.#write();
        const told = this.#random.integer(0, faults.commitMillisecondsMax);
        this.#agenda.after(
          told,
          ifAlive(() => settled(true)),
        );
      }),
    );
  }

  /** Reads message bodies; `answer` is called once they are there. */
  read(numbers: readonly number[], answer: (messages: readonly (StoredMessage | undefined)[]) => void): void {
    const life = this.#life;
    this.#agenda.after(this.#random.integer(0, this.faults.readMillisecondsMax), async () => {
      const messages = await this.#disk.read(numbers);
      if (life === this.#life) answer(messages);
    });
  }

  /** What a new process finds. */
  load(): AsyncIterable<readonly Recovered[]> {
    return this.#disk.load();
  }

  /** The process dies; returns the number of its last batch that was kept. */
  crash(): number {
    if (this.#random.chance(0.5)) this.#write();
    this.#life += 1;
    this.#underWay = undefined;
    const durable = this.#durable;
    this.#durable = 0;
    return durable;
  }

  #write(): void {
    if (this.#underWay === undefined) return;
    const { number, batch } = this.#underWay;
    this.#underWay = undefined;
    this.#durable = number;
    // It is applied within the call; the promise has nothing to add.
    void this.#disk.commit(batch);
  }
}
