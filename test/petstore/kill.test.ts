import assert from "node:assert/strict";
import { test } from "node:test";
import { runKills } from "./kill-run.ts";

const rounds = process.env["CI"] === "true" ? 20 : 3;

test("whatever is killed at whatever moment, a subscriber whose memory is on disk gets every event once, in order", {
  timeout: 280_000,
}, async () => {
  const seed = Date.now() % 1_000_000_000;
  console.log(`seed ${seed}`);
  const { problems, kills, orders, paymentEvents } = await runKills(seed, rounds);
  assert.deepEqual(problems, []);
  assert.ok(kills >= rounds);
  assert.ok(orders > 3 && paymentEvents > orders, `${orders} orders, ${paymentEvents} payment events`);
});
