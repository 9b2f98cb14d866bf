import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueuedEntry, Walk } from "../../src/broker/inspection.ts";
import { message } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "./stage.ts";

/** All that is left, by slices of so many steps; `between` may change things. */
function walked<Item>(
  walk: Walk<Item> | undefined,
  steps = 1_000,
  between: (slice: number) => void = () => {},
): Item[] {
  assert.ok(walk !== undefined);
  const items: Item[] = [];
  for (let slice = 0; !walk.done; slice += 1) {
    assert.ok(slice < 10_000, "it comes to no end");
    const budget = { steps };
    for (let item = walk.next(budget); item !== undefined; item = walk.next(budget)) items.push(item);
    assert.ok(budget.steps >= 0);
    between(slice);
  }
  return items;
}

/** A stage with a client that is away and for whom the numbered messages wait. */
function waiting(count: number): BrokerStage {
  const stage = new BrokerStage();
  const client = stage.connect("CONNECT away sessionExpiryInterval=100");
  stage.receive(client, ['SUBSCRIBE #1 "t/#" q2']);
  stage.broker.closed(client, 0);
  for (let index = 0; index < count; index += 1) publish(stage, `t/${index}`);
  return stage;
}

function publish(stage: BrokerStage, topicName: string): void {
  stage.broker.publish(undefined, message({ topicName }), undefined, 0);
}

function topics(entries: readonly QueuedEntry[]): (string | undefined)[] {
  return entries.map((entry) => entry.message?.topicName);
}

test("sessions are walked in the order in which they began, a slice at a time", () => {
  const stage = new BrokerStage();
  for (const clientId of ["b", "a", "c", "d"]) stage.connect(`CONNECT ${clientId}`);
  const walk = stage.broker.inspect(0).sessions();
  assert.equal(walk.next({ steps: 0 }), undefined);
  assert.equal(walk.done, false);
  const names = walked(walk, 2).map(({ clientId }) => clientId);
  assert.deepEqual(names, ["b", "a", "c", "d"]);
});

test("a session that ends before its turn is not found", () => {
  const stage = new BrokerStage();
  const [, , last] = ["a", "b", "c"].map((clientId) => stage.connect(`CONNECT ${clientId}`));
  const found = walked(stage.broker.inspect(0).sessions(), 1, (slice) => {
    if (slice === 0 && last !== undefined) stage.broker.closed(last, 0);
  });
  assert.deepEqual(
    found.map(({ clientId }) => clientId),
    ["a", "b"],
  );
});

test("another tenant's sessions are not seen", () => {
  const stage = new BrokerStage();
  stage.connect("CONNECT a");
  assert.deepEqual(walked(stage.broker.inspect(1).sessions()), []);
  assert.equal(stage.broker.inspect(1).session("a"), undefined);
  assert.equal(stage.broker.inspect(0).session("a")?.clientId, "a");
});

test("the subscriptions of a session are walked as its client wrote them", () => {
  const stage = new BrokerStage();
  stage.receive(stage.connect("CONNECT a"), ['SUBSCRIBE #1 "x" q0, "$share/g/y/+" q1']);
  const inspection = stage.broker.inspect(0);
  const found = walked(inspection.subscriptions(inspection.session("a")!), 1);
  assert.deepEqual(
    found.map(({ topicFilter, subscription }) => [topicFilter, subscription.qos]),
    [
      ["x", 0],
      ["$share/g/y/+", 1],
    ],
  );
});

test("retained messages are found by topic filter and by topic", () => {
  const stage = new BrokerStage();
  for (const topicName of ["a/1", "a/2", "b"]) {
    stage.broker.publish(undefined, message({ topicName, retain: true }), undefined, 0);
  }
  const inspection = stage.broker.inspect(0);
  const found = walked(inspection.retained("a/+"), 1).map(({ topicName }) => topicName);
  assert.deepEqual(found, ["a/1", "a/2"]);
  assert.equal(inspection.retainedMessage("b")?.topicName, "b");
  assert.equal(inspection.retainedMessage("a"), undefined);
});

