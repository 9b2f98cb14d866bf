import assert from "node:assert/strict";
import { test } from "node:test";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { message } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "./stage.ts";

test("who publishes from inside the process hears of a refusal by its ticket, or does not ask", () => {
  const stage = new BrokerStage();
  const principal = { tenant: 0, name: "inside", roles: [], clientId: "" };
  const wildcard = message({ topicName: "a/#" });
  const heard: ReasonCode[] = [];
  stage.broker.publish(principal, wildcard, { settled: (reasonCode) => heard.push(reasonCode) }, 0);
  stage.broker.publish(principal, wildcard, undefined, 0);
  const [confirmed, ...rest] = stage.outbox.take();
  assert.ok(confirmed?.verb === "confirmAfterCommit");
  confirmed.ticket.settled(confirmed.reasonCode);
  assert.deepEqual(heard, [ReasonCode.TopicNameInvalid]);
  assert.deepEqual(rest, []);
  assert.equal(stage.broker.counters.publishRefused, 2);
});

test("a CONNECT that waits for its verdict when the store begins to refuse is refused with 0x88", () => {
  const stage = new BrokerStage();
  const waiting = stage.ask("CONNECT c clean");
  stage.broker.storeState("refusing", 1);
  stage.accept(waiting, 1);
  assert.deepEqual(stage.sent(), ['c < CONNACK 0x88 reasonString="The server takes nothing new"']);
  assert.equal(waiting.state, "Closed");
});

test("AUTH carries no Reason String for who wants no problem information [MQTT-3.1.2-29]", () => {
  const stage = new BrokerStage();
  const c = stage.connect('CONNECT c clean authenticationMethod="DEMO" requestProblemInformation=0');
  stage.receive(c, ['AUTH 0x19 authenticationMethod="DEMO"'], 1);
  stage.outbox.take();
  stage.accept(c, 1);
  assert.deepEqual(stage.sent(), ['c < AUTH authenticationMethod="DEMO"']);
});
