import type { Mutation, Recovered } from "../../broker/mutation.ts";
import type { Store, StoredMessage } from "../store.ts";
import { Backlog } from "./backlog.ts";
import { numberKey } from "./keys.ts";
import { loadTables } from "./load.ts";
import { storedMessages } from "./log-block.ts";
import { Preparation, type Prepared } from "./preparation.ts";
import { Sweeper } from "./sweeper.ts";
import { TableWriter } from "./table-writer.ts";
import type { Tables } from "./tables.ts";

/** The store in LMDB's tables, where a commit is promised after the disk has it. */
export class EmbeddedStore implements Store {
  readonly #tables: Tables;
  readonly #backlog: Backlog = new Backlog();
  readonly #preparation: Preparation = new Preparation(this.#backlog);
  readonly #writer: TableWriter;
  readonly #sweeper: Sweeper;
  /** What a batch comes to, for when it must be tried again. */
  readonly #prepared: WeakMap<readonly Mutation[], Prepared> = new WeakMap();
  readonly #closed: () => void;

  /** @param closed is called when it was closed */
  constructor(tables: Tables, closed: () => void) {
    this.#tables = tables;
    this.#closed = closed;
    this.#writer = new TableWriter(tables);
    this.#sweeper = new Sweeper(tables, this.#backlog, this.#preparation, this.#writer);
  }

  async *load(): AsyncIterable<readonly Recovered[]> {
    yield* loadTables(this.#tables, {
      backlog: this.#backlog,
      preparation: this.#preparation,
      ended: (owner) => {
        this.#preparation.end(owner);
        this.#sweeper.add(owner);
      },
    });
    this.#sweeper.run();
  }

  /** @throws StoreError */
  async commit(batch: readonly Mutation[]): Promise<void> {
    if (batch.length === 0) return;
    let prepared = this.#prepared.get(batch);
    if (prepared === undefined) {
      prepared = this.#preparation.prepare(batch);
      this.#prepared.set(batch, prepared);
    }
    await this.#writer.write(prepared.changes);
    for (const owner of prepared.ended) this.#sweeper.add(owner);
    this.#sweeper.run();
  }

  async read(numbers: readonly number[]): Promise<readonly (StoredMessage | undefined)[]> {
    const wanted = new Map<number, Set<number>>();
    for (const number of numbers) {
      const first = this.#backlog.blockOf(number);
      if (first === undefined) continue;
      const inBlock = wanted.get(first);
      if (inBlock === undefined) wanted.set(first, new Set([number]));
      else inBlock.add(number);
    }
    const found = new Map<number, StoredMessage>();
    for (const [first, inBlock] of wanted) this.#readBlock(first, inBlock, found);
    return numbers.map((number) => found.get(number));
  }

  #readBlock(first: number, wanted: ReadonlySet<number>, found: Map<number, StoredMessage>): void {
    const key = numberKey(first);
    const value = this.#tables.log.get(key);
    if (value === undefined) return;
    for (const stored of storedMessages(key, value, first, wanted)) {
      const targets = stored.targets.filter(({ owner }) => this.#backlog.isOwed(owner, stored.number));
      if (targets.length > 0) found.set(stored.number, { ...stored, targets });
    }
  }

  /** Resolves when the store does nothing on its own any more. */
  rest(): Promise<void> {
    return this.#sweeper.rest();
  }

  async close(): Promise<void> {
    await this.#sweeper.stop();
    await this.#writer.rest();
    await this.#tables.root.close();
    this.#closed();
  }
}
