import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

const root = join(import.meta.dirname, "../..");
const examples = join(root, "examples", "embedding");
const bound = { timeout: 60_000 };

/** Runs Node.js in the directory of the examples; they import the built package by its name. */
async function run(args: readonly string[], cwd = examples): Promise<string> {
  // A test run inside a test run would report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 50_000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const [exitCode] = await once(child, "close");
  assert.equal(exitCode, 0, output);
  return output;
}

describe("examples of embedding", () => {
  test("a broker for a suite of node:test", bound, async () => {
    assert.match(await run(["--test", "broker-for-tests.test.mjs"]), /pass 1\b/);
  });

  test("a broker for a suite of vitest", bound, async () => {
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const file = join("examples", "embedding", "broker-for-vitest.test.mjs");
    // From the root: it keeps a cache where it is started.
    assert.match(await run([vitest, "run", file], root), /1 passed/);
  });

  test("authentication and policy", bound, async () => {
    assert.match(await run(["authentication.mjs"]), /only staff may publish\nready\n$/);
  });

  test("a worker over a queue on disk", bound, async () => {
    assert.equal(await run(["worker.mjs"]), "200 jobs, each once: true\n");
  });

  test("an HTTP server that has MQTT beside it", bound, async () => {
    assert.equal(await run(["http-server.mjs"]), "hello over HTTP\nhello over MQTT\n");
  });

  test("are all run here", () => {
    const run = [
      "authentication.mjs",
      "broker-for-tests.test.mjs",
      "broker-for-vitest.test.mjs",
      "http-server.mjs",
      "worker.mjs",
    ];
    assert.deepEqual(readdirSync(examples).sort(), run);
  });
});
