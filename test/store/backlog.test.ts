import assert from "node:assert/strict";
import { test } from "node:test";
import { Backlog } from "../../src/store/embedded/backlog.ts";
import { numberKey } from "../../src/store/embedded/keys.ts";
import { createBlocks, queuedMessages, storedMessages, thinned } from "../../src/store/embedded/log-block.ts";
import { keepFor } from "../../src/testing/store-rows.ts";

const owner = 1;

function backlogOf(...numbers: readonly number[]): Backlog {
  const backlog = new Backlog();
  for (const block of createBlocks(numbers.map((number) => keepFor(number, [owner])))) backlog.keep(block);
  return backlog;
}

test("what is settled in order costs one moved floor, however much it is", () => {
  const backlog = backlogOf(1, 2, 3, 4);
  for (const number of [1, 2, 3]) backlog.settle(owner, number);
  assert.deepEqual([...backlog.takeSettled()], [[owner, { floor: 3, added: [], removed: [] }]]);
  assert.deepEqual([...backlog.takeSettled()], []);
});

test("what is settled out of order has a row until the floor passes it", () => {
  const backlog = backlogOf(5, 6, 8, 9);
  backlog.settle(owner, 8);
  backlog.settle(owner, 6);
  assert.deepEqual([...backlog.takeSettled()], [[owner, { floor: undefined, added: [8, 6], removed: [] }]]);
  assert.deepEqual(
    [5, 6, 8, 9].map((number) => backlog.isOwed(owner, number)),
    [true, false, false, true],
  );
  backlog.settle(owner, 5);
  assert.deepEqual([...backlog.takeSettled()], [[owner, { floor: 8, added: [], removed: [6, 8] }]]);
});

test("a block is let go when its last message is settled, and told once when a quarter of it is left", () => {
  const backlog = backlogOf(...Array.from({ length: 8 }, (_, index) => index + 1));
  for (let number = 1; number <= 5; number += 1) backlog.settle(owner, number);
  assert.equal(backlog.takeSparse(), undefined);
  backlog.settle(owner, 6);
  assert.deepEqual([backlog.takeSparse(), backlog.takeSparse(), backlog.isNeeded(1)], [1, undefined, true]);
  backlog.settle(owner, 7);
  assert.deepEqual(backlog.takeEmptied(), []);
  backlog.settle(owner, 8);
  assert.deepEqual([backlog.takeEmptied(), backlog.takeEmptied(), backlog.isNeeded(1)], [[1], [], false]);
});

test("blocks keep their bounds: many small messages share one, a large one has its own", () => {
  const sizes = [10, 10, 20_000, 10, 8_200, 8_200, 10];
  const blocks = createBlocks(
    sizes.map((size, index) => keepFor(index + 1, [owner], { payload: new Uint8Array(size) })),
  );
  assert.deepEqual(
    blocks.map(({ messages }) => messages.map(({ number }) => number)),
    [[1, 2], [3], [4, 5], [6, 7]],
  );
  for (const { record, messages } of blocks) assert.ok(messages.length === 1 || record.length <= 16_360);
});

test("a thinned block holds what is owed, under the same numbers, with the targets that owe it", () => {
  const [block] = createBlocks([keepFor(7, [1, 2]), keepFor(8, [1]), keepFor(9, [2, 3])]);
  const key = numberKey(7);
  const owed = new Set(["2 7", "3 9"]);
  const value = thinned(key, block!.record, 7, (of, number) => owed.has(`${of} ${number}`));
  const rows = [...queuedMessages(key, value, 7)];
  assert.deepEqual(
    rows.map(({ number, targets }) => [number, targets.map((target) => target.owner)]),
    [
      [7, [2]],
      [9, [3]],
    ],
  );
  const [stored] = storedMessages(key, value, 7, new Set([9]));
  assert.deepEqual(stored?.message, keepFor(9, []).message);
});

test("a block under another key, or with another bit, is not read", () => {
  const [block] = createBlocks([keepFor(7, [1])]);
  assert.throws(() => [...queuedMessages(numberKey(8), block!.record, 8)], RangeError);
  for (let at = 0; at < block!.record.length; at += 1) {
    const other = Buffer.from(block!.record);
    other[at]! ^= 4;
    assert.throws(() => [...queuedMessages(numberKey(7), other, 7)], RangeError, `byte ${at}`);
  }
});
