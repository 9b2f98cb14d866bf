import type { Buffer } from "node:buffer";
import { setTimeout } from "node:timers/promises";
import { StoreError } from "../store-error.ts";
import { numberRecord } from "./records.ts";
import { unsealed } from "./sealed.ts";
import { type TableName, type Tables, triedKey } from "./tables.ts";

/** One row to be put, or with no value to be removed: decided before the commit, the same for every try of it. */
export interface Change {
  readonly table: TableName;
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

/** The promise of a batch; missing from the types. */
type Written = Promise<boolean> & { readonly flushed: Promise<unknown> };

/** How long LMDB may take to say why it failed. */
const reasonMilliseconds = 1_000;

/**
 * Writes changes, one transaction after the other in the order of the calls. Each is durable when its promise resolves;
 * one that was rejected left nothing behind, unless its error is final.
 */
export class TableWriter {
  readonly #tables: Tables;
  #last: Promise<void> = Promise.resolve();
  #tries: number;
  #failure: StoreError | undefined = undefined;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#tries = this.#tried();
  }

  /** @throws StoreError */
  write(changes: readonly Change[]): Promise<void> {
    const written = this.#last.then(() => this.#write(changes));
    this.#last = written.catch(() => {});
    return written;
  }

  /** Resolves after everything that was given. */
  rest(): Promise<void> {
    return this.#last;
  }

  async #write(changes: readonly Change[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#tries += 1;
    const record = numberRecord(triedKey, this.#tries);
    const written = this.#tables.root.batch(() => {
      for (const { table, key, value } of changes) {
        if (value === undefined) this.#tables[table].remove(key);
        else this.#tables[table].put(key, value);
      }
      this.#tables.meta.put(triedKey, record);
    }) as Written;
    try {
      await written;
      await written.flushed;
    } catch (error) {
      const failure = await this.#failureOf(error);
      if (failure.final) this.#failure = failure;
      throw failure;
    }
  }

  /**
   * A transaction that cannot be read was not written: the disk is full, mostly, and LMDB says EIO of it. One that can be
   * read although it failed was not confirmed by the disk, and a later flush that succeeds says nothing about it.
   */
  async #failureOf(error: unknown): Promise<StoreError> {
    const reason = await reasonOf(error);
    const text = reason instanceof Error ? reason.message : String(reason);
    if (this.#isVisible()) return new StoreError(`The disk did not confirm what was written: ${text}`, true, reason);
    return new StoreError(`The disk did not take what was written: ${text}`, false, reason);
  }

  #isVisible(): boolean {
    try {
      return this.#tried() === this.#tries;
    } catch {
      // LMDB gave up on its file.
      return true;
    }
  }

  /** Number of the last transaction that can be read. */
  #tried(): number {
    const value = this.#tables.meta.get(triedKey);
    return value === undefined ? 0 : unsealed(triedKey, value).number();
  }
}

/** What LMDB says that a commit failed of comes behind its rejection. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  const reason = Promise.resolve(error.commitError).then(
    () => error,
    (cause: unknown) => cause,
  );
  const late = setTimeout(reasonMilliseconds, error, { ref: false });
  return Promise.race([reason, late]);
}
