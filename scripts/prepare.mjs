// Runs before `npm start` and `npm test`, with nothing installed yet: brings node_modules and, with the argument `build`,
// dist up to date. Says nothing when both are.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const installedStamp = join(root, "node_modules", ".petstore-mqtt-stamp");
const builtStamp = join(root, "dist", ".stamp");
const lock = join(root, ".cache", "prepare.lock");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Petstore MQTT needs Node.js 20.19 or later; this is ${process.version}.`);
  process.exit(1);
}

const steps = [
  {
    stamp: installedStamp,
    sentence: "installing packages (the first time takes a while)",
    key: installKey,
    // devDependencies hold the compiler, so they are wanted under NODE_ENV=production too. No package here needs its
    // install scripts.
    run: () => npm("ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"),
  },
];
if (process.argv.includes("build")) {
  steps.push({ stamp: builtStamp, sentence: "building", key: buildKey, run: () => npm("run", "--silent", "build") });
}

if (steps.some(isStale)) {
  takeLock();
  try {
    for (const step of steps) {
      // Asked again: whoever held the lock before may have done it.
      if (isStale(step)) bringUpToDate(step);
    }
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function isStale(step) {
  return !existsSync(step.stamp) || readFileSync(step.stamp, "utf8") !== step.key();
}

function bringUpToDate(step) {
  console.error(`petstore-mqtt: ${step.sentence} …`);
  const startedAt = performance.now();
  // Taken before the step runs: an edit made meanwhile makes it stale again.
  const key = step.key();
  rmSync(step.stamp, { force: true });
  const status = step.run();
  if (status !== 0) {
    console.error(`petstore-mqtt: ${step.sentence} failed; what was printed above says why.`);
    rmSync(lock, { recursive: true, force: true });
    process.exit(status);
  }
  mkdirSync(dirname(step.stamp), { recursive: true });
  writeFileSync(step.stamp, key);
  console.error(`petstore-mqtt: done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** What decides the content of node_modules; a changed script line in package.json does not. */
function installKey() {
  const { dependencies, devDependencies, overrides } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return hash([
    ["platform", `${process.platform} ${process.arch} ${major}`],
    ["package.json", JSON.stringify([dependencies, devDependencies, overrides])],
    ["package-lock.json", readFileSync(join(root, "package-lock.json"))],
  ]);
}

function buildKey() {
  const files = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json", "scripts/build.mjs"];
  for (const entry of readdirSync(join(root, "src"), { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) files.push(relative(root, join(entry.parentPath ?? entry.path, entry.name)));
  }
  return hash(files.sort().map((file) => [file, readFileSync(join(root, file))]));
}

function hash(parts) {
  const sum = createHash("sha256");
  for (const [name, content] of parts) sum.update(`${name}\0${content.length}\0`).update(content);
  return sum.digest("hex");
}

function npm(...args) {
  // npm names itself to the scripts it runs, so the same npm works on, also where none is on the PATH.
  const itself = process.env.npm_execpath;
  const command = itself?.endsWith("js") ? [process.execPath, itself] : [itself ?? "npm"];
  // stdout belongs to what comes after us, which may be read by a program.
  const { status, error } = spawnSync(command[0], [...command.slice(1), ...args], {
    cwd: root,
    stdio: ["inherit", 2, 2],
  });
  if (error) console.error(`petstore-mqtt: npm cannot be run: ${error.message}`);
  return status ?? 1;
}

/** Two starts at once: the second waits. A lock whose owner is gone is taken over. */
function takeLock() {
  mkdirSync(dirname(lock), { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, "pid"), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isAbandoned()) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!waited) console.error("petstore-mqtt: waiting for another start that is installing or building …");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

function isAbandoned() {
  try {
    const pid = Number(readFileSync(join(lock, "pid"), "utf8"));
    if (pid > 0) {
      process.kill(pid, 0);
      return false;
    }
  } catch (error) {
    if (error.code === "ESRCH") return true;
    if (error.code === "EPERM") return false;
  }
  // No process id yet: its owner is between two lines, or died there.
  try {
    return Date.now() - statSync(lock).mtimeMs > 5_000;
  } catch {
    return false;
  }
}
