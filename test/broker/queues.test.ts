import assert from "node:assert/strict";
import { test } from "node:test";
import { message } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "./stage.ts";

test("of a message that many were absent for, each gets its own share", () => {
  const stage = new BrokerStage();
  const names = Array.from({ length: 12 }, (_, index) => `c${index}`);
  for (const [index, name] of names.entries()) {
    const connection = stage.connect(`CONNECT ${name} sessionExpiryInterval=100`);
    stage.receive(connection, [`SUBSCRIBE #1 subscriptionIdentifier=${index + 1} "t" q${1 + (index % 2)}`]);
    stage.broker.closed(connection, 0);
  }
  stage.broker.publish(undefined, message({ topicName: "t", qos: 2 }), undefined, 1);
  stage.outbox.take();
  for (const [index, name] of names.entries()) {
    stage.connect(`CONNECT ${name} sessionExpiryInterval=100`, 2);
    const expected = `PUBLISH q${1 + (index % 2)} #1 "t" subscriptionIdentifier=${index + 1} payload="shipped"`;
    assert.deepEqual(
      stage.sent().filter((line) => !line.includes("CONNACK")),
      [`${name} < ${expected} (after commit)`],
    );
  }
});

test("a group that ends while a former member has something in flight settles what waits, and not that", () => {
  const stage = new BrokerStage();
  const former = stage.connect("CONNECT former sessionExpiryInterval=100");
  stage.receive(former, ['SUBSCRIBE #1 "$share/g/t" q2']);
  stage.broker.publish(undefined, message({ topicName: "t", qos: 2 }), undefined, 0);
  const last = stage.connect("CONNECT last sessionExpiryInterval=100");
  stage.receive(last, ['SUBSCRIBE #1 "$share/g/t" q2']);
  stage.broker.closed(last, 0);
  stage.receive(former, ['UNSUBSCRIBE #2 "$share/g/t"']);
  stage.broker.publish(undefined, message({ topicName: "t", qos: 2 }), undefined, 0);
  stage.persisted();
  stage.connect("CONNECT last clean", 1);
  const ended = stage.persisted().filter(({ kind }) => kind === "settle" || kind === "deleteGroup");
  assert.equal(ended.length, 1);
  assert.equal(ended[0]?.kind, "settle");
  // The former member's flow goes on to its end.
  stage.receive(former, ["PUBREC #1"], 1);
  assert.deepEqual(stage.sent(), ["former < PUBREL #1 (after commit)"]);
  stage.receive(former, ["PUBCOMP #1"], 1);
  assert.equal(stage.persisted().filter(({ kind }) => kind === "settle").length, 1);
  assert.equal(stage.broker.counters.queuedMessages, 0);
});

test("a group that ends with nothing in flight is deleted, with all that waits, by one row", () => {
  const stage = new BrokerStage();
  const member = stage.connect("CONNECT member sessionExpiryInterval=100");
  stage.receive(member, ['SUBSCRIBE #1 "$share/g/t" q1']);
  stage.broker.closed(member, 0);
  for (let count = 0; count < 3; count += 1) {
    stage.broker.publish(undefined, message({ topicName: "t" }), undefined, 0);
  }
  stage.persisted();
  stage.connect("CONNECT member clean", 1);
  const ended = stage.persisted().map(({ kind }) => kind);
  assert.deepEqual(ended, ["deleteGroup", "deleteSession"]);
  assert.equal(stage.broker.counters.queuedMessages, 0);
});
