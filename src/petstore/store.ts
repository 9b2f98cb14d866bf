import type { Logger } from "pino";
import { type Change, type Memo, Refusal, type Rows, type State, storeLimits, type Table, tables } from "./domain.ts";
import { type Command, decide } from "./draft.ts";
import { IdentifierSource, type RandomBytes } from "./identifiers.ts";
import type { JournalKeeper } from "./journal.ts";
import { JournalBook, type JournalRow, journalRowsMax } from "./journal-book.ts";
import type { RowChange, RowFile } from "./row-file.ts";
import { RowWriter } from "./row-writer.ts";

/** What a store is made of. */
export interface PetStoreOptions {
  readonly file: RowFile;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: RandomBytes;
}

/** The layout of the rows that this program reads and writes. */
const formatVersion = "1";
const formatKey = "format";
const journalPrefix = "journal/";

/** Events of one step, besides those that wait already. */
const stepEventsMax = 2 * storeLimits.itemsMax + 10;

/**
 * The pet store: what is known stands in memory, and every step is kept together with the events that tell of it, all or
 * nothing. Steps are carried out one after another, each at once.
 */
export class PetStore implements JournalKeeper {
  /** What the store knows. A step is seen in it at once, up to a few milliseconds before it is kept. */
  readonly state: State;
  /** What has to be published. */
  readonly book: JournalBook = new JournalBook();
  /** It was never used before. */
  readonly isNew: boolean;
  readonly #tables: { readonly [Name in Table]: Map<string, Rows[Name]> };
  readonly #options: PetStoreOptions;
  readonly #writer: RowWriter;
  readonly #identifiers: IdentifierSource;
  #whenKept: () => void = () => {};
  #now = 0;
  #isClosed = false;

  /** @throws Error with a sentence when another version wrote the rows, or one of them cannot be read */
  constructor(options: PetStoreOptions) {
    this.#options = options;
    this.#writer = new RowWriter(options.file, options.log);
    this.#identifiers = new IdentifierSource(options.random);
    this.#tables = {
      pets: new Map(),
      products: new Map(),
      orders: new Map(),
      payments: new Map(),
      devices: new Map(),
      customers: new Map(),
      memos: new Map(),
    };
    this.state = this.#tables;
    this.isNew = !this.#load();
  }

  /** Why nothing can be kept now, as a sentence; undefined while it can. */
  get problem(): string | undefined {
    return this.#writer.problem;
  }

  /**
   * Carries out a step. Resolves when it is kept, with what came of it, or with why nothing was done.
   * @param remember what is kept in the same moment, so that the same request is known again
   * @throws (rejects) RowError when the disk failed for good
   */
  async perform<Result>(
    command: Command<Result>,
    remember?: (result: Result, now: number) => Memo,
  ): Promise<Result | Refusal> {
    if (this.#isClosed) return new Refusal("full", "the pet store is closing");
    if (this.problem !== undefined) return new Refusal("full", `the pet store can keep nothing now: ${this.problem}`);
    if (this.book.size + stepEventsMax > journalRowsMax) {
      return new Refusal("full", "too many events wait to be published; try again in a moment");
    }
    this.#now = Math.max(this.#now, this.#options.now());
    const now = this.#now;
    const decision = decide(this.state, command, { now, newId: () => this.#identifiers.next(now) });
    if (decision instanceof Refusal) return decision;
    const { result } = decision;
    const changes = [...decision.changes];
    if (remember !== undefined) changes.push(...this.#memoChanges(remember(result, now), now));
    for (const change of changes) this.#apply(change);
    const events = this.book.add(decision.events);
    await this.#writer.write([...changes.map(rowOf), ...events.map(journalRowOf)]);
    this.book.kept(events);
    if (events.length > 0) this.#whenKept();
    return result;
  }

  /** Called when there are events to be sent. */
  onKept(whenKept: () => void): void {
    this.#whenKept = whenKept;
  }

  async received(row: JournalRow): Promise<void> {
    const { number, packetIdentifier } = row;
    const value = JSON.stringify({ number, packetIdentifier, isReleased: true });
    await this.#writer.write([{ key: journalKey(number), value }]);
  }

  done({ number }: JournalRow): void {
    void this.#writer.write([{ key: journalKey(number), value: undefined }]).catch(() => {});
  }

  /** Resolves when everything is kept that was begun. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writer.close();
  }

  #apply({ table, id, row }: Change): void {
    const rows = this.#tables[table] as Map<string, Rows[Table]>;
    if (row === undefined) rows.delete(id);
    else rows.set(id, row);
  }

  /** The new one, and without those that are over; the oldest goes where there is no room. */
  #memoChanges(memo: Memo, now: number): Change[] {
    const changes: Change[] = [{ table: "memos", id: memo.id, row: memo }];
    let left = this.state.memos.size;
    for (const { id, expiresAt } of this.state.memos.values()) {
      if (expiresAt > now && left < storeLimits.memosMax) break;
      if (id !== memo.id) changes.push({ table: "memos", id, row: undefined });
      left -= 1;
    }
    return changes;
  }

  /** Whether there was something. */
  #load(): boolean {
    let format: string | undefined;
    const memos: Memo[] = [];
    for (const [key, value] of this.#options.file.rows()) {
      if (key === formatKey) format = value;
      else if (key.startsWith(journalPrefix)) this.#loadEvent(key, value);
      else {
        const row = parsed(key, value) as Rows[Table];
        const table = tables.find((name) => key.startsWith(`${name}/`));
        if (table === undefined) throw new Error(`the pet store has a row that this program does not know: ${key}`);
        if (table === "memos") memos.push(row as Memo);
        else this.#apply({ table, id: row.id, row } as Change);
      }
    }
    memos.sort((one, other) => one.expiresAt - other.expiresAt);
    for (const memo of memos) this.#tables.memos.set(memo.id, memo);
    if (format === undefined) {
      void this.#writer.write([{ key: formatKey, value: formatVersion }]).catch(() => {});
      return false;
    }
    if (format === formatVersion) return true;
    throw new Error(
      `the pet store is of format ${format}, this program reads format ${formatVersion}: run the version that wrote it, or start with another data directory`,
    );
  }

  #loadEvent(key: string, value: string): void {
    const row = parsed(key, value) as JournalRow & { readonly isReleased?: boolean };
    this.book.recover(row, row.isReleased === true);
  }
}

function rowOf({ table, id, row }: Change): RowChange {
  return { key: `${table}/${id}`, value: row === undefined ? undefined : JSON.stringify(row) };
}

function journalRowOf(row: JournalRow): RowChange {
  return { key: journalKey(row.number), value: JSON.stringify(row) };
}

/** Keys sort like the numbers. */
function journalKey(number: number): string {
  return `${journalPrefix}${String(number).padStart(16, "0")}`;
}

function parsed(key: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    throw new Error(`row ${key} of the pet store cannot be read; put a copy of its directory in its place`);
  }
}
