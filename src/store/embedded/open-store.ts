import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { EmbeddedStore } from "./embedded-store.ts";
import { lockDirectory } from "./lock.ts";
import { type SalvageReport, salvageStore } from "./salvage.ts";
import { type StoreSpace, spaceOf } from "./space.ts";
import { checkFormat, openTables } from "./tables.ts";

/** The name of LMDB's file in the store's directory; its lock file stands beside it. */
const fileName = "store.mdb";

/** A store that is open. */
export interface OpenedStore {
  readonly store: EmbeddedStore;
  /** What was done for a damaged one; undefined when all was well. */
  readonly salvaged: SalvageReport | undefined;
  /** How full it is now; not after `close`. */
  space(): StoreSpace;
}

/**
 * Opens the store in a directory, made when it is not there. Only one process may; `close` lets it go. The whole file is
 * read before, and what is damaged is set aside.
 * @throws Error with a sentence when another process has it or another version wrote it
 */
export async function openEmbeddedStore(directory: string): Promise<OpenedStore> {
  mkdirSync(directory, { recursive: true });
  const unlock = lockDirectory(directory);
  try {
    const path = join(directory, fileName);
    const salvaged = existsSync(path) ? await salvageStore(path, new Date()) : undefined;
    const tables = openTables(path);
    await checkFormat(tables).catch(async (error: unknown) => {
      await tables.root.close();
      throw error;
    });
    return { store: new EmbeddedStore(tables, unlock), salvaged, space: () => spaceOf(path, tables) };
  } catch (error) {
    unlock();
    throw error;
  }
}
