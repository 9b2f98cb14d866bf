import assert from "node:assert/strict";
import { test } from "node:test";
import type { Principal } from "../../src/broker/authentication.ts";
import type { FetchedMessage } from "../../src/broker/broker.ts";
import type { Recovered } from "../../src/broker/mutation.ts";
import { allowAll, bothAllow, type Policy, type Refusal } from "../../src/broker/policy.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { message } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "./stage.ts";

const refusal: Refusal = { reasonCode: ReasonCode.NotAuthorized, reasonString: "Not yours", place: "" };

/** A role is a topic that may be read; wildcards bring what may be read. */
class TopicPolicy implements Policy {
  /** Nobody may read these. */
  readonly closed: Set<string> = new Set();

  mayPublish(): undefined {
    return undefined;
  }

  maySubscribe(principal: Principal, topicFilter: string): Refusal | undefined {
    return topicFilter === "#" || this.mayReceive(principal, topicFilter) ? undefined : refusal;
  }

  isFiltered({ roles }: Principal, topicFilter: string): boolean {
    return topicFilter === "#" && !roles.includes("#");
  }

  mayReceive({ roles }: Principal, topicName: string): boolean {
    return !this.closed.has(topicName) && (roles.includes(topicName) || roles.includes("#"));
  }

  messageExpirySeconds(topicName: string): number | undefined {
    return topicName === "short" ? 10 : undefined;
  }
}

function publishAll(stage: BrokerStage, topicNames: readonly string[], now = 0): void {
  for (const topicName of topicNames) stage.broker.publish(undefined, message({ topicName, qos: 1 }), undefined, now);
}

function topics(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /< PUBLISH .*?"([^"]*)"/.exec(line)?.[1] ?? []);
}

test("a subscription that reaches too far brings only what its Principal may read", () => {
  const stage = new BrokerStage({}, new TopicPolicy());
  const alice = stage.connectAs(["a"], "CONNECT alice");
  stage.receive(alice, ['SUBSCRIBE #1 "#" q1']);
  const all = stage.connectAs(["#"], "CONNECT all");
  stage.receive(all, ['SUBSCRIBE #1 "#" q0']);
  stage.sent();
  publishAll(stage, ["a", "b", "a"]);
  const sent = stage.sent();
  assert.deepEqual(topics(sent.filter((line) => line.startsWith("alice"))), ["a", "a"]);
  assert.deepEqual(topics(sent.filter((line) => line.startsWith("all"))), ["a", "b", "a"]);
});

test("who is told who may read a topic is asked for each message: it may change", () => {
  const policy = new TopicPolicy();
  const stage = new BrokerStage({}, policy);
  const alice = stage.connectAs(["a"], "CONNECT alice");
  stage.receive(alice, ['SUBSCRIBE #1 "#" q1']);
  stage.sent();
  publishAll(stage, ["a"]);
  policy.closed.add("a");
  publishAll(stage, ["a"]);
  policy.closed.clear();
  publishAll(stage, ["a"]);
  assert.equal(topics(stage.sent()).length, 2);
});

test("Retained Messages are held to it too", () => {
  const stage = new BrokerStage({}, new TopicPolicy());
  for (const topicName of ["a", "b"]) {
    stage.broker.publish(undefined, message({ topicName, qos: 1, retain: true }), undefined, 0);
  }
  const alice = stage.connectAs(["b"], "CONNECT alice");
  stage.sent();
  stage.receive(alice, ['SUBSCRIBE #1 "#" q1']);
  assert.deepEqual(topics(stage.sent()), ["b"]);
});