test("a queue is what is in flight, then what waits, each once", () => {
  const stage = waiting(3);
  stage.connect("CONNECT away sessionExpiryInterval=100 receiveMaximum=1");
  const entries = walked(stage.broker.inspect(0).queue("away"), 1);
  assert.deepEqual(
    entries.map(({ state, packetIdentifier, qos }) => [state, packetIdentifier, qos]),
    [
      ["sent", 1, 1],
      ["waiting", 0, 1],
      ["waiting", 0, 1],
    ],
  );
  assert.deepEqual(topics(entries), ["t/0", "t/1", "t/2"]);
});

test("a message whose PUBREC came is released", () => {
  const stage = waiting(0);
  stage.broker.publish(undefined, message({ topicName: "t", qos: 2 }), undefined, 0);
  const client = stage.connect("CONNECT away sessionExpiryInterval=100");
  stage.receive(client, ["PUBREC #1"]);
  assert.equal(walked(stage.broker.inspect(0).queue("away"))[0]?.state, "released");
});

test("while the head of a queue is taken, what stays behind it is found once", () => {
  const stage = waiting(10);
  const client = stage.connect("CONNECT away sessionExpiryInterval=100 receiveMaximum=1");
  let acknowledged = 0;
  const entries = walked(stage.broker.inspect(0).queue("away"), 2, (slice) => {
    if (slice !== 2 && slice !== 4) return;
    for (const end = acknowledged + 3; acknowledged < end; acknowledged += 1) {
      stage.receive(client, [`PUBACK #${acknowledged + 1}`]);
    }
    publish(stage, `t/late-${slice}`);
  });
  const found = topics(entries);
  assert.equal(new Set(found).size, found.length, "none twice");
  for (const topicName of ["t/7", "t/8", "t/9", "t/late-2", "t/late-4"])
    assert.ok(found.includes(topicName), topicName);
});

test("when all that was seen of a queue is taken, the walk goes on at its head", () => {
  const stage = waiting(4);
  const walk = stage.broker.inspect(0).queue("away");
  const budget = { steps: 2 };
  const seen = [walk?.next(budget), walk?.next(budget)].map((entry) => entry?.message?.topicName);
  // One step passes over what is in flight: nothing is.
  assert.deepEqual(seen, ["t/0", undefined]);
  const client = stage.connect("CONNECT away sessionExpiryInterval=100 receiveMaximum=1");
  stage.receive(client, ["PUBACK #1", "PUBACK #2"]);
  assert.deepEqual(topics(walked(walk)), ["t/3"]);
});

test("queues are those of sessions and of shared groups that hold something", () => {
  const stage = waiting(2);
  const member = stage.connect("CONNECT member sessionExpiryInterval=100");
  stage.receive(member, ['SUBSCRIBE #1 "$share/g/t/#" q1']);
  stage.broker.closed(member, 0);
  publish(stage, "t/shared");
  const inspection = stage.broker.inspect(0);
  assert.deepEqual(walked(inspection.queues(), 1), [
    { kind: "session", name: "away", waiting: 3, inFlight: 0 },
    { kind: "group", name: "$share/g/t/#", waiting: 1, inFlight: 0 },
  ]);
  assert.deepEqual(topics(walked(inspection.queue("$share/g/t/#"))), ["t/shared"]);
  assert.equal(inspection.queue("nobody"), undefined);
});

test("after a restart the bodies are in the store, and a queue says only their numbers", () => {
  const stage = new BrokerStage();
  const target = { kind: "session", owner: 7, qos: 1, retain: false, subscriptionIdentifiers: [], session: 0 } as const;
  stage.recover(
    [
      {
        kind: "putSession",
        session: 7,
        tenant: 0,
        clientId: "away",
        principalName: "",
        sessionExpiryIntervalSeconds: 100,
        disconnectedAt: 1,
      },
      {
        kind: "queuedMessage",
        number: 9,
        bytes: 100,
        targets: [{ ...target, packetIdentifier: 0, stage: "published" }],
      },
    ],
    2,
  );
  assert.deepEqual(walked(stage.broker.inspect(0).queue("away")), [
    { number: 9, state: "waiting", packetIdentifier: 0, qos: undefined, owner: 7, message: undefined },
  ]);
});
