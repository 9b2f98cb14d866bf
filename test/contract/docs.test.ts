import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findingSeverities } from "../../src/contract/finding.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/contract.md"), "utf8");

test("docs/contract.md explains every finding, with its weight", () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` *\| (error|warning) *\|/gm)].map(([, code, severity]) => [
    code,
    severity,
  ]);
  assert.deepEqual(Object.fromEntries(rows), findingSeverities);
});