test("a Shared Subscription cannot be limited to what is one's own: others of the group are chosen too", () => {
  const stage = new BrokerStage({}, new TopicPolicy());
  const alice = stage.connectAs(["a"], "CONNECT alice");
  stage.sent();
  stage.receive(alice, ['SUBSCRIBE #1 "$share/g/#" q1, "$share/g/a" q1']);
  assert.match(stage.sent().join(), /SUBACK #1 0x87 0x01 reasonString="A Shared Subscription cannot be limited/);
});

test("a right that is withdrawn ends the subscription and the connection, with 0x87", () => {
  const stage = new BrokerStage({}, new TopicPolicy());
  const alice = stage.connectAs(["a", "b"], "CONNECT alice sessionExpiryInterval=100");
  const bob = stage.connectAs(["b"], "CONNECT bob");
  stage.receive(alice, ['SUBSCRIBE #1 "a" q1, "b" q1']);
  stage.receive(bob, ['SUBSCRIBE #1 "b" q1']);
  stage.sent();
  const stricter = new TopicPolicy();
  stricter.closed.add("a");
  stage.broker.policyChanged(stricter, 1);
  const lines = stage.outbox.lines();
  assert.ok(
    lines.some((line) => line.startsWith("alice < DISCONNECT 0x87") && line.includes("The right to a was withdrawn")),
    lines.join("\n"),
  );
  assert.ok(lines.some((line) => line.includes("deleteSubscription")));
  assert.ok(!lines.some((line) => line.startsWith("bob")));
  stage.sent();
  publishAll(stage, ["a", "b"], 2);
  assert.deepEqual(topics(stage.sent()), ["b"]);
});

test("a Session that is away loses it at its next CONNECT, with what waits for it", () => {
  const stage = new BrokerStage({}, new TopicPolicy());
  const alice = stage.connectAs(["a", "b"], "CONNECT alice sessionExpiryInterval=100");
  stage.receive(alice, ['SUBSCRIBE #1 "a" q1, "b" q1']);
  stage.broker.closed(alice, 1);
  publishAll(stage, ["a", "b", "a", "b"], 2);
  const bodies = new Map(
    stage
      .persisted()
      .flatMap((row) => (row.kind === "keepMessage" ? [[row.number, row as FetchedMessage] as const] : [])),
  );
  const stricter = new TopicPolicy();
  stricter.closed.add("a");
  stage.broker.policyChanged(stricter, 3);
  const dropped = stage.broker.counters.publishDropped;
  stage.connectAs(["a", "b"], "CONNECT alice sessionExpiryInterval=100", 4);
  const sent = stage.sent();
  assert.match(sent[0] ?? "", /CONNACK 0x00 sessionPresent/);
  assert.deepEqual(topics(sent), ["b", "b"]);
  assert.equal(stage.broker.counters.publishDropped - dropped, 2);
  assert.equal(bodies.size, 4);
});

test("who comes back with other roles is held to the law anew", () => {
  const stage = new BrokerStage({}, new TopicPolicy());
  const alice = stage.connectAs(["a"], "CONNECT alice sessionExpiryInterval=100");
  stage.receive(alice, ['SUBSCRIBE #1 "a" q1']);
  stage.broker.closed(alice, 1);
  publishAll(stage, ["a"], 2);
  stage.sent();
  stage.connectAs(["b"], "CONNECT alice sessionExpiryInterval=100", 3);
  assert.deepEqual(topics(stage.sent()), []);
  publishAll(stage, ["a"], 4);
  assert.deepEqual(topics(stage.sent()), []);
});

test("what a Session that is away may read outlives the process", () => {
  const before = new BrokerStage({}, new TopicPolicy());
  const alice = before.connectAs(["a"], "CONNECT alice sessionExpiryInterval=100");
  before.receive(alice, ['SUBSCRIBE #1 "#" q1']);
  before.broker.closed(alice, 1);
  const rows = before.persisted().filter(({ kind }) => kind === "putSession" || kind === "putSubscription");
  const after = new BrokerStage({}, new TopicPolicy());
  after.recover(latest(rows as Recovered[]), 2);
  publishAll(after, ["a", "b"], 3);
  const kept = after.persisted().flatMap((row) => (row.kind === "keepMessage" ? [row.message.topicName] : []));
  assert.deepEqual(kept, ["a"]);
});

test("changing the law of many stalls nobody: they are held to it slice by slice", () => {
  const stage = new BrokerStage({ sliceMax: 10 }, new TopicPolicy());
  for (let index = 0; index < 30; index += 1) {
    const connection = stage.connectAs(["a"], `CONNECT c${index}`);
    stage.receive(connection, ['SUBSCRIBE #1 "a" q0']);
  }
  stage.sent();
  const stricter = new TopicPolicy();
  stricter.closed.add("a");
  const closed = (): number => stage.sent().filter((line) => line.includes("DISCONNECT 0x87")).length;
  stage.broker.policyChanged(stricter, 1);
  const slices = [closed()];
  while (stage.broker.nextDeadline() <= 1) {
    stage.broker.elapsed(1);
    slices.push(closed());
  }
  assert.equal(
    slices.reduce((sum, count) => sum + count),
    30,
  );
  assert.ok(Math.max(...slices) <= 10, slices.join());
});

test("a message without Message Expiry Interval gets the one of its topic, another keeps its own", () => {
  const stage = new BrokerStage({}, new TopicPolicy());
  const alice = stage.connectAs(["#"], "CONNECT alice");
  stage.receive(alice, ['SUBSCRIBE #1 "#" q0']);
  stage.sent();
  stage.receive(alice, [
    'PUBLISH q0 "short" payload="x"',
    'PUBLISH q0 "short" messageExpiryInterval=5 payload="x"',
    'PUBLISH q0 "long" payload="x"',
  ]);
  const intervals = stage.sent().map((line) => /messageExpiryInterval=(\d+)/.exec(line)?.[1]);
  assert.deepEqual(intervals, ["10", "5", undefined]);
});

/** The last row of each Session and subscription. */
function latest(rows: readonly Recovered[]): Recovered[] {
  const sessions = rows.filter(({ kind }) => kind === "putSession").slice(-1);
  return [...sessions, ...rows.filter(({ kind }) => kind === "putSubscription")];
}

test("a Will is asked for as such: a policy may allow less than for a PUBLISH", () => {
  const policy: Policy = { mayPublish: () => undefined, maySubscribe: () => undefined, mayHaveWill: () => refusal };
  const stage = new BrokerStage({}, bothAllow(policy, allowAll));
  stage.connect('CONNECT c1 will(q0 "a" payload="x")');
  assert.match(stage.sent().join(), /CONNACK 0x87 .*Will: Not yours/);
});

test("a subscription that the new law only narrows goes on, narrowed", () => {
  const stage = new BrokerStage();
  const alice = stage.connectAs(["a"], "CONNECT alice");
  stage.receive(alice, ['SUBSCRIBE #1 "#" q0']);
  stage.sent();
  stage.broker.policyChanged(new TopicPolicy(), 1);
  publishAll(stage, ["a", "b"], 2);
  assert.deepEqual(topics(stage.sent()), ["a"]);
});
