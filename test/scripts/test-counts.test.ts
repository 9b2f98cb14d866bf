import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

let directory = "";
before(() => {
  directory = mkdtempSync(join(tmpdir(), "counts-"));
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** What the reporter writes about a run of these files. */
function count(...sources: readonly string[]): Record<string, unknown> {
  const files = sources.map((source, index) => {
    const file = join(directory, `${index}.test.mjs`);
    writeFileSync(file, `import { describe, test } from "node:test";\n${source}`);
    return file;
  });
  const reporter = join(import.meta.dirname, "../../scripts/test-counts.mjs");
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, ["--test", `--test-reporter=${reporter}`, ...files], {
    encoding: "utf8",
    env,
  });
  return JSON.parse(stdout);
}

test("passed, failed and skipped tests of all files are summed, with the reason of each skip", () => {
  const { skips, ...counts } = count(
    'test("a", () => {}); test("b", () => { throw new Error("b"); }); test("c", { skip: "no tool" }, () => {});',
    'describe("d", () => { test("e", () => {}); test("f", (t) => t.skip("late")); });',
  );
  assert.deepEqual(counts, { passed: 2, failed: 1, skipped: 2 });
  assert.deepEqual(
    (skips as { name: string; reason: string }[]).map(({ name, reason }) => `${name}: ${reason}`),
    ["c: no tool", "f: late"],
  );
});

test("a skipped suite counts, since its tests are never seen", () => {
  const { skips, ...counts } = count('describe("a", { skip: "no tool" }, () => { test("b", () => {}); });');
  assert.deepEqual(counts, { passed: 0, failed: 0, skipped: 1 });
  assert.equal((skips as unknown[]).length, 1);
});

test("a test that is only planned counts as skipped", () => {
  assert.equal(count('test.todo("a");')["skipped"], 1);
});

test("a file that ends too early counts as failed", () => {
  assert.equal(count('throw new Error("early");')["failed"], 1);
});

test("a test cannot talk itself into the sum", () => {
  assert.equal(count('test("a", (t) => t.diagnostic("pass 99"));')["passed"], 1);
});
