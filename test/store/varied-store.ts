import type { Mutation } from "../../src/broker/mutation.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { bind, keepFor, retained, session, settle, subscription, target, will } from "../../src/testing/store-rows.ts";
import { type StoreState, stateOf } from "../../src/testing/store-state.ts";

const sessions = 120;

/** Makes a store with rows in every table, trees of several levels, values of many pages and free pages between them. */
export async function makeVariedStore(directory: string): Promise<StoreState> {
  const { store } = await openEmbeddedStore(directory);
  await stateOf(store);
  const owners = Array.from({ length: sessions }, (_, index) => index + 1);
  await store.commit(owners.flatMap((owner) => sessionRows(owner)));
  for (let first = 1; first < 4 * sessions; first += sessions) {
    const batch: Mutation[] = [];
    for (let number = first; number < first + sessions; number += 1) {
      const payload = new Uint8Array(number % 50 === 0 ? 30_000 : 100).fill(number);
      batch.push({
        ...keepFor(number, [], { payload }),
        targets: [target(1 + (number % sessions)), target(sessions - (number % 7))],
      });
      if (number % 3 === 0) batch.push(retained(`topic/${number}`, number, { payload }));
      if (number % 2 === 0) batch.push(settle(number, 1 + (number % sessions)));
      else batch.push(bind(number, 1 + (number % sessions), { packetIdentifier: 1 + (number % 9) }));
    }
    await store.commit(batch);
    await store.commit([
      { kind: "deleteRetained", tenant: 0, topicName: `topic/${first * 3}` },
      { kind: "alive", at: first },
    ]);
  }
  await store.rest();
  await store.close();
  return loaded(directory);
}

/** What a store holds; it is closed again. */
export async function loaded(directory: string): Promise<StoreState> {
  const { store } = await openEmbeddedStore(directory);
  try {
    return await stateOf(store);
  } finally {
    await store.close();
  }
}

function sessionRows(owner: number): readonly Mutation[] {
  return [
    session(owner),
    subscription(owner, `filter/${"x".repeat(owner)}`),
    subscription(owner, `short/${owner}`),
    { kind: "keepReceived", session: owner, packetIdentifier: owner },
    will(owner, { dueAt: owner }),
  ];
}
