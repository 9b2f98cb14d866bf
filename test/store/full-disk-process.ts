// Fills the store in the directory it is given until a commit fails, makes room by settling, and commits the same again.
// Tells what happened as one line of JSON.
import type { Mutation } from "../../src/broker/mutation.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import type { StoreError } from "../../src/store/store-error.ts";
import { keepFor, session, settle } from "../../src/testing/store-rows.ts";
import { stateOf } from "../../src/testing/store-state.ts";

const { store } = await openEmbeddedStore(process.argv[2] ?? "");
await stateOf(store);
await store.commit([session(1)]);

const kept: number[] = [];
let number = 0;
let batch: readonly Mutation[] = [];
let failure: StoreError | undefined;
while (failure === undefined) {
  const numbers = Array.from({ length: 10 }, () => ++number);
  batch = numbers.map((each) => keepFor(each, [1], { payload: new Uint8Array(3_000) }));
  await store.commit(batch).then(
    () => kept.push(...numbers),
    (error: StoreError) => {
      failure = error;
    },
  );
}
const all = Array.from({ length: number }, (_, index) => index + 1);
const during = (await store.read(all)).flatMap((stored) => stored?.number ?? []);
const settled = kept.slice(0, 300);
for (const each of settled) await store.commit([settle(each, 1)]);
await store.commit(batch);
await store.close();
const after = all.slice(settled.length);
console.log(JSON.stringify({ message: failure.message, isFinal: failure.final, kept, during, after }));
