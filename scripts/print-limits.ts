// Prints docs/limits.md.
//   npm run limits                  from the tables and the kept figures
//   npm run limits -- --measure     attacks a server first, ten minutes long, and keeps the new figures
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "../test/hostile/figures.ts";
import { limitsPage } from "./limits-page.ts";

const root = join(import.meta.dirname, "..");
const attacks = join(root, "test/hostile");
const figuresFile = join(attacks, "figures.json");

if (process.argv.includes("--measure")) {
  const figures = measured();
  if (figures === undefined) process.exit(1);
  writeFileSync(figuresFile, `[\n${figures.map((figure) => `  ${JSON.stringify(figure)}`).join(",\n")}\n]\n`);
}
const figures = JSON.parse(readFileSync(figuresFile, "utf8")) as readonly Figure[];
writeFileSync(join(root, "docs/limits.md"), limitsPage(figures));

/** Runs the attacks, one after another; undefined when one of them failed. */
function measured(): readonly Figure[] | undefined {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-limits-"));
  const lines = join(directory, "figures.jsonl");
  const files = readdirSync(attacks)
    // The page is about what comes of this.
    .filter((name) => name.endsWith(".test.ts") && name !== "page.test.ts")
    .map((name) => join(attacks, name));
  try {
    const run = spawnSync(
      process.execPath,
      ["--import", "tsx", "--test", "--test-concurrency=1", "--test-reporter=spec", ...files],
      { cwd: root, stdio: "inherit", env: { ...process.env, HOSTILE_FIGURES: lines, HOSTILE_SCALE: "10" } },
    );
    if (run.status !== 0) return undefined;
    return readFileSync(lines, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Figure);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
