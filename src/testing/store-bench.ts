import type { Mutation } from "../broker/mutation.ts";
import type { Store } from "../store/store.ts";
import { type StoreState, stateOf } from "./store-state.ts";

/** Where a store under test lives. */
export interface StoreStage {
  /** Opens the store with everything that was committed; the one before was closed. */
  open(): Promise<Store>;
  /**
   * Waits until an open store has done what it does on its own, and counts the rows that it then has: only the kinds of
   * which there are any.
   */
  rowsLeft(store: Store): Promise<Readonly<Record<string, number>>>;
  /** Takes everything away; the store was closed. */
  remove(): Promise<void>;
}

/** One sentence of what a store means. */
export type StoreCase = (bench: StoreBench) => Promise<void>;

/** One store, opened again and again. */
export class StoreBench {
  readonly #stage: StoreStage;
  #store: Store | undefined = undefined;

  constructor(stage: StoreStage) {
    this.#stage = stage;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error("open comes first");
    return this.#store;
  }

  /** Opens and loads it: a store is loaded before its first commit. */
  async open(): Promise<StoreState> {
    this.#store = await this.#stage.open();
    return stateOf(this.#store);
  }

  async reopen(): Promise<StoreState> {
    await this.store.close();
    return this.open();
  }

  commit(...batch: readonly Mutation[]): Promise<void> {
    return this.store.commit(batch);
  }

  /** The rows that are left when the store has come to rest. */
  rowsLeft(): Promise<Readonly<Record<string, number>>> {
    return this.#stage.rowsLeft(this.store);
  }

  async end(): Promise<void> {
    await this.#store?.close();
    await this.#stage.remove();
  }
}
