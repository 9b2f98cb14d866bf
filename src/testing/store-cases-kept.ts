import assert from "node:assert/strict";
import type { Mutation } from "../broker/mutation.ts";
import type { StoreCase } from "./store-bench.ts";
import { hostileRows } from "./store-hostile-rows.ts";
import { bind, keepFor, retained, session, subscription, target, will } from "./store-rows.ts";
import { readOf, stateOf, stateOfRows } from "./store-state.ts";

/** What is kept, as it comes back. */
export const keptCases: Readonly<Record<string, StoreCase>> = {
  "a new store holds nothing": async (bench) => {
    const state = await bench.reopen();
    assert.deepEqual([state.rows.size, state.messages.size, state.lastNumber, state.lastOwner], [0, 0, 0, 0]);
  },

  "a row that is put again replaces the one before": async (bench) => {
    await bench.commit(session(1), subscription(1, "a/#"), will(1), retained("a", 1));
    await bench.commit(
      session(1, { disconnectedAt: 5_000 }),
      subscription(1, "a/#", { group: 2 }),
      will(1, { dueAt: 9_000 }),
      retained("a", 2, { payload: Uint8Array.of(7) }),
      { kind: "alive", at: 1 },
    );
    await bench.commit({ kind: "alive", at: 2 });
    const { rows } = await bench.reopen();
    assert.equal(rows.size, 5);
    assert.deepEqual(rows.get("putSession 1"), session(1, { disconnectedAt: 5_000 }));
    assert.deepEqual(rows.get("subscription 1 a/#"), subscription(1, "a/#", { group: 2 }));
    assert.equal((rows.get("putWill 1") as { dueAt: number }).dueAt, 9_000);
    assert.equal((rows.get("retained 0 a") as { stamp: number }).stamp, 2);
    assert.deepEqual(rows.get("alive"), { kind: "alive", at: 2 });
  },

  "deleting what is missing changes nothing": async (bench) => {
    await bench.commit(session(1));
    const before = await bench.reopen();
    await bench.commit(
      { kind: "settle", number: 7, owner: 1 },
      { kind: "settle", number: 7, owner: 99 },
      { kind: "deleteSubscription", session: 1, topicFilter: "no/such" },
      { kind: "releaseReceived", session: 1, packetIdentifier: 9 },
      { kind: "deleteRetained", tenant: 0, topicName: "no/such" },
      { kind: "deleteWill", session: 1 },
      { kind: "deleteSession", session: 99 },
      { kind: "deleteGroup", group: 98 },
    );
    assert.deepEqual(await bench.reopen(), before);
  },

  "a batch of 5,000 mutations is kept whole": async (bench) => {
    const batch: Mutation[] = [session(1)];
    for (let number = 1; number < 5_000; number += 1) batch.push(keepFor(number, [1]));
    await bench.store.commit(batch);
    assert.equal((await bench.reopen()).messages.size, 4_999);
  },

  "an empty batch is kept at once": async (bench) => {
    await bench.commit();
    assert.equal((await bench.reopen()).rows.size, 0);
  },

  "what is bound, its stage and its way back into the group survive": async (bench) => {
    const online = target(1, { qos: 2, session: 1, packetIdentifier: 8 });
    const group = target(3, { kind: "group", session: 2, packetIdentifier: 9 });
    await bench.commit(session(1), session(2), subscription(2, "$share/g/#", { group: 3 }), keepFor(1, [1, 2]), {
      ...keepFor(2, []),
      targets: [online, group],
    });
    await bench.commit(
      bind(1, 1, { qos: 2, packetIdentifier: 65_535 }),
      bind(2, 3, { packetIdentifier: 0, session: 2 }),
    );
    await bench.commit(bind(2, 1, { qos: 2, packetIdentifier: 8, stage: "received" }));
    const { messages } = await bench.reopen();
    assert.deepEqual(messages.get(1)?.targets, [
      target(1, { qos: 2, session: 1, packetIdentifier: 65_535 }),
      target(2),
    ]);
    const returned = { ...group, session: 2, packetIdentifier: 0 };
    assert.deepEqual(messages.get(2)?.targets, [{ ...online, stage: "received" }, returned]);
  },

  ...Object.fromEntries(
    Object.entries(hostileRows).map(([what, batch]) => [
      `${what}: kept, once, also when committed again`,
      keptAgain(batch),
    ]),
  ),
};

function keptAgain(batch: readonly Mutation[]): StoreCase {
  return async (bench) => {
    const wanted = await stateOfRows(batch);
    await bench.store.commit(batch);
    await bench.store.commit(batch);
    await bench.store.commit([...batch]);
    assert.deepEqual(await bench.reopen(), wanted);
    assert.deepEqual(await stateOf(bench.store), wanted);
    const messages = batch.filter((row) => row.kind === "keepMessage");
    const read = await bench.store.read(messages.map(({ number }) => number));
    assert.deepEqual(read.map(readOf), messages.map(readOf));
  };
}
