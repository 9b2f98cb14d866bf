import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";

test("time passes deadline by deadline, and no further than it is told", async () => {
  const clock = new VirtualClock(100);
  const due = [110, 110, 150, 151];
  const calls: number[] = [];
  const timed = {
    nextDeadline: () => due[0] ?? Number.POSITIVE_INFINITY,
    elapsed: (now: number) => {
      due.shift();
      calls.push(now);
    },
  };
  await clock.advance(50, timed, () => {
    calls.push(-1);
  });
  assert.deepEqual(calls, [110, -1, 110, -1, 150, -1]);
  assert.equal(clock.now, 150);
  await clock.advance(0.5, timed);
  assert.equal(clock.now, 150.5);
  assert.deepEqual(due, [151]);
});

test("a deadline that has passed is kept at once, and time does not go back", async () => {
  const clock = new VirtualClock(100);
  const calls: number[] = [];
  const timed = {
    nextDeadline: () => (calls.length === 0 ? 7 : Number.POSITIVE_INFINITY),
    elapsed: (now: number) => {
      calls.push(now);
    },
  };
  await clock.advance(10, timed);
  assert.deepEqual(calls, [100]);
  assert.equal(clock.now, 110);
});

test("a deadline that never moves on is an error, not an endless loop", async () => {
  const stuck = { nextDeadline: () => 100, elapsed: () => {} };
  await assert.rejects(new VirtualClock(100).advance(10, stuck), /nextDeadline\(\) is still 100/);
});
