import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Agenda } from "../../src/testing/agenda.ts";

describe("an agenda", () => {
  test("lets things happen at their times, and at the same time in the order in which they were put down", async () => {
    const agenda = new Agenda(100);
    const happened: string[] = [];
    const at = (time: number, name: string): void => {
      agenda.at(time, () => {
        happened.push(`${name} at ${agenda.now}`);
      });
    };
    at(130, "late");
    at(110, "first");
    at(110, "second");
    at(50, "overdue");
    agenda.cancel(agenda.after(10, () => assert.fail("it was cancelled")));
    await agenda.runUntil(120);
    assert.deepEqual(happened, ["overdue at 100", "first at 110", "second at 110"]);
    assert.equal(agenda.now, 120);
  });

  test("waits for what happens to come to its end, and for what that puts down", async () => {
    const agenda = new Agenda(0);
    const happened: number[] = [];
    agenda.after(1, async () => {
      await Promise.resolve();
      agenda.after(1, () => {
        happened.push(agenda.now);
      });
    });
    agenda.after(3, () => {
      happened.push(agenda.now);
    });
    await agenda.runUntil(3);
    assert.deepEqual(happened, [2, 3]);
  });
});
