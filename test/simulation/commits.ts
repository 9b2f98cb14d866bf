import type { Mutation } from "../../src/broker/mutation.ts";
import type { Agenda } from "../../src/testing/agenda.ts";
import type { SimulatedStore } from "../../src/testing/simulated-store.ts";
import type { Link } from "./link.ts";

/** Numbers that a Session or shared group asked for. */
export interface Fetch {
  readonly owner: number;
  readonly numbers: readonly number[];
}

/** What is committed at once, and who waits for it. */
export interface Batch {
  readonly number: number;
  readonly mutations: Mutation[];
  readonly links: Set<Link>;
  readonly fetches: Fetch[];
}

/** Who hears of commits. */
export interface CommitsListener {
  readonly isDead: boolean;
  /** A batch is durable, and the next one is under way. */
  committed(batch: Batch): void;
  storeState(state: "ready" | "refusing"): void;
}

const retryMilliseconds = 50;

/** One batch in flight, one collecting, between them those that were cut; a refused one is tried again, first in line. */
export class SimulatedCommits {
  readonly #agenda: Agenda;
  readonly #store: SimulatedStore;
  readonly #listener: CommitsListener;
  readonly #cut: Batch[] = [];
  #inFlight: Batch | undefined = undefined;
  #settled = 0;
  collecting: Batch = createBatch(1);
  isRefusing = false;

  constructor(agenda: Agenda, store: SimulatedStore, listener: CommitsListener) {
    this.#agenda = agenda;
    this.#store = store;
    this.#listener = listener;
  }

  /** Number of the last batch that is known to be durable. */
  get settled(): number {
    return this.#settled;
  }

  /** The batch under way. */
  get inFlight(): Batch | undefined {
    return this.#inFlight;
  }

  /** The batch after which everything persisted up to now is durable; undefined when it is. */
  awaited(): Batch | undefined {
    if (this.collecting.mutations.length > 0) return this.collecting;
    return this.#cut.at(-1) ?? this.#inFlight;
  }

  /** Between two verbs: the batch is full. */
  cut(): void {
    this.#cutNow();
    this.#next();
  }

  /** At the end of a turn: commits what was collected unless a commit is in flight. */
  commit(): void {
    if (this.#inFlight !== undefined || this.collecting.mutations.length === 0) return;
    this.cut();
  }

  #cutNow(): void {
    this.#cut.push(this.collecting);
    this.collecting = createBatch(this.collecting.number + 1);
  }

  #next(): void {
    if (this.#inFlight !== undefined) return;
    this.#inFlight = this.#cut.shift();
    if (this.#inFlight !== undefined) this.#try(this.#inFlight);
  }

  #try(batch: Batch): void {
    this.#store.commit(batch.number, batch.mutations, (isKept) => {
      if (isKept) this.#kept(batch);
      else this.#refused(batch);
    });
  }

  #kept(batch: Batch): void {
    this.#settled = batch.number;
    this.#inFlight = undefined;
    if (this.isRefusing) {
      this.isRefusing = false;
      this.#listener.storeState("ready");
    }
    if (this.#cut.length === 0 && this.collecting.mutations.length > 0) this.#cutNow();
    this.#next();
    this.#listener.committed(batch);
  }

  #refused(batch: Batch): void {
    if (!this.isRefusing) {
      this.isRefusing = true;
      this.#listener.storeState("refusing");
    }
    this.#agenda.after(retryMilliseconds, () => {
      if (!this.#listener.isDead) this.#try(batch);
    });
  }
}

function createBatch(number: number): Batch {
  return { number, mutations: [], links: new Set(), fetches: [] };
}
