import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { setImmediate as polled } from "node:timers/promises";
import { Clock, SteadyTime } from "../../src/server/clock.ts";

describe("the clock", () => {
  test("is the wall clock's time in whole milliseconds, and never goes back", () => {
    const time = new SteadyTime();
    const first = time.now();
    assert.ok(Number.isInteger(first));
    assert.ok(Math.abs(first - Date.now()) < 5_000);
    assert.ok(time.now() >= first);
  });

  test("goes on from a past time that the machine's clock is behind, and leaves an earlier one alone", () => {
    const time = new SteadyTime();
    const past = Date.now() + 3_600_000;
    assert.ok(time.notBefore(past) > 3_590_000);
    assert.ok(time.now() >= past);
    assert.ok(time.now() < past + 5_000);
    const other = new SteadyTime();
    assert.equal(other.notBefore(Date.now() - 60_000), 0);
    assert.ok(Math.abs(other.now() - Date.now()) < 5_000);
  });

  test("wakes at the earliest deadline, once", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let woken = 0;
    const clock = new Clock(() => (woken += 1));
    clock.arm(1_000, 0);
    clock.arm(500, 0);
    clock.arm(800, 0);
    context.mock.timers.tick(499);
    await polled();
    assert.equal(woken, 0);
    context.mock.timers.tick(1);
    await polled();
    assert.equal(woken, 1);
    context.mock.timers.tick(1_000);
    await polled();
    assert.equal(woken, 1);
    clock.arm(2_000, 1_500);
    context.mock.timers.tick(500);
    await polled();
    assert.equal(woken, 2);
  });

  test("wakes behind what the sockets have, so that a pause of the process makes nobody late", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let woken = false;
    const clock = new Clock(() => {
      woken = true;
    });
    clock.arm(10, 0);
    context.mock.timers.tick(10_000);
    assert.equal(woken, false);
    await polled();
    assert.equal(woken, true);
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

  test("stopped, it wakes no more", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const clock = new Clock(() => assert.fail("woken"));
    clock.arm(10, 0);
    clock.stop();
    clock.arm(5, 0);
    context.mock.timers.tick(100);
    await polled();
    const other = new Clock(() => assert.fail("woken"));
    other.arm(10, 0);
    context.mock.timers.tick(100);
    other.stop();
    await polled();
  });
});
