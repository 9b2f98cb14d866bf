import assert from "node:assert/strict";
import { test } from "node:test";
import type { Principal } from "../../src/broker/authentication.ts";
import type { Policy } from "../../src/broker/policy.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { type AccessRule, createAccessPolicy } from "../../src/server/access.ts";
import { demoRules } from "../../src/server/demo.ts";

const rulesStand = "access in broker.yaml";

function rule(text: string, topicFilter: string, only: { role?: string; user?: string } = {}): AccessRule {
  const [effect, verb] = text.split(" ") as [AccessRule["effect"], AccessRule["verb"]];
  return { effect, verb, topicFilter, role: only.role, user: only.user, place: "conf/broker.yaml:3:5" };
}

function policy(otherwise: "allow" | "deny", ...rules: readonly AccessRule[]): Policy {
  return createAccessPolicy({ rules, otherwise, rulesStand });
}

function principal(name: string, roles: readonly string[] = [], clientId = "c1"): Principal {
  return { tenant: 0, name, roles, clientId };
}

function publish(policy: Policy, who: Principal, topicName: string) {
  const request = {
    topicName,
    qos: 0,
    retain: false,
    properties: noPublishProperties,
    payload: new Uint8Array(),
  } as const;
  return policy.mayPublish(who, request);
}

const alice = principal("alice", ["customer"]);

test("the first rule that fits decides", () => {
  const denyFirst = policy("deny", rule("deny publish", "a/b"), rule("allow publish", "a/#"));
  assert.equal(publish(denyFirst, alice, "a/c"), undefined);
  assert.equal(publish(denyFirst, alice, "a/b")?.reasonCode, 0x87);
  const allowFirst = policy("deny", rule("allow publish", "a/#"), rule("deny publish", "a/b"));
  assert.equal(publish(allowFirst, alice, "a/b"), undefined);
});

test("where no rule fits, the default decides", () => {
  assert.equal(publish(policy("allow"), alice, "x"), undefined);
  assert.equal(policy("allow").maySubscribe(alice, "#"), undefined);
  assert.equal(publish(policy("deny"), alice, "x")?.reasonCode, 0x87);
  assert.equal(policy("deny").maySubscribe(alice, "x")?.reasonCode, 0x87);
});

test("a rule is about its verb only, and all is both", () => {
  const verbs = policy("deny", rule("allow publish", "p"), rule("allow subscribe", "s"), rule("allow all", "b"));
  assert.equal(publish(verbs, alice, "p"), undefined);
  assert.notEqual(verbs.maySubscribe(alice, "p"), undefined);
  assert.equal(verbs.maySubscribe(alice, "s"), undefined);
  assert.notEqual(publish(verbs, alice, "s"), undefined);
  assert.equal(publish(verbs, alice, "b"), undefined);
  assert.equal(verbs.maySubscribe(alice, "b"), undefined);
});

test("a rule with a role or a user is for them only", () => {
  const some = policy(
    "deny",
    rule("allow publish", "r", { role: "staff" }),
    rule("allow publish", "u", { user: "bob" }),
  );
  assert.notEqual(publish(some, alice, "r"), undefined);
  assert.equal(publish(some, principal("eve", ["device", "staff"]), "r"), undefined);
  assert.notEqual(publish(some, alice, "u"), undefined);
  assert.equal(publish(some, principal("bob"), "u"), undefined);
});

test("%c is the Client Identifier and %u the user", () => {
  const own = policy("deny", rule("allow publish", "devices/%c/#"), rule("allow publish", "users/by-%u"));
  assert.equal(publish(own, principal("u1", [], "c1"), "devices/c1/x"), undefined);
  assert.notEqual(publish(own, principal("u1", [], "c1"), "devices/c2/x"), undefined);
  assert.equal(publish(own, principal("u1", [], "c1"), "users/by-u1"), undefined);
});

for (const clientId of ["+", "#", "a/b", "a+", "", "x#"]) {
  test(`a Client Identifier ${JSON.stringify(clientId)} cannot widen a rule`, () => {
    const own = policy("deny", rule("allow all", "devices/%c/x"));
    const who = principal("u1", [], clientId);
    assert.notEqual(own.maySubscribe(who, "devices/c2/x"), undefined);
    assert.notEqual(own.maySubscribe(who, `devices/${clientId}/x`), undefined);
    assert.notEqual(publish(own, who, "devices/c2/x"), undefined);
  });
}

test("a Client Identifier that begins with $ opens no topics of the server", () => {
  const own = policy("deny", rule("allow subscribe", "%c/#"), rule("allow subscribe", "in/%c"));
  const who = principal("u1", [], "$SYS");
  assert.notEqual(own.maySubscribe(who, "$SYS/#"), undefined);
  assert.equal(own.maySubscribe(who, "in/$SYS"), undefined);
});

test("a name with a placeholder in it is not filled in again", () => {
  const own = policy("deny", rule("allow publish", "d/%c"));
  assert.notEqual(publish(own, principal("secret", [], "%u"), "d/secret"), undefined);
  assert.equal(publish(own, principal("secret", [], "%u"), "d/%u"), undefined);
});

