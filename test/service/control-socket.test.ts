import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Logger, pino } from "pino";
import { controlPath, isControlPath, openControlSocket } from "../../src/service/control-socket.ts";

const server = { inspect: () => undefined, deadLetters: async function* () {}, disconnect: () => false };

describe("the control socket of a data directory", { timeout: 30_000 }, () => {
  let directory: string;
  let logged: string[];
  let log: Logger;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-socket-"));
    logged = [];
    log = pino({ level: "warn" }, { write: (line: string) => logged.push(JSON.parse(line).msg) });
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  test("stands in the directory", async () => {
    const control = await openControlSocket(directory, server, log);
    assert.ok(existsSync(join(directory, "control.sock")));
    await control?.close();
    assert.deepEqual(logged, []);
  });

  test("makes no directory for a server that keeps nothing", async () => {
    const nowhere = join(directory, "nowhere");
    assert.equal(await openControlSocket(nowhere, server, log), undefined);
    assert.equal(existsSync(nowhere), false);
  });

  test("is named from the working directory where that is shorter", () => {
    assert.equal(controlPath(join(process.cwd(), "data")), join("data", "control.sock"));
    assert.equal(controlPath("/d"), "/d/control.sock");
  });

  test("whose path is too long for the system is a warning, not an end", async () => {
    const long = join(directory, "d".repeat(110));
    mkdirSync(long);
    assert.equal(isControlPath(controlPath(long)), false);
    assert.equal(await openControlSocket(long, server, log), undefined);
    assert.match(
      logged.at(-1) ?? "",
      /control\.sock is longer than the 10\d bytes .*; choose a shorter --data, or start in/,
    );
    assert.deepEqual(existsSync(join(long, "control.sock")), false);
  });

  test("that another process has is a warning, not an end", async () => {
    const control = await openControlSocket(directory, server, log);
    assert.equal(await openControlSocket(directory, server, log), undefined);
    assert.match(logged.at(-1) ?? "", /the control socket .*control\.sock cannot be opened, so petstore-mqtt sessions/);
    await control?.close();
  });
});
