import { Buffer } from "node:buffer";
import { type Database, open, type RootDatabase, type RootDatabaseOptionsWithPath } from "lmdb";
import { numberRecord } from "./records.ts";
import { unsealed } from "./sealed.ts";

type Table = Database<Buffer, Buffer>;

/** The named tables of the file; what stands in them is in `keys.ts` and `records.ts`. */
const tableNames = [
  /** Name → counters, alive, format, tried. */
  "meta",
  /** First number → block of messages. */
  "log",
  /** Session → its row. */
  "sessions",
  /** Session, Topic Filter → subscription. */
  "subscriptions",
  /** Session, Packet Identifier → nothing: QoS 2 received, PUBREL awaited. */
  "received",
  /** Owner, number → how it was bound after it was kept. */
  "bound",
  /** Owner → number up to which all is settled. */
  "floors",
  /** Owner, number → nothing: settled above the floor. */
  "settled",
  /** Tenant, Topic Name → Retained Message. */
  "retained",
  /** Session → Will. */
  "wills",
] as const;

export type TableName = (typeof tableNames)[number];

/** The open tables, and the root that holds them. */
export type Tables = Readonly<Record<TableName, Table>> & { readonly root: RootDatabase<Buffer, Buffer> };

export function isTableName(name: string): name is TableName {
  return (tableNames as readonly string[]).includes(name);
}

/** Keys of the table `meta`. */
export const countersKey: Buffer = Buffer.from("counters");
export const aliveKey: Buffer = Buffer.from("alive");
export const triedKey: Buffer = Buffer.from("tried");
export const formatKey: Buffer = Buffer.from("format");

/** The layout of keys and tables that this program reads and writes. */
export const formatVersion = 1;

/** How large the file may ever become; only address space until it does. */
const mapBytes = 2 ** 40;

/**
 * Opens the tables of a store's file, made when they are not there.
 *
 * A commit resolves `flushed` after the disk has it; nothing here writes without that (`noSync` loses the file when the
 * power fails). `safeRestore` opens it at the last flushed commit. Without `eventTurnBatching: false` a commit that fails
 * rejects a promise that nobody can have, which ends the process.
 * @throws Error with a sentence when another process has it open, or LMDB's error
 */
export function openTables(path: string): Tables {
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  // `safeRestore` is missing from the types.
  const settings: RootDatabaseOptionsWithPath & { readonly safeRestore: boolean } = {
    path,
    ...binary,
    noSubdir: true,
    separateFlushed: true,
    safeRestore: true,
    mapSize: mapBytes,
    maxDbs: 16,
    cache: false,
    compression: false,
    eventTurnBatching: false,
  };
  const root = open<Buffer, Buffer>(settings);
  checkReaders(root, path);
  const tables = tableNames.map((name) => [name, root.openDB<Buffer, Buffer>({ name, ...binary })]);
  return { root, ...(Object.fromEntries(tables) as Record<TableName, Table>) };
}

/** LMDB knows of other processes by the kernel's locks, so also of one in another container, which the lock file cannot. */
function checkReaders(root: RootDatabase<Buffer, Buffer>, path: string): void {
  // Missing from the types: a line for each reader, which nobody but another process can be yet.
  const [, pid] = /^\s*(\d+)/m.exec((root as unknown as { readerList(): string }).readerList()) ?? [];
  if (pid === undefined) return;
  void root.close();
  throw new Error(`${path} is open in another process (${pid} where it runs): only one may.`);
}

/** The pages of all tables, in bytes. */
export function bytesInUse(tables: Tables): number {
  let bytes = 0;
  for (const name of tableNames) {
    const stats = tables[name].getStats() as TableStats;
    bytes += stats.pageSize * (stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages);
  }
  return bytes;
}

/** What LMDB counts, in pages. */
interface TableStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/**
 * Writes the format's version into a new store and refuses another one.
 * @throws Error with a sentence
 */
export async function checkFormat({ meta }: Tables): Promise<void> {
  const value = meta.get(formatKey);
  if (value === undefined) {
    await meta.put(formatKey, numberRecord(formatKey, formatVersion));
    return;
  }
  const version = unsealed(formatKey, value).number();
  if (version === formatVersion) return;
  throw new Error(
    `The store is of format ${version}, this program reads format ${formatVersion}: run the version that wrote it, or start with another data directory.`,
  );
}
