import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from "lmdb";
import { lockDirectory } from "../store/embedded/lock.ts";

/** One row to be put, or with no value to be removed. Doing it again changes nothing. */
export interface RowChange {
  readonly key: string;
  readonly value: string | undefined;
}

/** Rows that were not kept. */
export class RowError extends Error {
  override readonly name = "RowError";
  /** What is on disk is not known any more; else the same may be tried again. */
  readonly final: boolean;

  constructor(message: string, final: boolean, cause: unknown) {
    super(message, { cause });
    this.final = final;
  }
}

/** Where the rows of the pet store are kept. */
export interface RowFile {
  /** All of them, in the order of their keys. */
  rows(): Iterable<readonly [key: string, value: string]>;
  /**
   * Keeps all of these or none; durable when it resolves. One call at a time.
   * @throws (rejects) RowError
   */
  write(changes: readonly RowChange[]): Promise<void>;
  close(): Promise<void>;
}

/** Rows that end with the process. */
export function createMemoryRows(): RowFile {
  return { rows: () => [], write: () => Promise.resolve(), close: () => Promise.resolve() };
}

/**
 * Opens the rows in a directory, made when it is not there. Only one process may.
 * @throws Error with a sentence that names the other process, or LMDB's error
 */
export function openRowFile(directory: string): RowFile {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(directory);
  try {
    return new LmdbRows(open<string, string>(settings(join(directory, "petstore.mdb"))), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** How large the file may ever become; only address space until it does. */
const mapBytes = 2 ** 36;

/** As for the broker's own store: a commit resolves `flushed` after the disk has it, and nothing is written without that. */
function settings(path: string): RootDatabaseOptionsWithPath & { readonly safeRestore: boolean } {
  return {
    path,
    encoding: "string",
    noSubdir: true,
    separateFlushed: true,
    safeRestore: true,
    mapSize: mapBytes,
    cache: false,
    compression: false,
    eventTurnBatching: false,
  };
}

/** Counts the batches that were tried, so that one that failed can be looked for. */
const triedKey = "tried";

/** The promise of a batch; missing from the types. */
type Written = Promise<boolean> & { readonly flushed: Promise<unknown> };

class LmdbRows implements RowFile {
  readonly #root: RootDatabase<string, string>;
  readonly #unlock: () => void;
  #tries: number;

  constructor(root: RootDatabase<string, string>, unlock: () => void) {
    this.#root = root;
    this.#unlock = unlock;
    this.#tries = Number(root.get(triedKey) ?? 0);
  }

  *rows(): Iterable<readonly [string, string]> {
    for (const { key, value } of this.#root.getRange()) if (key !== triedKey) yield [key, value];
  }

  async write(changes: readonly RowChange[]): Promise<void> {
    this.#tries += 1;
    const tried = String(this.#tries);
    const written = this.#root.batch(() => {
      for (const { key, value } of changes) {
        if (value === undefined) this.#root.remove(key);
        else this.#root.put(key, value);
      }
      this.#root.put(triedKey, tried);
    }) as Written;
    try {
      await written;
      await written.flushed;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // One that can be read although it failed was not confirmed by the disk, and no later flush says anything about it.
      const isFinal = this.#isVisible(tried);
      throw new RowError(`the disk did not ${isFinal ? "confirm" : "take"} what was written: ${why}`, isFinal, error);
    }
  }

  async close(): Promise<void> {
    await this.#root.close();
    this.#unlock();
  }

  #isVisible(tried: string): boolean {
    try {
      return this.#root.get(triedKey) === tried;
    } catch {
      // LMDB gave up on its file.
      return true;
    }
  }
}
