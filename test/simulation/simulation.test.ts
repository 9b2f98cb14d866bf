import assert from "node:assert/strict";
import { test } from "node:test";
import { findingLines, runFor, seedNow } from "./run.ts";
import { World } from "./world.ts";

/** CI takes its time; at home it is a look. */
const milliseconds = process.env["CI"] === undefined ? 10_000 : 90_000;

test("under cuts, stalls and crashes no promise is broken, whatever the seed", async (context) => {
  const first = seedNow();
  context.diagnostic(`seeds from ${first}`);
  const finding = await runFor(first, milliseconds, Number.POSITIVE_INFINITY, (line) => context.diagnostic(line));
  assert.equal(finding, undefined, finding === undefined ? "" : findingLines(finding).join("\n"));
});

test("a seed is the same run every time", async () => {
  const historyOf = async (): Promise<string[]> => {
    const lines: string[] = [];
    await new World(4, (line) => lines.push(line)).run();
    return lines;
  };
  const history = await historyOf();
  assert.ok(history.length > 1_000);
  assert.deepEqual(await historyOf(), history);
});
