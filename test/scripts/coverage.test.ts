import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { coverageGaps } from "../../scripts/coverage.ts";

let root = "";
beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  root = mkdtempSync(join(tmpdir(), "coverage-"));
});
after(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A report with one count per line of each file. */
function writeReport(files: Readonly<Record<string, readonly number[]>>): void {
  const report = Object.entries(files).map(([path, counts]) => [
    join(root, path),
    {
      s: Object.fromEntries(counts.entries()),
      statementMap: Object.fromEntries(counts.map((_, index) => [index, { start: { line: index + 1 } }])),
    },
  ]);
  write("coverage/coverage-final.json", JSON.stringify(Object.fromEntries(report)));
}

test("a run without a report is no proof", () => {
  assert.match(coverageGaps(root)[0] ?? "", /no report/);
});

test("lines that no test ran are named, as ranges", () => {
  write("src/mqtt/a.ts", "export const a = 1;\n");
  writeReport({ "src/mqtt/a.ts": [1, 0, 1, 0, 0, 0, 1] });
  assert.deepEqual(coverageGaps(root), ["src/mqtt/a.ts:2: no test runs line 2, 4-6"]);
});

test("a file with code that no test imports is named, one of types only is not", () => {
  write("src/broker/code.ts", "export function f(): void {}\n");
  write("src/broker/types.ts", "export interface A {}\nexport type B = 1;\n");
  writeReport({});
  assert.deepEqual(coverageGaps(root), ["src/broker/code.ts:1: no test imports this file"]);
});

test("other rooms are not asked", () => {
  write("src/net/a.ts", "export const a = 1;\n");
  writeReport({ "src/net/a.ts": [0] });
  assert.deepEqual(coverageGaps(root), []);
});
