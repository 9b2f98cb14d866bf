import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Ownership } from "../contract/rights.ts";
import type { Server } from "../server/options.ts";
import { createAnswerer } from "./answers.ts";
import { Refusal } from "./domain.ts";
import { retryMilliseconds, storeIdentity } from "./insider.ts";
import { Intake, type LatestReadings } from "./intake.ts";
import { Journal } from "./journal.ts";
import { storeOwnership } from "./ownership.ts";
import { createMemoryRows, openRowFile } from "./row-file.ts";
import { seed } from "./seed.ts";
import { PetStore } from "./store.ts";

/** A pet store that is open, before and while it has a server to tell of it. */
export interface Petstore {
  /** What it knows, and the way to change it. */
  readonly store: PetStore;
  /** What belongs to whom; good before there is a server. */
  readonly ownership: Ownership;
  /** What devices measured last. */
  readonly latest: LatestReadings;
  /** Begins to publish what happens, to follow the devices and to answer requests. Once. */
  start(server: Server): Promise<void>;
  /** Ends that, and lets go of the directory; before the server is closed. */
  close(): Promise<void>;
}

/** What `openPetstore` needs. */
export interface PetstoreOptions {
  /** Where it is kept; undefined keeps nothing beyond the process. */
  readonly directory: string | undefined;
  readonly log: Logger;
}

/**
 * Opens the pet store; a new one has some pets, products and orders.
 * @throws (rejects) Error with a sentence when another process has it, or it cannot be read
 */
export async function openPetstore({ directory, log }: PetstoreOptions): Promise<Petstore> {
  const file = directory === undefined ? createMemoryRows() : openRowFile(directory);
  let store: PetStore;
  try {
    store = new PetStore({ file, log, now: Date.now, random: randomBytes });
  } catch (error) {
    await file.close();
    throw error;
  }
  if (store.isNew) {
    const seeded = await store.perform(seed());
    if (seeded instanceof Refusal) throw new Error(seeded.sentence);
  }
  const intake = new Intake(store, log, Date.now);
  const answerer = createAnswerer(store.state, log);
  let journal: Journal | undefined;
  return {
    store,
    ownership: storeOwnership(store.state),
    latest: intake.latest,
    start: async (server) => {
      const started = new Journal({
        book: store.book,
        keeper: store,
        open: (receiver) => server.openConnection(receiver, { principal: storeIdentity }),
        log,
        retryMilliseconds,
      });
      journal = started;
      store.onKept(() => started.pump());
      started.start();
      await Promise.all([intake.start(server), answerer.start(server)]);
    },
    close: async () => {
      await Promise.all([intake.stop(), answerer.stop()]);
      journal?.stop();
      await store.close();
    },
  };
}
