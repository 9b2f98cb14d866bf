import type { Buffer } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import { NotAStoreFile, PageFile, readTree, type Snapshot, treeValue, unconfirmed, type Walk } from "./page-file.ts";
import { unsealed } from "./sealed.ts";
import { formatKey, formatVersion, isTableName, type TableName } from "./tables.ts";

/** Rows by table; a table with none is left out. */
export type RowCounts = Partial<Record<TableName, number>>;

/** What a whole reading of a store's file says. */
export interface StoreReading {
  /** The commit that it was read as; undefined when nothing could be read. */
  readonly snapshot: Snapshot | undefined;
  /** Commits behind it that cannot be read any more. */
  readonly commitsLost: number;
  readonly readable: Readonly<RowCounts>;
  readonly lost: Readonly<RowCounts>;
  /** What is wrong, in words; empty when all is well. */
  readonly problems: readonly string[];
}

/** One row as it stands there. */
export interface Row {
  readonly table: TableName;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** More pages than any file has. */
const pagesMax = 2 ** 36;

/** So many problems are told; the rest is counted. */
const problemsMax = 5;

/**
 * Reads every page and row of a store's file without LMDB, which ends the process when a page is not what it should be.
 * What is of another format or version is for those to refuse who open it.
 * @throws Error with a sentence for another version of LMDB, or the error of the file system
 */
export function readStoreFile(path: string): StoreReading {
  const file = new PageFile(path);
  try {
    const [snapshot, ...before] = file.snapshots();
    if (snapshot === undefined) return nothing("it has no head that can be read");
    const reading = readSnapshot(file, snapshot);
    const problems = [...headProblems(snapshot, before), ...reading.problems];
    if (problems.length === 0) return reading;
    let best = reading;
    for (const other of before) {
      const found = readSnapshot(file, other);
      if (lossOf(found) < lossOf(best)) best = { ...found, commitsLost: snapshot.commit - other.commit };
    }
    return { ...best, problems };
  } catch (error) {
    if (error instanceof NotAStoreFile) return nothing(error.message);
    throw error;
  } finally {
    file.close();
  }
}

/** Every row of a commit that can be read. */
export function* rowsOfCommit(path: string, snapshot: Snapshot): Generator<Row> {
  const file = new PageFile(path);
  try {
    file.snapshots();
    yield* rowsOfSnapshot(file, snapshot);
  } finally {
    file.close();
  }
}

/** LMDB reads its own copy of the head that we read, and the size of a page in any. */
function headProblems(snapshot: Snapshot, others: readonly Snapshot[]): string[] {
  const isOther = (other: Snapshot): boolean =>
    other.pageBytes !== snapshot.pageBytes ||
    other.lastPage > pagesMax ||
    (other.commit === snapshot.commit && !isDeepStrictEqual(placesOf(other), placesOf(snapshot)));
  return others.some(isOther) ? ["the heads of the file do not agree"] : [];
}

function placesOf({ lastPage, free, main }: Snapshot): unknown {
  return [lastPage, { ...free, flags: free.flags & ~unconfirmed }, main];
}

function nothing(problem: string): StoreReading {
  return { snapshot: undefined, commitsLost: 0, readable: {}, lost: {}, problems: [problem] };
}

/** A table that is not found weighs more than any number of rows, and what is wrong without a loss still weighs. */
function lossOf({ snapshot, lost, readable, problems }: StoreReading): number {
  const tables = (snapshot?.main.entries ?? 0) - Object.keys({ ...lost, ...readable }).length;
  const rows = Object.values(lost).reduce((sum, count) => sum + count, 0);
  return tables * 2 ** 40 + rows + (problems.length > 0 ? 0.5 : 0);
}

function readSnapshot(file: PageFile, snapshot: Snapshot): StoreReading {
  const rows = rowsOfSnapshot(file, snapshot);
  for (let next = rows.next(); ; next = rows.next()) if (next.done === true) return next.value;
}

function* rowsOfSnapshot(file: PageFile, snapshot: Snapshot): Generator<Row, StoreReading> {
  const problems = new Problems();
  const readable: RowCounts = {};
  const lost: RowCounts = {};
  const walk = file.walk(snapshot, (problem) => problems.tell(problem));
  for (const { key: name, value: root, flags } of file.entries(snapshot.main, walk)) {
    const table = name.toString("latin1").replace(/\0$/, "");
    if (flags !== treeValue || !isTableName(table)) continue;
    const tree = readTree(root);
    if (tree.flags !== 0) problems.tell(`the table ${table} has unknown flags`);
    let count = 0;
    for (const { key, value } of file.entries(tree, walk)) {
      if (!isWhole(key, value)) {
        problems.tell(`a row of ${table} is not what was written`);
        continue;
      }
      if (table === "meta" && isOtherFormat(key, value))
        return { snapshot, commitsLost: 0, readable, lost, problems: [] };
      count += 1;
      yield { table, key, value };
    }
    readable[table] = count;
    lost[table] = Math.max(0, tree.entries - count);
  }
  checkFreePages(file, walk, problems);
  return { snapshot, commitsLost: 0, readable, lost, problems: problems.told() };
}

/** The first few, and how many more there are. */
class Problems {
  readonly #told: string[] = [];
  #count = 0;

  tell(problem: string): void {
    this.#count += 1;
    if (this.#count <= problemsMax) this.#told.push(problem);
  }

  told(): string[] {
    if (this.#count <= problemsMax) return this.#told;
    return [...this.#told, `and ${this.#count - problemsMax} more`];
  }
}

function isWhole(key: Buffer, value: Buffer): boolean {
  try {
    unsealed(key, value);
    return true;
  } catch {
    return false;
  }
}

function isOtherFormat(key: Buffer, value: Buffer): boolean {
  return key.equals(formatKey) && unsealed(key, value).number() !== formatVersion;
}

/** Lists of pages that may be written over, or with a minus how many from the next one on: no other numbers stand there. */
function checkFreePages(file: PageFile, walk: Walk, problems: Problems): void {
  const { free, lastPage } = walk.snapshot;
  for (const { value } of file.entries(free, walk, (one, other) => one.readUIntLE(0, 6) < other.readUIntLE(0, 6))) {
    for (let at = 8; at + 8 <= value.length; at += 8) {
      const page = Number(value.readBigInt64LE(at));
      if (page === 1 || Math.abs(page) > lastPage) {
        problems.tell("a list of free pages is not what was written");
        return;
      }
    }
  }
}
