import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pino } from "pino";
import { SpaceWatch } from "../../src/server/space-watch.ts";
import { StoreGate } from "../../src/server/store-gate.ts";

describe("the store's gate", () => {
  test("is shut while anybody objects, and says so once", () => {
    const said: string[] = [];
    const gate = new StoreGate((state) => said.push(state));
    gate.set("commit", "ready");
    gate.set("commit", "refusing");
    gate.set("space", "refusing");
    gate.set("space", "refusing");
    gate.set("commit", "ready");
    assert.deepEqual(said, ["refusing"]);
    gate.set("space", "ready");
    assert.deepEqual(said, ["refusing", "ready"]);
  });
});

describe("the watch over the space", () => {
  test("looks at once and each second, and says and logs what has changed", (context) => {
    context.mock.timers.enable({ apis: ["setInterval"] });
    const said: string[] = [];
    const logged: { level: number; msg: string }[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => logged.push(JSON.parse(line)) });
    let problem: string | undefined = "the disk has 1 MiB left";
    const watch = new SpaceWatch(
      () => problem,
      log,
      (state) => said.push(state),
    );
    watch.start();
    assert.deepEqual(said, ["refusing"]);
    context.mock.timers.tick(1_000);
    problem = undefined;
    context.mock.timers.tick(999);
    assert.deepEqual(said, ["refusing"]);
    context.mock.timers.tick(1);
    assert.deepEqual(said, ["refusing", "ready"]);
    watch.stop();
    problem = "again";
    context.mock.timers.tick(5_000);
    assert.deepEqual(said, ["refusing", "ready"]);
    assert.deepEqual(
      logged.map(({ level, msg }) => [level, msg]),
      [
        [50, "new work is refused: the disk has 1 MiB left"],
        [30, "the store has room again"],
      ],
    );
  });
});
