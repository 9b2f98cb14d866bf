import { linkSync, renameSync, rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Highest } from "./highest.ts";
import { countersRecord } from "./records.ts";
import { type RowCounts, readStoreFile, rowsOfCommit, type StoreReading } from "./store-reading.ts";
import { type Change, TableWriter } from "./table-writer.ts";
import { countersKey, openTables } from "./tables.ts";

/** What became of a store that was damaged. */
export interface SalvageReport {
  /** Where the damaged file is now, as it was. */
  readonly setAside: string;
  /** What is wrong with it, in words. */
  readonly problems: readonly string[];
  /** Rows that are in the new store, by table. */
  readonly kept: Readonly<RowCounts>;
  /** Rows that cannot be read any more, by table; a row of the log is up to some hundred messages. */
  readonly lost: Readonly<RowCounts>;
  /** Commits at the end that cannot be read any more. */
  readonly commitsLost: number;
}

/** How long a damage must stay as it is: in a file that somebody writes to it does not. */
const secondLookMilliseconds = 1_000;

/** Rows and bytes that are copied in one commit. */
const copyRowsMax = 1_000;
const copyBytesMax = 8 * 1_048_576;

/**
 * Reads the whole file of a store before it is opened. A damaged one is set aside under a name with the time, and a new
 * one with all that could be read takes its place; undefined when there was nothing to do.
 * @throws Error with a sentence for another version of LMDB or when somebody writes to the file, StoreError, or the error of
 * the file system
 */
export async function salvageStore(path: string, now: Date): Promise<SalvageReport | undefined> {
  const first = readStoreFile(path);
  if (first.problems.length === 0) return undefined;
  await setTimeout(secondLookMilliseconds);
  const reading = readStoreFile(path);
  if (reading.problems.length === 0) return undefined;
  if (reading.snapshot?.commit !== first.snapshot?.commit) throw new Error(`${path} is written to by another process.`);
  const fresh = `${path}.salvaged`;
  removeStore(fresh);
  await copyStore(path, reading, fresh);
  const setAside = `${path}.damaged-${now.toISOString().replaceAll(":", "-")}`;
  linkSync(path, setAside);
  renameSync(fresh, path);
  removeStore(fresh);
  const { problems, commitsLost } = reading;
  return { setAside, problems, kept: some(reading.readable), lost: some(reading.lost), commitsLost };
}

async function copyStore(path: string, { snapshot }: StoreReading, fresh: string): Promise<void> {
  const tables = openTables(fresh);
  try {
    const writer = new TableWriter(tables);
    const highest = new Highest();
    let changes: Change[] = [];
    let bytes = 0;
    for (const row of snapshot === undefined ? [] : rowsOfCommit(path, snapshot)) {
      highest.see(row);
      changes.push(row);
      bytes += row.value.length;
      if (changes.length < copyRowsMax && bytes < copyBytesMax) continue;
      await writer.write(changes);
      changes = [];
      bytes = 0;
    }
    const counters = countersRecord(countersKey, highest.number, highest.owner);
    await writer.write([...changes, { table: "meta", key: countersKey, value: counters }]);
  } finally {
    await tables.root.close();
  }
}

/** Without the tables that have none. */
function some(counts: Readonly<RowCounts>): RowCounts {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function removeStore(path: string): void {
  rmSync(path, { force: true });
  rmSync(`${path}-lock`, { force: true });
}
