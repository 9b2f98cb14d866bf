import assert from "node:assert/strict";
import type { StoreCase } from "./store-bench.ts";
import { bind, bytesOf, keepFor, retained, session, settle, subscription, target } from "./store-rows.ts";

const orders = {
  "in order": [1, 2, 3, 4, 5],
  "from the last": [5, 4, 3, 2, 1],
  "in any order, some twice": [3, 3, 1, 5, 5, 1, 2, 4],
};

/** What is settled, and what that leaves. */
export const settledCases: Readonly<Record<string, StoreCase>> = {
  ...Object.fromEntries(
    Object.entries(orders).map(([what, order]) => [
      `messages settled ${what} are gone, one after the other`,
      settledIn(order),
    ]),
  ),

  "a message is there until each of its owners has settled it": async (bench) => {
    await bench.commit(session(1), session(2), session(3), keepFor(1, [1, 2, 3]), keepFor(2, [3]));
    await bench.commit(settle(1, 2));
    await bench.commit(settle(1, 3), settle(2, 3));
    assert.deepEqual((await bench.reopen()).messages, new Map([[1, { bytes: bytesOf(), targets: [target(1)] }]]));
    assert.deepEqual(
      (await bench.store.read([1, 2])).map((row) => row?.number),
      [1, undefined],
    );
    await bench.commit(settle(1, 1));
    assert.deepEqual(await bench.store.read([1]), [undefined]);
    assert.equal((await bench.reopen()).messages.size, 0);
  },

  "kept and settled in one batch leaves nothing behind": async (bench) => {
    const batch = [session(1), keepFor(1, [1]), bind(1, 1), settle(1, 1), keepFor(2, [1]), settle(2, 1)];
    await bench.store.commit(batch);
    await bench.store.commit([...batch]);
    assert.deepEqual(await bench.store.read([1, 2]), [undefined, undefined]);
    assert.equal((await bench.reopen()).messages.size, 0);
    const { sessions, floors, meta, ...others } = await bench.rowsLeft();
    assert.ok(Object.values(others).every((rows) => rows === 0));
  },

  "a message that was kept twice is gone when it is settled once": async (bench) => {
    await bench.commit(session(1), keepFor(1, [1]), keepFor(2, [1]));
    await bench.commit(session(1), keepFor(1, [1]), keepFor(2, [1]));
    await bench.commit(settle(1, 1), settle(2, 1), keepFor(3, [1]));
    await bench.commit(settle(3, 1));
    const { log = 0, settled = 0 } = await bench.rowsLeft();
    assert.deepEqual([log, settled], [0, 0]);
  },

  "what is bound after it was settled leaves nothing behind": async (bench) => {
    await bench.commit(session(1), keepFor(1, [1]), keepFor(2, [1]));
    await bench.commit(settle(1, 1), bind(1, 1));
    await bench.commit(bind(1, 1));
    assert.equal((await bench.rowsLeft())["bound"] ?? 0, 0);
    assert.deepEqual([...(await bench.reopen()).messages.keys()], [2]);
  },

  "what one commit leaves of a row, the next takes away while the store still looks at it": async (bench) => {
    const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
    await bench.commit(session(1), ...numbers.map((number) => keepFor(number, [1])));
    const most = bench.commit(...numbers.slice(0, 90).map((number) => settle(number, 1)));
    const rest = bench.commit(...numbers.slice(90).map((number) => settle(number, 1)));
    await Promise.all([most, rest]);
    assert.equal((await bench.rowsLeft())["log"] ?? 0, 0);
  },

  "the counters never go back, also when the log is empty": async (bench) => {
    await bench.commit(session(7), subscription(7, "$share/g/a", { group: 8 }), keepFor(41, [7]), settle(41, 7));
    await bench.commit({ kind: "deleteSession", session: 7 }, { kind: "deleteGroup", group: 8 });
    await bench.commit(retained("a", 42), { kind: "deleteRetained", tenant: 0, topicName: "a" });
    const state = await bench.reopen();
    assert.deepEqual([state.messages.size, state.lastNumber, state.lastOwner], [0, 42, 8]);
    await bench.commit(session(9), keepFor(43, [9]));
    assert.deepEqual([...(await bench.reopen()).messages.keys()], [43]);
  },

  "the number of a member that was never kept is not given again": async (bench) => {
    const bound = target(3, { kind: "group", session: 5, packetIdentifier: 1 });
    await bench.commit(session(2), subscription(2, "$share/g/a", { group: 3 }), {
      ...keepFor(1, []),
      targets: [bound],
    });
    assert.equal((await bench.reopen()).lastOwner, 5);
    await bench.commit(bind(1, 3, { session: 6 }));
    assert.equal((await bench.reopen()).lastOwner, 6);
  },

  "ten rounds of keeping and settling leave an empty log": async (bench) => {
    await bench.commit(session(1), session(2));
    let number = 0;
    for (let round = 0; round < 10; round += 1) {
      const first = number + 1;
      const kept = Array.from({ length: 200 }, () => keepFor(++number, [1, 2]));
      await bench.store.commit(kept);
      const settled = kept.flatMap((row) => [settle(row.number, 1), settle(row.number, 2)]);
      await bench.store.commit(round % 2 === 0 ? settled : settled.reverse());
      assert.deepEqual(await bench.store.read([first, number]), [undefined, undefined]);
    }
    const { sessions, floors, meta, ...others } = await bench.rowsLeft();
    assert.ok(Object.values(others).every((rows) => rows === 0));
  },
};

function settledIn(order: readonly number[]): StoreCase {
  return async (bench) => {
    await bench.commit(session(1), ...[1, 2, 3, 4, 5].map((number) => keepFor(number, [1])));
    const open = new Set([1, 2, 3, 4, 5]);
    for (const number of order) {
      await bench.commit(settle(number, 1));
      open.delete(number);
      assert.deepEqual([...(await bench.reopen()).messages.keys()], [...open]);
    }
    assert.equal((await bench.rowsLeft())["log"] ?? 0, 0);
  };
}
