import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

test("src/petstore/events.ts is what the contract says; print it again with contract types", () => {
  const run = (args: readonly string[], input = ""): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", input });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const printed = run(["--import", "tsx", "src/cli/main.ts", "contract", "types", "contracts/petstore.asyncapi.yaml"]);
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const formatted = run([biome, "format", "--stdin-file-path=src/petstore/events.ts"], printed);
  assert.equal(readFileSync(join(root, "src/petstore/events.ts"), "utf8"), formatted);
});
