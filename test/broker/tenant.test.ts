import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimits } from "../../src/broker/limits.ts";
import { allowAll } from "../../src/broker/policy.ts";
import { Tenant } from "../../src/broker/tenant.ts";

test("a Topic Name's Routes are found once, those of a long one each time: remembered ones have a bound in bytes too", () => {
  const tenant = new Tenant();
  assert.equal(tenant.routes("t".repeat(256), allowAll), tenant.routes("t".repeat(256), allowAll));
  const long = "t".repeat(257);
  assert.notEqual(tenant.routes(long, allowAll), tenant.routes(long, allowAll));
  assert.deepEqual(tenant.routes(long, allowAll), { sessions: [], groups: [] });
});

test("unless it is configured, no topic is so long that V8 hashes it by its length alone", () => {
  const { topicBytesMax } = createLimits();
  const common = "t".repeat(topicBytesMax - 5);
  const count = 4_000;
  const long = new Map(Array.from({ length: count }, (_, index) => [`${common}${10_000 + index}`, index]));
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1) assert.equal(long.get(`${common}${10_000 + index}`), index);
  const milliseconds = performance.now() - startedAt;
  assert.ok(milliseconds < 5_000, `${count} look-ups took ${milliseconds} ms`);
});
