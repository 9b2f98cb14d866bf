import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Logger, pino } from "pino";
import type { Observation } from "../../src/broker/observation.ts";
import { LogBudget, linesPerMinuteMax } from "../../src/server/log-budget.ts";
import { ObservationLog } from "../../src/server/log-observation.ts";

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly userName?: string;
  readonly leftOut?: number;
}

function logInto(lines: Line[], level = "info"): Logger {
  return pino({ level }, { write: (text: string) => void lines.push(JSON.parse(text)) });
}

function refused(userName: string): Observation {
  const [clientId, reason, place] = ["c", "no", ""];
  return { kind: "connectRefused", clientId, userName, reasonCode: 0x86, reason, place, will: undefined };
}

describe("what strangers make the server log", () => {
  test("is bounded in a minute, and people are told that lines are missing", () => {
    const lines: Line[] = [];
    const log = new ObservationLog(logInto(lines));
    for (let count = 0; count < 1_000; count += 1) log.write(refused("mallory"));
    assert.equal(lines.length, linesPerMinuteMax + 1);
    assert.match(lines.at(-1)!.msg, /a connection was refused.*the others are left out/);
  });

  test("of another kind is not kept out", () => {
    const lines: Line[] = [];
    const log = new ObservationLog(logInto(lines));
    for (let count = 0; count < 1_000; count += 1) log.write(refused("mallory"));
    log.write({ kind: "queueOverflow", clientId: "c", dropped: 1 });
    assert.match(lines.at(-1)!.msg, /a queue is full/);
  });

  test("is all there with debug", () => {
    const lines: Line[] = [];
    const log = new ObservationLog(logInto(lines, "debug"));
    for (let count = 0; count < 1_000; count += 1) log.write(refused("mallory"));
    assert.equal(lines.length, 1_000);
  });

  test("shows how long texts begin", () => {
    const lines: Line[] = [];
    new ObservationLog(logInto(lines)).write(refused("u".repeat(60_000)));
    assert.equal(lines[0]?.userName, `${"u".repeat(1_024)}…`);
  });
});

test("a minute later lines are written again, behind one that says how many were left out", () => {
  const lines: Line[] = [];
  let now = 0;
  const budget = new LogBudget(logInto(lines), () => now);
  for (let count = 0; count < linesPerMinuteMax + 40; count += 1) budget.allows("refused");
  now = 59_999;
  assert.equal(budget.allows("refused"), false);
  now = 60_000;
  assert.equal(budget.allows("refused"), true);
  assert.deepEqual(
    lines.map(({ leftOut }) => leftOut),
    [undefined, 41],
  );
});
