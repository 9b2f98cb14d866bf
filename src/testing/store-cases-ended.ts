import assert from "node:assert/strict";
import type { Mutation } from "../broker/mutation.ts";
import type { StoreCase } from "./store-bench.ts";
import { bind, bytesOf, keepFor, session, subscription, target, will } from "./store-rows.ts";

const populated: readonly Mutation[] = [
  session(1),
  session(2),
  subscription(1, "a/#"),
  subscription(1, "$share/g/b", { group: 3 }),
  will(1),
  { kind: "keepReceived", session: 1, packetIdentifier: 5 },
  keepFor(1, [1, 2]),
  { ...keepFor(2, []), targets: [target(1, { session: 1, packetIdentifier: 4 }), target(3, { kind: "group" })] },
  keepFor(3, [1]),
  bind(1, 1),
  bind(2, 3, { session: 1, packetIdentifier: 6 }),
  { kind: "settle", number: 3, owner: 1 },
];

/** What ends with a Session or a shared group. */
export const endedCases: Readonly<Record<string, StoreCase>> = {
  "a Session that ends takes everything of its own with it, and nothing else": async (bench) => {
    await bench.store.commit(populated);
    await bench.commit({ kind: "deleteSession", session: 1 }, { kind: "deleteGroup", group: 3 });
    await bench.commit({ kind: "deleteSession", session: 1 }, { kind: "deleteGroup", group: 3 });
    const state = await bench.reopen();
    assert.deepEqual([...state.rows.keys()], ["putSession 2"]);
    assert.deepEqual([...state.messages], [[1, { bytes: bytesOf(), targets: [target(2)] }]]);
    const { meta, ...left } = await bench.rowsLeft();
    assert.deepEqual({ ...left, log: left["log"] }, { ...{}, sessions: 1, log: 1 });
  },

  "a store that was closed in the middle of an end goes on with it": async (bench) => {
    const kept = Array.from({ length: 3_000 }, (_, index) => keepFor(index + 10, [1, 2]));
    await bench.store.commit([...populated, ...kept]);
    await bench.commit({ kind: "deleteSession", session: 1 }, { kind: "deleteGroup", group: 3 });
    const state = await bench.reopen();
    assert.equal(state.messages.size, 3_001);
    await bench.commit({ kind: "deleteSession", session: 2 });
    assert.equal((await bench.reopen()).messages.size, 0);
    const { meta, ...left } = await bench.rowsLeft();
    assert.deepEqual(left, {});
  },

  "what comes late for an owner that ended leaves nothing behind": async (bench) => {
    await bench.store.commit(populated);
    const ended = bench.commit({ kind: "deleteSession", session: 1 }, { kind: "deleteGroup", group: 3 });
    const late = bench.commit(
      { kind: "settle", number: 2, owner: 3 },
      bind(2, 3, { session: 2, packetIdentifier: 9 }),
      { kind: "settle", number: 2, owner: 1 },
    );
    await Promise.all([ended, late]);
    const { meta, ...left } = await bench.rowsLeft();
    assert.deepEqual(left, { ...{}, sessions: 1, log: 1 });
  },
};
