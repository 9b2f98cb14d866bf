import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root, run } from "./program.ts";

/** From 0 (nothing is exposed) to 100; above is a finding. */
const exposureMax = 20;

const unit = readFileSync(join(root, "packaging/petstore-mqtt.service"), "utf8");

describe("the systemd unit", { timeout: 60_000 }, () => {
  let directory = "";
  let missing = "";
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-unit-"));
    // The command is not installed here; another program stands for it.
    const text = unit.replace("ExecStart=petstore-mqtt ", `ExecStart=${process.execPath} `);
    assert.notEqual(text, unit);
    writeFileSync(join(directory, "petstore-mqtt.service"), text);
    const { code } = await run(directory, "systemd-analyze", "--version").catch(() => ({ code: 1 }));
    if (code !== 0) missing = "systemd-analyze is not installed (Debian: systemd)";
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  test("systemd-analyze verify finds nothing", async (t) => {
    if (missing !== "") return t.skip(missing);
    const { code, stdout, stderr } = await run(directory, "systemd-analyze", "verify", "./petstore-mqtt.service");
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
  });

  test("systemd-analyze security finds little exposed", async (t) => {
    if (missing !== "") return t.skip(missing);
    const args = ["security", "--offline=true", `--threshold=${exposureMax}`, "./petstore-mqtt.service"];
    const { code, stdout, stderr } = await run(directory, "systemd-analyze", ...args);
    t.diagnostic(stdout.trimEnd().split("\n").at(-1) ?? "");
    assert.equal(code, 0, stdout + stderr);
  });

  test("it reloads with the signal that the broker takes, starts again after a crash, and has room for connections", () => {
    assert.match(unit, /^ExecReload=kill -HUP \$MAINPID$/m);
    assert.match(unit, /^Restart=on-failure$/m);
    assert.match(unit, /^LimitNOFILE=1048576$/m);
  });

  test("what the broker writes is in its state directory", () => {
    const data = / --data (\S+)$/m.exec(unit)?.[1];
    const state = /^StateDirectory=(\S+)$/m.exec(unit)?.[1];
    assert.equal(data, `/var/lib/${state}`);
    assert.match(unit, /^ProtectSystem=strict$/m);
    assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=yes$/m);
  });
});
