import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Agenda } from "../../src/testing/agenda.ts";
import { Random } from "../../src/testing/random.ts";
import { faultlessStore, SimulatedStore, type StoreFaults } from "../../src/testing/simulated-store.ts";
import { keepFor } from "../../src/testing/store-rows.ts";

function createStore(
  faults: Partial<StoreFaults>,
  seed = 1,
): { readonly agenda: Agenda; readonly store: SimulatedStore } {
  const agenda = new Agenda();
  return { agenda, store: new SimulatedStore(agenda, new Random(seed), { ...faultlessStore, ...faults }) };
}

async function numbersIn(store: SimulatedStore): Promise<number[]> {
  const numbers: number[] = [];
  for await (const rows of store.load()) {
    for (const row of rows) if (row.kind === "queuedMessage") numbers.push(row.number);
  }
  return numbers;
}

describe("a simulated store", () => {
  test("keeps a batch before it says so", async () => {
    const { agenda, store } = createStore({});
    const told: boolean[] = [];
    store.commit(1, [keepFor(7, [1])], (isKept) => told.push(isKept));
    assert.deepEqual(await numbersIn(store), []);
    await agenda.runUntil(agenda.now + 1);
    assert.deepEqual(told, [true]);
    assert.deepEqual(await numbersIn(store), [7]);
    assert.equal(store.durable, 1);
  });

  test("a crash loses the batch under way or keeps it unheard, and says which", async () => {
    const outcomes = new Set<number>();
    for (let seed = 1; seed < 20; seed += 1) {
      const { agenda, store } = createStore({ commitMillisecondsMax: 10 }, seed);
      store.commit(1, [keepFor(7, [1])], () => assert.fail("a dead process hears nothing"));
      const durable = store.crash();
      await agenda.runUntil(agenda.now + 100);
      assert.equal((await numbersIn(store)).length, durable);
      outcomes.add(durable);
    }
    assert.deepEqual([...outcomes].sort(), [0, 1]);
  });

  test("a refused batch left nothing behind, and may be committed again", async () => {
    const { agenda, store } = createStore({ refusalChance: 1, refusalMillisecondsMax: 1_000 });
    const told: boolean[] = [];
    const batch = [keepFor(7, [1])];
    store.commit(1, batch, (isKept) => told.push(isKept));
    await agenda.runUntil(agenda.now + 1);
    assert.deepEqual([told, await numbersIn(store)], [[false], []]);
    store.faults = faultlessStore;
    await agenda.runUntil(agenda.now + 1_000);
    store.commit(1, batch, (isKept) => told.push(isKept));
    await agenda.runUntil(agenda.now + 1);
    assert.deepEqual([told, await numbersIn(store)], [[false, true], [7]]);
  });

  test("bodies that a dead process asked for are read by nobody", async () => {
    const { agenda, store } = createStore({});
    store.read([1], () => assert.fail("it is dead"));
    store.crash();
    await agenda.runUntil(agenda.now + 1);
    const answers: unknown[] = [];
    store.read([1], (messages) => answers.push(messages));
    await agenda.runUntil(agenda.now + 1);
    assert.deepEqual(answers, [[undefined]]);
  });
});
