import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./program.ts";

const page = readFileSync(join(root, "docs/security.md"), "utf8");

/** Rule, code, test file and the words of its name, of every row. */
const rows = [...page.matchAll(/^\| (.*?) +\| `(src\/\S+)` +\| `(test\/\S+)` “(.*?)” +\|$/gm)].map((row) =>
  row.slice(1),
);

test("every row of docs/security.md has its code and its test, which exist", () => {
  for (const [rule = "", code = "", file = "", words = ""] of rows) {
    assert.ok(existsSync(join(root, code)), `${rule}: there is no ${code}`);
    assert.ok(existsSync(join(root, file)), `${rule}: there is no ${file}`);
    // A name may stand over several lines, or have parts that are filled in: the words must stand together.
    const text = readFileSync(join(root, file), "utf8");
    assert.ok(text.includes(words), `${rule}: ${file} has no test “${words}”`);
  }
});

test("no row of docs/security.md is without them", () => {
  const all = page.split("\n").filter((line) => line.startsWith("| ") && !/^\| (-+|rule) /.test(line));
  assert.equal(rows.length, all.length, "a row has another form than “rule, code, test”");
  assert.ok(rows.length > 50);
});
