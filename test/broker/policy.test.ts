import assert from "node:assert/strict";
import { test } from "node:test";
import type { Principal } from "../../src/broker/authentication.ts";
import { allowAll, bothAllow, type Policy, type Refusal } from "../../src/broker/policy.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { message } from "../../src/testing/store-rows.ts";

const anybody: Principal = { tenant: 0, name: "", roles: [], clientId: "c" };
const no: Refusal = { reasonCode: ReasonCode.NotAuthorized, reasonString: "No", place: "" };
const strict: Policy = {
  mayPublish: () => no,
  maySubscribe: () => no,
  mayHaveWill: () => no,
  isFiltered: () => true,
  mayReceive: () => false,
  messageExpirySeconds: () => 7,
};

for (const [name, policy] of [
  ["the first", bothAllow(strict, allowAll)],
  ["the second", bothAllow(allowAll, strict)],
] as const) {
  test(`of two policies ${name} alone can refuse, filter, and say how long a message lives`, () => {
    assert.equal(policy.mayPublish(anybody, message()), no);
    assert.equal(policy.maySubscribe(anybody, "t"), no);
    assert.equal(policy.mayHaveWill?.(anybody, message()), no);
    assert.equal(policy.isFiltered?.(anybody, "t"), true);
    assert.equal(policy.mayReceive?.(anybody, "t"), false);
    assert.equal(policy.messageExpirySeconds?.("t"), 7);
  });
}

test("two policies that allow everything allow everything together", () => {
  const policy = bothAllow(allowAll, allowAll);
  assert.equal(policy.mayPublish(anybody, message()), undefined);
  assert.equal(policy.maySubscribe(anybody, "t"), undefined);
  assert.equal(policy.mayHaveWill?.(anybody, message()), undefined);
  assert.equal(policy.isFiltered?.(anybody, "t"), false);
  assert.equal(policy.mayReceive?.(anybody, "t"), true);
  assert.equal(policy.messageExpirySeconds?.("t"), undefined);
});
