import assert from "node:assert/strict";
import type { Mutation } from "../broker/mutation.ts";
import type { StoreCase } from "./store-bench.ts";
import { keepFor, session } from "./store-rows.ts";
import { readOf } from "./store-state.ts";

/** What is read back by number. */
export const readCases: Readonly<Record<string, StoreCase>> = {
  "messages are read by number, in any order, over many blocks": async (bench) => {
    const kept = Array.from({ length: 600 }, (_, index) => ({
      ...keepFor(index + 1, [1], { payload: new Uint8Array(400).fill(index) }),
    }));
    await bench.store.commit([session(1), ...kept.slice(0, 500)]);
    await bench.store.commit(kept.slice(500));
    await bench.commit({ kind: "settle", number: 300, owner: 1 });
    for (const numbers of [[1, 2, 3], [600, 1, 300, 250, 251, 9_999], [], kept.map(({ number }) => number).reverse()]) {
      const wanted = numbers.map((number) => (number === 300 ? undefined : readOf(kept[number - 1])));
      assert.deepEqual((await bench.store.read(numbers)).map(readOf), wanted);
      await bench.reopen();
    }
  },

  "what was read stays as it is, whatever the store does afterwards": async (bench) => {
    await bench.commit(session(1), keepFor(1, [1], { payload: new Uint8Array(50_000).fill(1) }));
    const [kept] = await bench.store.read([1]);
    const before = readOf(kept);
    await bench.commit({ kind: "settle", number: 1, owner: 1 });
    for (let number = 2; number < 40; number += 1) {
      await bench.commit(keepFor(number, [1], { payload: new Uint8Array(50_000).fill(number) }));
      await bench.store.read([number]);
    }
    assert.deepEqual(readOf(kept), before);
  },

  "one message that nobody settles is still there when its neighbours are gone": async (bench) => {
    const kept = Array.from({ length: 2_000 }, (_, index) => keepFor(index + 1, [1, 2]));
    await bench.store.commit([session(1), session(2), ...kept]);
    await bench.store.commit(
      kept.flatMap(({ number }): Mutation[] => [
        { kind: "settle", number, owner: 1 },
        ...(number % 500 === 0 ? [] : [{ kind: "settle", number, owner: 2 } as const]),
      ]),
    );
    await bench.rowsLeft();
    const wanted = [500, 1_000, 1_500, 2_000].map((number) => readOf(keepFor(number, [2])));
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual((await bench.store.read([500, 1_000, 1_500, 2_000, 1])).map(readOf), [...wanted, undefined]);
      assert.deepEqual([...(await bench.reopen()).messages.keys()], [500, 1_000, 1_500, 2_000]);
    }
  },
};
