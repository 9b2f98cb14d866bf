import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pino } from "pino";
import { Refusals } from "../../src/server/refusals.ts";
import { ContractWatch } from "../../src/service/contract-watch.ts";
import { document, publish, somebody } from "../contract/kit.ts";

test("what a contract only observes is let through, and stands among the refusals with its place and payload", () => {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-observe-"));
  try {
    const file = join(directory, "api.yaml");
    const text = document(`channels:
  level:
    address: levels/{id}
    parameters: { id: {} }
    messages: { level: { payload: { type: integer } } }
operations:
  receiveLevel: { action: receive, x-enforcement: observe, channel: { $ref: "#/channels/level" } }
`);
    writeFileSync(file, text);
    const refusals = new Refusals(10);
    const log = pino({ level: "silent" });
    const watch = new ContractWatch({ file, view: "service", log, refusals, within: (policy) => policy });
    assert.equal(watch.policy.mayPublish(somebody("alice", []), publish("levels/1", "full")), undefined);
    const [row] = refusals.rows(0);
    assert.deepEqual(
      [row?.observed, row?.user, row?.topic, row?.payloadHead, row?.reasonCode],
      [true, "alice", "levels/1", "full", 0x99],
    );
    assert.match(row?.place ?? "", /api\.yaml:\d+:\d+$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
