// Everything that must hold, each step with one line and its time; the last line counts the tests.
//   npm test                       all of it
//   npm run check                  what needs no test run
//   npm run test:only [-- FILE…]   tests alone, without coverage

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { coverageGaps } from "./coverage.ts";

/** What test-counts.mjs writes. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly skips: readonly { readonly name: string; readonly file: string; readonly reason: string }[];
}

const root = join(import.meta.dirname, "..");
const countsFile = join(root, ".cache", "test-counts.json");
const testsMillisecondsMax = 17 * 60_000;
const fileMillisecondsMax = 5 * 60_000;

const [mode, ...files] = process.argv.slice(2);
const failedSteps: string[] = [];

if (mode !== "--tests") {
  toolStep("tidy", "tsx/dist/cli.mjs", "scripts/tidy.ts");
  toolStep("format and lint", "@biomejs/biome/bin/biome", "check", "--error-on-warnings", ".");
  toolStep("types", "typescript/bin/tsc", "-p", "tsconfig.json");
  toolStep("unused code", "knip/bin/knip.js", "--no-progress");
}
let counts: Counts | undefined;
if (mode !== "--static") {
  counts = runTests(files.length > 0 ? files : testFiles(), mode !== "--tests");
  if (mode !== "--tests") step("coverage", () => coverageGaps(root));
}
close();

function toolStep(name: string, program: string, ...args: readonly string[]): void {
  step(name, () => {
    const command = [join(root, "node_modules", program), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
    return status === 0 ? [] : [`${stdout}${stderr}`.trimEnd()];
  });
}

/** Runs a check that answers with what it found. */
function step(name: string, find: () => readonly string[]): void {
  const startedAt = performance.now();
  const findings = find();
  finish(name, startedAt, findings.length === 0);
  for (const finding of findings) console.log(finding);
}

function finish(name: string, startedAt: number, isGreen: boolean): void {
  console.log(`${isGreen ? "✔" : "✖"} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  if (!isGreen) failedSteps.push(name);
}

function testFiles(): string[] {
  const rooms = readdirSync(join(root, "test"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return rooms
    .flatMap((room) => readdirSync(join(root, "test", room.name)).map((name) => join("test", room.name, name)))
    .filter((path) => path.endsWith(".test.ts"))
    .sort();
}

function runTests(paths: readonly string[], withCoverage: boolean): Counts {
  const startedAt = performance.now();
  rmSync(countsFile, { force: true });
  mkdirSync(dirname(countsFile), { recursive: true });
  const reporters = [
    ["spec", "stdout"],
    ["./scripts/test-counts.mjs", countsFile],
  ].flatMap(([name = "", to = ""]) => ["--test-reporter", name, "--test-reporter-destination", to]);
  // By itself the runner leaves one core idle, and most files wait for processes of their own.
  const files = `--test-concurrency=${availableParallelism()}`;
  const node = ["--import", "tsx", "--test", files, `--test-timeout=${fileMillisecondsMax}`, ...reporters, ...paths];
  const command = withCoverage ? [join(root, "node_modules/c8/bin/c8.js"), process.execPath, ...node] : node;
  // A test run inside a test run would report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status } = spawnSync(process.execPath, command, {
    cwd: root,
    env,
    stdio: "inherit",
    timeout: testsMillisecondsMax,
  });
  const counted = readCounts();
  if (counted === undefined) console.log("the test runner was stopped before it had counted");
  else if (counted.passed === 0) console.log("not one test passed");
  finish("tests", startedAt, status === 0 && counted !== undefined && counted.passed > 0);
  return counted ?? { passed: 0, failed: 0, skipped: 0, skips: [] };
}

function readCounts(): Counts | undefined {
  try {
    return JSON.parse(readFileSync(countsFile, "utf8"));
  } catch {
    return undefined;
  }
}

function close(): void {
  for (const { name, file, reason } of counts?.skips ?? []) {
    console.log(`skipped: ${name} (${relative(root, file)}): ${reason}`);
  }
  const isCI = process.env["CI"] === "true";
  if (isCI && counts !== undefined && counts.skipped > 0) failedSteps.push("no skipped test (CI=true)");
  if (failedSteps.length > 0) console.log(`not green: ${failedSteps.join(", ")}`);
  if (counts !== undefined) console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = failedSteps.length > 0 ? 1 : 0;
}
