import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "prepare-"));
  write("package.json", JSON.stringify({ dependencies: { a: "1" }, scripts: {} }));
  write("package-lock.json", "{}");
  write("tsconfig.json", "{}");
  write("tsconfig.build.json", "{}");
  write("scripts/build.mjs", "");
  write("src/cli/main.ts", "main();\n");
  // Stands in for npm: says what it was asked to do, and slowly does nothing.
  write(
    "npm.js",
    [
      'const { appendFileSync, existsSync } = require("node:fs");',
      'const { join } = require("node:path");',
      'appendFileSync(join(__dirname, "asked"), process.argv.slice(2).join(" ") + "\\n");',
      'process.exitCode = existsSync(join(__dirname, "broken")) ? 7 : 0;',
      "setTimeout(() => {}, 100);",
    ].join("\n"),
  );
  copyFileSync(join(import.meta.dirname, "../../scripts/prepare.mjs"), join(root, "scripts/prepare.mjs"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** What npm was asked to do since the last call. */
function asked(): string[] {
  const path = join(root, "asked");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").trim().split("\n");
  rmSync(path);
  return lines;
}

function start(): ChildProcess {
  const env = { ...process.env, npm_execpath: join(root, "npm.js"), NODE_ENV: "production" };
  return spawn(process.execPath, [join(root, "scripts/prepare.mjs"), "build"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function prepare(): Promise<{ code: number; output: string }> {
  const child = start();
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, "close");
  return { code, output };
}

const install = /^ci .*--include=dev/;

test("a fresh clone is installed, the compiler too under NODE_ENV=production, and built; then all is quiet", async () => {
  assert.equal((await prepare()).code, 0);
  const [first = "", second] = asked();
  assert.match(first, install);
  assert.equal(second, "run --silent build");
  assert.deepEqual(await prepare(), { code: 0, output: "" });
  assert.deepEqual(asked(), []);
});

test("a changed source is built, a changed lockfile installed", async () => {
  await prepare();
  asked();
  write("src/cli/main.ts", "changed();\n");
  await prepare();
  assert.deepEqual(asked(), ["run --silent build"]);
  write("src/net/new.ts", "");
  await prepare();
  assert.deepEqual(asked(), ["run --silent build"]);
  write("package-lock.json", '{ "changed": true }');
  await prepare();
  assert.match(asked()[0] ?? "", install);
});

test("a changed script line in package.json installs nothing", async () => {
  await prepare();
  asked();
  write("package.json", JSON.stringify({ dependencies: { a: "1" }, scripts: { new: "x" } }));
  await prepare();
  assert.deepEqual(asked(), ["run --silent build"]);
});

test("what fails is tried again the next time", async () => {
  write("broken", "");
  const { code, output } = await prepare();
  assert.equal(code, 7);
  assert.match(output, /installing packages .* failed/);
  rmSync(join(root, "broken"));
  asked();
  assert.equal((await prepare()).code, 0);
  assert.equal(asked().length, 2);
});

test("of two starts at once one does the work and the other waits for it", async () => {
  const ends = await Promise.all([prepare(), prepare()]);
  assert.deepEqual(
    ends.map(({ code }) => code),
    [0, 0],
  );
  assert.equal(asked().length, 2);
});

test("a lock whose owner died is taken over", async () => {
  const owner = start();
  while (!existsSync(join(root, ".cache/prepare.lock/pid"))) await new Promise(setImmediate);
  owner.kill("SIGKILL");
  await once(owner, "close");
  assert.equal((await prepare()).code, 0);
});
