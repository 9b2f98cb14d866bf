import type { Backlog } from "./backlog.ts";
import { afterOwner, numberKey, ownerKey } from "./keys.ts";
import { thinned } from "./log-block.ts";
import type { Preparation } from "./preparation.ts";
import type { Change, TableWriter } from "./table-writer.ts";
import type { TableName, Tables } from "./tables.ts";

/** How many rows of an owner that is no more go in one commit. */
const sweepMax = 1_000;

/** So many rows of the log are written again in one commit; each may be as large as one message. */
const thinMax = 32;

const tablesOfOwner: readonly TableName[] = ["subscriptions", "received", "wills", "bound", "settled", "floors"];

/**
 * Takes away what nobody needs, in slices between the commits: the rows of owners that are no more, and from rows of the
 * log that are mostly settled what is settled. What is left undone when the process ends is found at the next start.
 */
export class Sweeper {
  readonly #tables: Tables;
  readonly #backlog: Backlog;
  readonly #preparation: Preparation;
  readonly #writer: TableWriter;
  readonly #ended: Set<number> = new Set();
  /** A slice that was decided and has to be written, whatever comes. */
  #slice: readonly Change[] = [];
  #running: Promise<void> | undefined = undefined;
  #isStopped = false;

  constructor(tables: Tables, backlog: Backlog, preparation: Preparation, writer: TableWriter) {
    this.#tables = tables;
    this.#backlog = backlog;
    this.#preparation = preparation;
    this.#writer = writer;
  }

  /** The owner is no more: that is kept. */
  add(owner: number): void {
    this.#ended.add(owner);
  }

  /** Goes on, unless it does; after a commit. A slice that failed is written again with the next call. */
  run(): void {
    this.#running ??= this.#sweep().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing is left to do, or a slice failed. */
  async rest(): Promise<void> {
    await this.#running;
  }

  /** Resolves after the slice that is being written. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.rest();
  }

  async #sweep(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#slice.length === 0) this.#slice = this.#nextSlice();
      if (this.#slice.length === 0) return;
      try {
        await this.#writer.write(this.#slice);
      } catch {
        // The commit that comes next meets the same disk, and says so to those who wait for it.
        return;
      }
      this.#slice = [];
    }
  }

  #nextSlice(): readonly Change[] {
    for (const owner of this.#ended) {
      const changes = this.#preparation.drop(owner, sweepMax);
      if (changes.length === 0) changes.push(...this.#rowsOf(owner));
      if (changes.length > 0) return changes;
      this.#ended.delete(owner);
      this.#preparation.forget(owner);
    }
    const changes = this.#preparation.settledRows();
    return changes.length > 0 ? changes : this.#thin();
  }

  /** The removals of up to so many rows of this owner. */
  #rowsOf(owner: number): Change[] {
    const changes: Change[] = [];
    for (const table of tablesOfOwner) {
      const range = { start: ownerKey(owner), end: afterOwner(owner), limit: sweepMax - changes.length };
      for (const key of this.#tables[table].getKeys(range)) changes.push({ table, key, value: undefined });
      if (changes.length >= sweepMax) break;
    }
    return changes;
  }

  #thin(): Change[] {
    const changes: Change[] = [];
    while (changes.length < thinMax) {
      const first = this.#backlog.takeSparse();
      if (first === undefined) break;
      if (!this.#backlog.isNeeded(first)) continue;
      const key = numberKey(first);
      const value = this.#tables.log.get(key);
      if (value === undefined) continue;
      const less = thinned(key, value, first, (owner, number) => this.#backlog.isOwed(owner, number));
      if (less.length * 2 <= value.length) changes.push({ table: "log", key, value: less });
    }
    return changes;
  }
}
