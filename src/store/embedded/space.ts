import { statfsSync, statSync } from "node:fs";
import { bytesInUse, type Tables } from "./tables.ts";

/** How full a store is. */
export interface StoreSpace {
  /** In use; the file may be larger, for it never shrinks. */
  readonly usedBytes: number;
  /** What can still be written: free in the file, and free on its disk for us. */
  readonly freeBytes: number;
}

/** What the owner of a store bounds it by; limits of that name. */
export interface SpaceLimits {
  readonly storeBytesMax: number;
  readonly storeFreeBytesMin: number;
}

/** Asks LMDB and the file system; some tenths of a millisecond. */
export function spaceOf(path: string, tables: Tables): StoreSpace {
  const usedBytes = bytesInUse(tables);
  const { bavail, bsize } = statfsSync(path);
  return { usedBytes, freeBytes: bavail * bsize + Math.max(0, statSync(path).size - usedBytes) };
}

/**
 * Why new work should be refused, as a sentence; undefined while there is room. Deleting needs free pages too, so the
 * limits leave some.
 */
export function spaceProblem({ usedBytes, freeBytes }: StoreSpace, limits: SpaceLimits): string | undefined {
  const { storeBytesMax, storeFreeBytesMin } = limits;
  if (usedBytes > storeBytesMax) return `the store uses ${inMiB(usedBytes)}, storeBytesMax is ${inMiB(storeBytesMax)}`;
  if (freeBytes >= storeFreeBytesMin) return undefined;
  return `the store's disk has ${inMiB(freeBytes)} left, storeFreeBytesMin is ${inMiB(storeFreeBytesMin)}`;
}

function inMiB(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)} MiB`;
}
