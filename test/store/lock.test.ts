import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockDirectory } from "../../src/store/embedded/lock.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { startCommitting } from "./committing.ts";

const started = (directory: string): string => JSON.parse(readFileSync(join(directory, "lock"), "utf8")).started;

function lockTest(sentence: string, body: (directory: string) => void | Promise<void>): void {
  test(sentence, async () => {
    const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
    try {
      await body(directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

lockTest(
  "a directory that is in use is refused with the process that has it, and free when it is let go",
  (directory) => {
    const unlock = lockDirectory(directory);
    assert.throws(() => lockDirectory(directory), {
      message: `The store in ${directory} is in use by process ${process.pid}: stop that one, or start with another data directory.`,
    });
    unlock();
    assert.deepEqual([existsSync(join(directory, "lock")), existsSync(join(directory, "lock.turn"))], [false, false]);
    lockDirectory(directory)();
  },
);

lockTest("a store is refused while another process has it, and opens when that one was killed", async (directory) => {
  const other = await startCommitting(directory);
  await other.acknowledged(1);
  await assert.rejects(openEmbeddedStore(directory), { message: new RegExp(`in use by process ${other.pid}:`) });
  await other.kill();
  const { store } = await openEmbeddedStore(directory);
  await store.close();
});

lockTest("a store is refused that a process has whose lock cannot be seen", async (directory) => {
  const other = await startCommitting(directory);
  await other.acknowledged(1);
  rmSync(join(directory, "lock"));
  await assert.rejects(openEmbeddedStore(directory), { message: /is open in another process/ });
  assert.equal(existsSync(join(directory, "lock")), false);
  await other.kill();
});

lockTest("the lock of a process that ended is taken over", async (directory) => {
  const ended = spawn(process.execPath, ["-e", ""]);
  await once(ended, "exit");
  lockDirectory(directory)();
  const unlock = lockDirectory(directory);
  const text = JSON.stringify({ pid: ended.pid, started: started(directory) });
  unlock();
  writeFileSync(join(directory, "lock"), text);
  lockDirectory(directory);
  assert.equal(JSON.parse(readFileSync(join(directory, "lock"), "utf8")).pid, process.pid);
});

lockTest("the lock of a process whose number went to another is taken over", (directory) => {
  writeFileSync(join(directory, "lock"), JSON.stringify({ pid: process.pid, started: "before the reboot" }));
  lockDirectory(directory);
  assert.notEqual(started(directory), "before the reboot");
});

lockTest("what is no lock does not keep anybody out", (directory) => {
  for (const text of ["", "17", "{}", "null", "\0".repeat(64)]) {
    writeFileSync(join(directory, "lock"), text);
    lockDirectory(directory)();
  }
});

lockTest("of two that take over at once, one is refused", (directory) => {
  const unlock = lockDirectory(directory);
  writeFileSync(join(directory, "lock.turn"), readFileSync(join(directory, "lock")));
  unlock();
  writeFileSync(join(directory, "lock"), JSON.stringify({ pid: process.pid, started: "before the reboot" }));
  assert.throws(() => lockDirectory(directory), { message: new RegExp(`in use by process ${process.pid}`) });
});

lockTest("letting go leaves the lock of another alone", (directory) => {
  const unlock = lockDirectory(directory);
  writeFileSync(join(directory, "lock"), JSON.stringify({ pid: 1, started: "another" }));
  unlock();
  assert.equal(started(directory), "another");
});
