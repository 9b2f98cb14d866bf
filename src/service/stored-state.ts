import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { createBroker } from "../broker/create-broker.ts";
import { allCapabilities, createLimits } from "../broker/limits.ts";
import type { Outbox } from "../broker/outbox.ts";
import { allowAll } from "../broker/policy.ts";
import { answer, type Row } from "../server/answer.ts";
import { SteadyTime } from "../server/clock.ts";
import type { Config } from "../server/config.ts";
import type { Question } from "../server/question.ts";
import { openStore } from "./open-store.ts";

/** What a store keeps, while no server runs on it. */
export interface StoredState {
  /** As a running server would answer. */
  inspect(question: Question): AsyncIterable<readonly Row[]> | undefined;
  close(): Promise<void>;
}

/**
 * Opens the store of a data directory and brings back its state as a server would at its start, without doors. What
 * that changes stays in memory. The store is locked until `close`.
 * @param progress hears how many rows were read
 * @throws Error with a sentence when there is none, or another process uses it
 */
export async function openStoredState(
  data: string,
  config: Config,
  log: Logger,
  progress: (rows: number) => void,
): Promise<StoredState> {
  if (!existsSync(join(data, "store"))) {
    throw new Error(
      `there is no store in ${data}, and no server runs there; name its directory with --data or --config`,
    );
  }
  const limits = createLimits(config.limits);
  const { store } = await openStore("disk", data, limits, log);
  try {
    const broker = createBroker({
      outbox: noOutbox,
      policy: allowAll,
      limits,
      capabilities: allCapabilities,
      uniqueId: () => "",
      responseInformation: undefined,
    });
    let count = 0;
    for await (const rows of store.load()) {
      broker.recover(rows);
      count += rows.length;
      progress(count);
    }
    const time = new SteadyTime();
    broker.recovered(time.now());
    const asked = {
      inspection: broker.inspect(0),
      store,
      refusals: undefined,
      sliceMax: limits.sliceMax,
      now: () => time.now(),
    };
    return { inspect: (question) => answer(question, asked), close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What the core asks for at a start is for the next server to do. */
const noOutbox: Outbox = {
  send: () => true,
  sendAfterCommit: () => true,
  deliver: () => true,
  deliverAfterCommit: () => true,
  persist: () => {},
  fetch: () => {},
  authenticate: () => {},
  confirmAfterCommit: () => {},
  pause: () => {},
  resume: () => {},
  close: () => {},
  observe: () => {},
};
