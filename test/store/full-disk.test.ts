import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { stateOf } from "../../src/testing/store-state.ts";

/** A shell makes files of more than some MiB fail, as a full disk does, and starts the process. */
const withSmallFiles = `trap '' XFSZ; ulimit -f 8192; exec "$0" "$@"`;

test("a commit that finds no room leaves nothing behind, settling goes on, and the same batch is kept later", async () => {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
  try {
    const script = join(import.meta.dirname, "full-disk-process.ts");
    const command = ["-c", withSmallFiles, process.execPath, "--import", "tsx", script, directory];
    const { stdout } = await promisify(execFile)("sh", command);
    const told = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    assert.equal(told.isFinal, false);
    assert.match(told.message, /^The disk did not take what was written/);
    assert.deepEqual(told.during, told.kept);
    const { store, salvaged } = await openEmbeddedStore(directory);
    assert.equal(salvaged, undefined);
    assert.deepEqual([...(await stateOf(store)).messages.keys()], told.after);
    await store.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
