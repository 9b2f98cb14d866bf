import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../server/answer.ts";
import type { StoreKind } from "../server/config.ts";
import { answerDeadLetters, type DeadLetterRequest } from "../server/dead-letter-request.ts";
import { openDeadLetterFiles } from "../store/dead-letter-files.ts";
import { createMemoryDeadLetters, type DeadLetterLimits, type DeadLetterStore } from "../store/dead-letters.ts";
import { makeDirectory } from "./make-directory.ts";

/** Where dead letters are kept, under the data directory. */
const directoryName = "dead-letters";

/**
 * Opens the dead letters: on disk where the store is.
 * @param data the data directory
 * @throws Error with a sentence when the directory cannot be used, or another process has them
 */
export async function openDeadLetters(
  kind: StoreKind,
  data: string,
  limits: DeadLetterLimits,
): Promise<DeadLetterStore> {
  if (kind === "memory") return createMemoryDeadLetters(limits);
  const directory = join(data, directoryName);
  makeDirectory(directory);
  return await openDeadLetterFiles(directory, limits);
}

/**
 * Does what is asked with the dead letters of a data directory, while no server runs on it.
 * @throws Error with a sentence when there are none, another process has them, or a server is needed
 */
export async function* storedDeadLetters(
  data: string,
  limits: DeadLetterLimits,
  request: DeadLetterRequest,
): AsyncIterable<readonly Row[]> {
  if (request.action === "replay") {
    throw new Error(`no server runs in ${data}, and only a server can replay messages; start it, then replay`);
  }
  const directory = join(data, directoryName);
  if (!existsSync(directory)) {
    throw new Error(
      `there are no dead letters in ${data}, and no server runs there; name its directory with --data or --config`,
    );
  }
  const letters = await openDeadLetterFiles(directory, limits);
  try {
    yield* answerDeadLetters(request, letters, () => Promise.resolve(undefined));
  } finally {
    await letters.close();
  }
}
