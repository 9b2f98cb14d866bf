import assert from "node:assert/strict";
import { test } from "node:test";
import { findingLines, runFor, seedNow } from "./run.ts";

/** CI takes its time; at home it is a look. */
const milliseconds = process.env["CI"] === undefined ? 10_000 : 90_000;

test("under cuts, stalls and crashes no promise is broken, whatever the seed", async (context) => {
  const finding = await runFor(seedNow(), milliseconds, Number.POSITIVE_INFINITY, (line) => context.diagnostic(line));
  assert.equal(finding, undefined, finding === undefined ? "" : findingLines(finding).join("\n"));
});
