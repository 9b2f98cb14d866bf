import type { Logger } from "pino";
import { type Deferred, defer } from "../server/deferred.ts";
import { type RowChange, RowError, type RowFile } from "./row-file.ts";

/** How long after a failure the same batch is tried again. */
const retryMilliseconds = 1_000;

/** So many rows go into one batch at most, unless one step has more. */
const batchRowsMax = 5_000;

/** Rows that are kept together, and who waits for it. */
interface Batch {
  readonly changes: Map<string, string | undefined>;
  readonly kept: Deferred<void>;
}

/**
 * Keeps rows: those of one turn in one batch, one batch at a time while the next collects. A batch that was not kept is
 * tried again, first in line, until it is; only an error after which the disk cannot be believed ends it.
 */
export class RowWriter {
  readonly #file: RowFile;
  readonly #log: Logger;
  readonly #batches: Batch[] = [];
  #isRunning = false;
  #isClosing = false;
  #problem: string | undefined = undefined;
  #failure: RowError | undefined = undefined;

  constructor(file: RowFile, log: Logger) {
    this.#file = file;
    this.#log = log;
  }

  /** Why nothing can be kept now, as a sentence; undefined while it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Resolves when these rows, and all that were given before, are kept.
   * @throws (rejects) RowError when it never will be
   */
  write(changes: readonly RowChange[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const last = this.#batches.at(-1);
    if (changes.length === 0) return last?.kept.promise ?? Promise.resolve();
    // The first one may be on its way to the disk.
    const isOpen = last !== undefined && (!this.#isRunning || this.#batches.length > 1);
    const batch = isOpen && last.changes.size < batchRowsMax ? last : this.#open();
    for (const { key, value } of changes) batch.changes.set(key, value);
    return batch.kept.promise;
  }

  /** Resolves when everything is kept that was given, or cannot be kept now: then nobody was promised that it is. */
  async close(): Promise<void> {
    this.#isClosing = true;
    while (this.#failure === undefined && this.#batches.length > 0)
      await this.#batches.at(-1)?.kept.promise.catch(() => {});
    await this.#file.close();
  }

  #open(): Batch {
    const batch = { changes: new Map<string, string | undefined>(), kept: defer<void>() };
    // Rows that nobody waits for are no reason to end the process; whoever comes next hears of it.
    batch.kept.promise.catch(() => {});
    this.#batches.push(batch);
    if (this.#batches.length === 1) setImmediate(() => void this.#run());
    return batch;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      const changes = [...batch.changes].map(([key, value]) => ({ key, value }));
      try {
        await this.#file.write(changes);
      } catch (error) {
        if (!(error instanceof RowError) || error.final || this.#isClosing) {
          this.#fail(error);
          break;
        }
        if (this.#problem === undefined) this.#log.error(`the pet store takes nothing new now: ${error.message}`);
        this.#problem = error.message;
        await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
        continue;
      }
      this.#problem = undefined;
      this.#batches.shift();
      batch.kept.resolve();
    }
    this.#isRunning = false;
  }

  #fail(error: unknown): void {
    const failure = error instanceof RowError ? error : new RowError(String(error), true, error);
    this.#failure = failure;
    this.#problem = failure.message;
    this.#log.fatal(`the pet store keeps nothing more, start again: ${failure.message}`);
    for (const { kept } of this.#batches.splice(0)) kept.reject(failure);
  }
}
