import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerStage } from "./stage.ts";

test("a QoS 2 delivery of a group ends with the Session that has it, and its row with it [MQTT-4.8.2-5]", () => {
  const stage = new BrokerStage();
  const member = stage.connect("CONNECT a sessionExpiryInterval=10");
  const other = stage.connect("CONNECT b sessionExpiryInterval=10");
  stage.receive(member, ['SUBSCRIBE #1 "$share/g/t" q2', 'SUBSCRIBE #2 "own" q1']);
  stage.receive(stage.connect("CONNECT p clean"), ['PUBLISH q2 #1 "t" payload="x"', 'PUBLISH q1 #2 "own"']);
  stage.receive(other, ['SUBSCRIBE #1 "$share/g/t" q2']);
  const [kept] = stage.persisted().filter((mutation) => mutation.kind === "keepMessage");
  assert.ok(kept !== undefined);
  stage.broker.closed(member, 0);
  stage.broker.elapsed(11_000);
  const settled = stage.persisted().filter((mutation) => mutation.kind === "settle");
  // Its own rows go with the row of the Session.
  assert.deepEqual(
    settled.map(({ number, owner }) => [number, owner]),
    [[kept.number, kept.targets[0]?.owner]],
  );
});
