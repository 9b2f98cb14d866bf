import { join } from "node:path";
import type { Logger } from "pino";
import type { Limits } from "../broker/limits.ts";
import type { StoreKind } from "../server/config.ts";
import type { SpaceProblem } from "../server/options.ts";
import { openEmbeddedStore } from "../store/embedded/open-store.ts";
import type { SalvageReport } from "../store/embedded/salvage.ts";
import { spaceProblem } from "../store/embedded/space.ts";
import { createMemoryStore } from "../store/memory-store.ts";
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
  if (kind === "memory") return { store: createMemoryStore(), spaceProblem: () => undefined };
  const directory = join(data, "store");
  makeDirectory(directory);
  const { store, salvaged, space } = await openEmbeddedStore(directory);
  if (salvaged !== undefined) warnAbout(salvaged, log);
  return { store, spaceProblem: () => spaceProblem(space(), limits) };
}

function warnAbout({ setAside, problems, kept, lost, commitsLost }: SalvageReport, log: Logger): void {
  log.warn({ problems }, `the store was damaged; it is set aside as ${setAside}, and what could be read is kept`);
  if (Object.keys(lost).length > 0) log.warn({ lost, kept }, "rows of the store could not be read; they are lost");
  if (commitsLost > 0) log.warn({ commitsLost }, "the last commits of the store could not be read; they are lost");
}
