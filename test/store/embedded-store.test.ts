import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmbeddedStore } from "../../src/store/embedded/embedded-store.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { readStoreFile } from "../../src/store/embedded/store-reading.ts";
import { testStore } from "../../src/testing/store-suite.ts";

testStore("the store on disk", async () => {
  const directory = await mkdtemp(join(tmpdir(), "petstore-mqtt-"));
  let store: EmbeddedStore;
  return {
    open: async () => {
      const opened = await openEmbeddedStore(directory);
      store = opened.store;
      return store;
    },
    rowsLeft: async () => {
      await store.rest();
      const { meta, ...others } = readStoreFile(join(directory, "store.mdb")).readable;
      return Object.fromEntries(Object.entries(others).filter(([, rows]) => rows > 0));
    },
    remove: () => rm(directory, { recursive: true }),
  };
});