test("a subscription needs a rule that covers all of it", () => {
  const some = policy("deny", rule("allow subscribe", "orders/+/status"));
  assert.equal(some.maySubscribe(alice, "orders/42/status"), undefined);
  assert.equal(some.maySubscribe(alice, "orders/+/status"), undefined);
  assert.equal(
    some.maySubscribe(alice, "orders/#")?.reasonString,
    "No access rule lets alice (customer) subscribe to it; allowed here: orders/+/status; to change that, add a rule to access in broker.yaml",
  );
});

test("a wildcard subscription does not reach over a deny before the rule that allows it", () => {
  const some = policy("deny", rule("deny subscribe", "a/secret/#"), rule("allow subscribe", "a/#"));
  assert.equal(some.maySubscribe(alice, "a/open"), undefined);
  assert.deepEqual(some.maySubscribe(alice, "a/#"), {
    reasonCode: 0x87,
    reasonString:
      'It would include what { deny: subscribe, topic: "a/secret/#" } (broker.yaml:3:5) keeps out; subscribe to narrower filters, or change that rule',
    place: "conf/broker.yaml:3:5",
  });
});

test("where everything is allowed by default, a deny refuses what it covers and leaves wider wildcards alone", () => {
  const open = policy("allow", rule("deny subscribe", "test/nosubscribe"));
  assert.deepEqual(open.maySubscribe(alice, "test/nosubscribe"), {
    reasonCode: 0x87,
    reasonString:
      'Denied by { deny: subscribe, topic: "test/nosubscribe" } (broker.yaml:3:5); use another topic, or change that rule',
    place: "conf/broker.yaml:3:5",
  });
  assert.equal(open.maySubscribe(alice, "#"), undefined);
  assert.equal(open.maySubscribe(alice, "test/+"), undefined);
  assert.equal(publish(open, alice, "test/nosubscribe"), undefined);
});

test("a wildcard at the beginning is no way into $SYS", () => {
  const all = policy("deny", rule("allow subscribe", "#"));
  assert.equal(all.maySubscribe(alice, "#"), undefined);
  assert.notEqual(all.maySubscribe(alice, "$SYS/#"), undefined);
});

test("a decision is remembered by Principal and Topic Name: asked again it is the same object", () => {
  const some = policy("deny", rule("deny publish", "%u/x"), rule("allow publish", "#"));
  const first = publish(some, alice, "alice/x");
  assert.notEqual(first, undefined);
  assert.equal(publish(some, alice, "alice/x"), first);
  assert.equal(publish(some, principal("bob"), "alice/x"), undefined);
  assert.equal(publish(some, alice, "alice/x"), first);
});

test("more Topic Names than can be remembered get the same decisions", () => {
  const some = policy("deny", rule("deny publish", "no/+"), rule("allow publish", "#"));
  for (let index = 0; index < 70_000; index += 1) {
    assert.equal(publish(some, alice, `yes/${index}`), undefined);
    if (index % 1_000 === 0) assert.notEqual(publish(some, alice, `no/${index}`), undefined);
  }
  const long = "x".repeat(60_000);
  assert.equal(publish(some, alice, long), undefined);
});

test("a refusal fits into a Reason String, however long names and filters are", () => {
  const long = policy("deny", rule("deny publish", "🐕".repeat(30_000)));
  const refusal = publish(long, alice, "🐕".repeat(30_000));
  assert.ok(Buffer.byteLength(refusal?.reasonString ?? "") < 4_096);
  const named = publish(long, principal("n".repeat(60_000)), "x");
  assert.ok(Buffer.byteLength(named?.reasonString ?? "") < 4_096);
});

const demo = createAccessPolicy({ rules: demoRules, otherwise: "deny", rulesStand });

for (const [name, role, verb, topic, isAllowed] of [
  ["collar-0042", "device", "publish", "pets/7/health", true],
  ["collar-0042", "device", "publish", "devices/collar-0042/presence", true],
  ["collar-0042", "device", "publish", "devices/collar-0043/presence", false],
  ["collar-0042", "device", "publish", "orders/42/status", false],
  ["collar-0042", "device", "subscribe", "#", false],
  ["alice", "customer", "subscribe", "orders/+/status", true],
  ["alice", "customer", "subscribe", "orders/#", true],
  ["alice", "customer", "subscribe", "payments/+/status", true],
  ["alice", "customer", "subscribe", "pets/+/availability", true],
  ["alice", "customer", "subscribe", "inventory/+/stock", true],
  ["alice", "customer", "subscribe", "pets/#", false],
  ["alice", "customer", "publish", "orders/42/status", false],
  ["service", "service", "publish", "orders/42/payment", true],
  ["service", "service", "publish", "pets/7/alert", true],
  ["service", "service", "publish", "pets/7/health", false],
  ["service", "service", "subscribe", "#", true],
  ["staff", "staff", "subscribe", "#", true],
  ["staff", "staff", "publish", "orders/42/status", false],
  ["staff", "staff", "subscribe", "$SYS/#", false],
  ["admin", "admin", "publish", "anything", true],
  ["admin", "admin", "subscribe", "$SYS/broker/+", true],
] as const) {
  test(`in the demonstration ${name} ${isAllowed ? "may" : "may not"} ${verb} ${topic}`, () => {
    const who = principal(name, [role], "any");
    const refusal = verb === "publish" ? publish(demo, who, topic) : demo.maySubscribe(who, topic);
    assert.equal(refusal === undefined, isAllowed);
  });
}
