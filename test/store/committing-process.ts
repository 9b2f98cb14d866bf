// Commits batch after batch to the store in the directory it is given, and tells the number of each that is durable.
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { stateOf } from "../../src/testing/store-state.ts";
import { batchOf } from "./numbered-batch.ts";

const { store } = await openEmbeddedStore(process.argv[2] ?? "");
const { lastNumber } = await stateOf(store);
for (let number = lastNumber + 1; ; number += 1) {
  await store.commit(batchOf(number));
  process.send?.(number);
}
