import assert from "node:assert/strict";
import { after, test } from "node:test";
import { killBrokers } from "./broker-process.ts";
import { runKills } from "./kill-run.ts";

const rounds = process.env["CI"] === "true" ? 40 : 3;

after(killBrokers);

test("kill -9 at any moment loses nothing that was acknowledged and repeats nothing of QoS 2", {
  timeout: 280_000,
}, async () => {
  const seed = Date.now() % 1_000_000_000;
  console.log(`seed ${seed}; again with: npm run test:kill -- --rounds ${rounds} --seed ${seed}`);
  const { problems, kills, acknowledged } = await runKills(seed, rounds, () => {});
  assert.deepEqual(problems, []);
  assert.ok(kills >= rounds);
  assert.ok(acknowledged > 100 * rounds, `only ${acknowledged} messages were acknowledged`);
});
