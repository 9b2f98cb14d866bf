import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { limitsPage } from "../../scripts/limits-page.ts";

const root = join(import.meta.dirname, "../..");

test("docs/limits.md says what the tables and the figures say", () => {
  const page = readFileSync(join(root, "docs/limits.md"), "utf8");
  const figures = JSON.parse(readFileSync(join(root, "test/hostile/figures.json"), "utf8"));
  assert.ok(page === limitsPage(figures), "it is out of date: run npm run limits");
});

test("every attack has its figures, and every figure is of an attack", () => {
  const figures: readonly { attack: string }[] = JSON.parse(
    readFileSync(join(root, "test/hostile/figures.json"), "utf8"),
  );
  const sources = ["unknown", "subscribing", "publishing"].map((name) => {
    return readFileSync(join(root, `test/hostile/${name}.test.ts`), "utf8");
  });
  const attacks = [...sources.join("\n").matchAll(/^attack\("([^"]+)"/gm)].map(([, name]) => name);
  assert.deepEqual(figures.map(({ attack }) => attack).sort(), attacks.sort());
});
