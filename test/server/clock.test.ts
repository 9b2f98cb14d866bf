import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { Clock, steadyNow } from "../../src/server/clock.ts";

describe("the clock", () => {
  test("is the wall clock's time in whole milliseconds, and never goes back", () => {
    const first = steadyNow();
    assert.ok(Number.isInteger(first));
    assert.ok(Math.abs(first - Date.now()) < 5_000);
    assert.ok(steadyNow() >= first);
  });

  test("wakes at the earliest deadline, once", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let woken = 0;
    const clock = new Clock(() => (woken += 1));
    clock.arm(1_000, 0);
    clock.arm(500, 0);
    clock.arm(800, 0);
    context.mock.timers.tick(499);
    assert.equal(woken, 0);
    context.mock.timers.tick(1);
    assert.equal(woken, 1);
    context.mock.timers.tick(1_000);
    assert.equal(woken, 1);
    clock.arm(2_000, 1_500);
    context.mock.timers.tick(500);
    assert.equal(woken, 2);
  });

  test("bears deadlines beyond what a timer can, and none at all", () => {
    const delays: number[] = [];
    const timeout = mock.method(globalThis, "setTimeout", (_call: () => void, delay: number) => {
      delays.push(delay);
      return { unref: () => undefined };
    });
    const clock = new Clock(() => {});
    clock.arm(Number.POSITIVE_INFINITY, 0);
    clock.arm(1e13, 0);
    clock.arm(-5, 0);
    timeout.mock.restore();
    assert.deepEqual(delays, [2_147_483_647, 0]);
  });

  test("stopped, it wakes no more", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const clock = new Clock(() => assert.fail("woken"));
    clock.arm(10, 0);
    clock.stop();
    clock.arm(5, 0);
    context.mock.timers.tick(100);
  });
});
