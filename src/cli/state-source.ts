import type { Row } from "../server/answer.ts";
import type { Config } from "../server/config.ts";
import { createLog } from "../server/log.ts";
import type { Question } from "../server/question.ts";
import { askServer } from "../service/control-client.ts";
import { controlPath, isControlPath } from "../service/control-socket.ts";
import { dataDirectory } from "../service/data-directory.ts";
import { loadConfig } from "../service/load-config.ts";
import { openStoredState } from "../service/stored-state.ts";
import type { Given } from "./command.ts";
import { Progress } from "./progress.ts";

/** Takes the slices of an answer. */
export type Reader = (slices: AsyncIterable<readonly Row[]>) => Promise<void>;

/**
 * Asks the server that runs in the data directory or, when none does, its store.
 * @returns false when there is no such Session, queue or message
 * @throws Error with a sentence
 */
export async function askState(given: Given, question: Question, read: Reader): Promise<boolean> {
  const config = await loadConfig(given.text("config"));
  const data = dataDirectory(given.text("data"), config);
  const path = controlPath(data);
  const slices = isControlPath(path) ? await askServer(path, question).catch(nobodyThere) : "nobody";
  if (slices === "nobody") return await askStore(data, config, question, read);
  if (slices !== undefined) await read(slices);
  return slices !== undefined;
}

/**
 * Asks the server that runs in the data directory.
 * @throws Error with a sentence when none does
 */
export async function askRunning(given: Given, question: Question, read: Reader): Promise<void> {
  const data = dataDirectory(given.text("data"), await loadConfig(given.text("config")));
  const path = controlPath(data);
  const slices = isControlPath(path) ? await askServer(path, question).catch(nobodyThere) : "nobody";
  if (slices === "nobody") throw new Error(`no server listens in ${data}; name its directory with --data or --config`);
  if (slices !== undefined) await read(slices);
}

async function askStore(data: string, config: Config, question: Question, read: Reader): Promise<boolean> {
  const progress = new Progress(process.stderr, () => performance.now());
  const state = await openStoredState(data, config, createLog("warn"), (rows) => {
    progress.show(`reading the store: ${rows} rows`);
  }).finally(() => progress.end());
  try {
    const slices = state.inspect(question);
    if (slices !== undefined) await read(slices);
    return slices !== undefined;
  } finally {
    await state.close();
  }
}

/** Nothing listens on the socket. */
export function nobodyThere(error: NodeJS.ErrnoException): "nobody" {
  if (error.code === "ENOENT" || error.code === "ECONNREFUSED") return "nobody";
  throw error;
}
