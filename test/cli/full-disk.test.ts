import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { main, tsx } from "./command.ts";

const full = "/dev/full";
const skip: string | false = existsSync(full) ? false : `there is no ${full} here`;

test("what cannot be printed is a sentence and exit code 1", { skip, timeout: 60_000 }, async () => {
  const stdout = openSync(full, "w");
  const child = spawn(process.execPath, ["--import", tsx, main, "help"], { stdio: ["ignore", stdout, "pipe"] });
  closeSync(stdout);
  const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, "close")]);
  assert.match(stderr, /^petstore-mqtt: stdout cannot be written to: .*\n$/);
  assert.equal(code, 1);
});
