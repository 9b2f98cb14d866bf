import { join } from "node:path";
import type { Logger } from "pino";
import type { Limits } from "../broker/limits.ts";
import type { StoreKind } from "../server/config.ts";
import type { SpaceProblem } from "../server/options.ts";
import type { SalvageReport } from "../store/embedded/salvage.ts";
import { createMemoryStore, type MemoryStore } from "../store/memory-store.ts";
import type { Store } from "../store/store.ts";
import { makeDirectory } from "./make-directory.ts";

/** Where state is kept, and whether there is room for more. */
export interface StoreParts {
  readonly store: Store;
  readonly spaceProblem: SpaceProblem;
}

/**
 * Opens the store that flags and file ask for. What was done for a damaged one is logged as warnings.
 * @param data the data directory; made when it is not there
 * @throws Error with a sentence when the directory cannot be used, or another process uses it
 */
export async function openStore(kind: StoreKind, data: string, limits: Limits, log: Logger): Promise<StoreParts> {
  if (kind === "memory") {
    const store = createMemoryStore();
    return { store, spaceProblem: () => memoryProblem(store, limits) };
  }
  const directory = join(data, "store");
  makeDirectory(directory);
  // Loaded when it is needed: it brings a library of machine code.
  const { openEmbeddedStore } = await import("../store/embedded/open-store.ts");
  const { spaceProblem } = await import("../store/embedded/space.ts");
  const { store, salvaged, space } = await openEmbeddedStore(directory);
  if (salvaged !== undefined) warnAbout(salvaged, log);
  return { store, spaceProblem: () => spaceProblem(space(), limits) };
}

/** Queues drop before that; what is in flight to clients that never acknowledge does not. */
function memoryProblem({ messageBytes }: MemoryStore, { queuedBytesMax }: Limits): string | undefined {
  if (messageBytes <= queuedBytesMax * 2) return undefined;
  return `the store in memory holds ${messageBytes} bytes of messages, more than twice queuedBytesMax; keep them on disk (store: disk), or raise it`;
}

function warnAbout({ setAside, problems, kept, lost, commitsLost }: SalvageReport, log: Logger): void {
  log.warn({ problems }, `the store was damaged; it is set aside as ${setAside}, and what could be read is kept`);
  if (Object.keys(lost).length > 0) log.warn({ lost, kept }, "rows of the store could not be read; they are lost");
  if (commitsLost > 0) log.warn({ commitsLost }, "the last commits of the store could not be read; they are lost");
}
