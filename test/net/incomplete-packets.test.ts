import assert from "node:assert/strict";
import { test } from "node:test";
import { IncompletePackets } from "../../src/net/incomplete-packets.ts";

function holders(...names: readonly string[]): { overdue: string[]; all: { overdue(): void }[] } {
  const overdue: string[] = [];
  return { overdue, all: names.map((name) => ({ overdue: () => overdue.push(name) })) };
}

test("above the bound the packet begun first has to go, and no more than needed", () => {
  const incomplete = new IncompletePackets(30_000);
  const { overdue, all } = holders("a", "b", "c", "d");
  for (const holder of all.slice(0, 3)) incomplete.holds(holder, 10_000, true);
  assert.deepEqual(overdue, []);
  // It goes on with what it began: that does not make it younger.
  incomplete.holds(all[0]!, 9_000, false);
  incomplete.holds(all[3]!, 10_000, true);
  assert.deepEqual(overdue, ["a"]);
  incomplete.holds(all[3]!, 30_000, false);
  assert.deepEqual(overdue, ["a", "b", "c"]);
});

test("who has come to the end of one packet and begins the next is the youngest", () => {
  const incomplete = new IncompletePackets(30_000);
  const { overdue, all } = holders("a", "b", "c", "d");
  for (const holder of all.slice(0, 3)) incomplete.holds(holder, 10_000, true);
  incomplete.holds(all[0]!, 10_000, true);
  incomplete.holds(all[3]!, 10_000, true);
  assert.deepEqual(overdue, ["b"]);
});

test("up to 4,096 bytes are everybody's", () => {
  const incomplete = new IncompletePackets(10_000);
  const { overdue, all } = holders(...Array.from({ length: 100 }, (_, index) => String(index)));
  for (const holder of all) incomplete.holds(holder, 4_096, true);
  assert.deepEqual(overdue, []);
  incomplete.holds(all[0]!, 9_000, false);
  incomplete.holds(all[0]!, 0, false);
  incomplete.holds(all[1]!, 9_000, false);
  assert.deepEqual(overdue, []);
});

test("one that is larger than the bound by itself goes at once", () => {
  const incomplete = new IncompletePackets(10_000);
  const { overdue, all } = holders("a");
  incomplete.holds(all[0]!, 10_001, true);
  assert.deepEqual(overdue, ["a"]);
});
