import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { createLimits } from "../../src/broker/limits.ts";
import type { KeepMessage, Target } from "../../src/broker/mutation.ts";
import { openStore } from "../../src/service/open-store.ts";
import { message } from "../../src/testing/store-rows.ts";

const target: Target = {
  kind: "session",
  owner: 1,
  qos: 1,
  retain: false,
  subscriptionIdentifiers: [],
  session: 0,
  packetIdentifier: 0,
  stage: "published",
};

test("a store in memory takes nothing new above twice queuedBytesMax, and again when messages are settled", async () => {
  const limits = createLimits({ queuedBytesMax: 1_048_576 });
  const { store, spaceProblem } = await openStore("memory", "", limits, pino({ level: "silent" }));
  const payload = Buffer.alloc(1_048_576);
  const kept = (number: number): KeepMessage => {
    return { kind: "keepMessage", number, message: message({ topicName: "t", payload }), targets: [target] };
  };
  await store.commit([kept(1)]);
  // Again, as a batch that was tried before.
  await store.commit([kept(1)]);
  assert.equal(spaceProblem(), undefined);
  await store.commit([kept(2)]);
  assert.match(spaceProblem() ?? "", /more than twice queuedBytesMax; keep them on disk/);
  await store.commit([{ kind: "settle", number: 1, owner: 1 }]);
  assert.equal(spaceProblem(), undefined);
});
