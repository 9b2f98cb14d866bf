import { createMemoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { testStore } from "../../src/testing/store-suite.ts";

testStore("the store in memory", async () => {
  const store = createMemoryStore();
  return { open: async () => store, rowsLeft, remove: async () => {} };
});

const tables: Readonly<Record<string, string>> = {
  putSession: "sessions",
  putSubscription: "subscriptions",
  queuedMessage: "log",
};

async function rowsLeft(store: Store): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const rows of store.load()) {
    for (const { kind } of rows) {
      const table = tables[kind];
      if (table !== undefined) counts[table] = (counts[table] ?? 0) + 1;
    }
  }
  return counts;
}
