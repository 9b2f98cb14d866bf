import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../../src/broker/observation.ts";
import { allowAll, type Policy } from "../../src/broker/policy.ts";
import type { Lost } from "../../src/broker/replay.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { message } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "./stage.ts";

const ticket = { settled: () => {} };
const publisher = { tenant: 0, name: "", roles: [], clientId: "p" };

function observed<Kind extends Observation["kind"]>(
  stage: BrokerStage,
  kind: Kind,
): Extract<Observation, { kind: Kind }>[] {
  const all = stage.outbox.take().flatMap((record) => (record.verb === "observe" ? [record.observation] : []));
  return all.filter((each): each is Extract<Observation, { kind: Kind }> => each.kind === kind);
}

function away(stage: BrokerStage, clientId: string, topicFilter: string): void {
  const connection = stage.connect(`CONNECT ${clientId} clean sessionExpiryInterval=100`);
  stage.receive(connection, [`SUBSCRIBE #1 "${topicFilter}" q1`]);
  stage.broker.closed(connection, 0);
}

function denying(): Policy & { denied: boolean } {
  const policy: Policy & { denied: boolean } = {
    ...allowAll,
    denied: true,
    mayPublish: () => {
      return policy.denied
        ? { reasonCode: ReasonCode.PayloadFormatInvalid, reasonString: "no pet", place: "api.yaml:3:1" }
        : undefined;
    },
  };
  return policy;
}

test("a message that pushes another out of a queue says which one, before its row is settled", () => {
  const stage = new BrokerStage({ queueMessagesMax: 1 });
  away(stage, "s", "t");
  const p = stage.connect("CONNECT p clean");
  stage.receive(p, ['PUBLISH q1 #1 "t" payload="1"']);
  stage.outbox.take();
  stage.receive(p, ['PUBLISH q1 #2 "t" payload="2"']);
  const verbs = stage.outbox.records.map((record) =>
    record.verb === "persist" ? record.mutation.kind : record.verb === "observe" ? record.observation.kind : "",
  );
  assert.ok(verbs.indexOf("messageLost") < verbs.indexOf("settle"), verbs.join());
  const [lost, ...rest] = observed(stage, "messageLost");
  assert.equal(lost?.cause, "overflowed");
  assert.equal(lost?.clientId, "s");
  assert.equal(Buffer.from(lost?.message?.payload ?? []).toString(), "1");
  assert.deepEqual(rest, []);
});

test("a lost message whose body is in the store only is named by its number", () => {
  const stage = new BrokerStage({ queueMessagesMax: 1, messageCacheBytesMax: 0 });
  away(stage, "s", "t");
  const p = stage.connect("CONNECT p clean");
  stage.receive(p, ['PUBLISH q1 #1 "t" payload="1"', 'PUBLISH q1 #2 "t" payload="2"']);
  const [lost] = observed(stage, "messageLost");
  assert.equal(lost?.message, undefined);
  assert.equal(lost?.number, 1);
});

test("a message that expired in a queue is told when its Client comes back", () => {
  const stage = new BrokerStage();
  away(stage, "s", "t");
  const p = stage.connect("CONNECT p clean");
  stage.receive(p, ['PUBLISH q1 #1 "t" payload="1" messageExpiryInterval=1']);
  stage.outbox.take();
  stage.connect("CONNECT s sessionExpiryInterval=100", 5_000);
  const [lost] = observed(stage, "messageLost");
  assert.equal(lost?.cause, "expired");
  assert.equal(lost?.clientId, "s");
  assert.equal(stage.broker.counters.publishExpired, 1);
});

for (const [version, qos, deadLetter] of [
  ["", "q0", false],
  ["", "q1 #1", true],
  ["v4 ", "q1 #1", true],
  ["v4 ", "q2 #1", true],
  ["v4 ", "q0", false],
] as const) {
  test(`a refused PUBLISH ${version}${qos} is ${deadLetter ? "a" : "no"} dead letter`, () => {
    const stage = new BrokerStage({}, denying());
    const p = stage.connect(version === "" ? "CONNECT p clean" : "CONNECT p v4 clean");
    stage.receive(p, [`PUBLISH ${qos} "t" payload="x"`]);
    const [refused] = observed(stage, "publishRefused");
    assert.equal(refused?.deadLetter, deadLetter);
    assert.equal(refused?.place, "api.yaml:3:1");
    assert.equal(Buffer.from(refused?.message.payload ?? []).toString(), "x");
    assert.equal(refused?.principal.clientId, "p");
  });
}

test("while the store takes nothing new a refused message is no dead letter: nobody acknowledges it", () => {
  const stage = new BrokerStage({}, denying());
  const p = stage.connect("CONNECT p v4 clean");
  stage.broker.storeState("refusing", 0);
  stage.receive(p, ['PUBLISH q1 #1 "t" payload="x"']);
  assert.equal(observed(stage, "publishRefused")[0]?.deadLetter, false);
  assert.equal(p.state, "Closed");
});

test("a refused Will is told with the rule, and not as a message", () => {
  const stage = new BrokerStage({}, denying());
  stage.connect('CONNECT w clean will("lost" q1 payload="bye")');
  const [refused] = observed(stage, "connectRefused");
  assert.equal(refused?.place, "api.yaml:3:1");
  assert.equal(refused?.will?.topicName, "lost");
});

test("a refused message is published again when the law allows it, and stays when it does not", () => {
  const policy = denying();
  const stage = new BrokerStage({}, policy);
  const s = stage.connect("CONNECT s clean");
  stage.receive(s, ['SUBSCRIBE #1 "t" q1']);
  const lost: Lost = { cause: "refused", principal: publisher, message: message({ topicName: "t", qos: 1 }) };
  stage.outbox.take();
  assert.equal(stage.broker.replay(0, lost, ticket, 0), "no pet");
  assert.deepEqual(stage.outbox.take(), []);
  assert.equal(stage.broker.counters.publishRefused, 0);
  policy.denied = false;
  assert.equal(stage.broker.replay(0, lost, ticket, 0), undefined);
  assert.deepEqual(
    stage.outbox.records.map(({ verb }) => verb),
    ["deliver", "confirmAfterCommit"],
  );
});

test("what a queue lost comes to that queue only", () => {
  const stage = new BrokerStage();
  away(stage, "s", "t");
  const other = stage.connect("CONNECT o clean");
  stage.receive(other, ['SUBSCRIBE #1 "t" q1']);
  const lost: Lost = { cause: "expired", clientId: "s", message: message({ topicName: "t", qos: 1, retain: true }) };
  stage.outbox.take();
  assert.equal(stage.broker.replay(0, lost, ticket, 0), undefined);
  const records = stage.outbox.take();
  assert.deepEqual(
    records.map((record) => (record.verb === "persist" ? record.mutation.kind : record.verb)),
    ["keepMessage", "confirmAfterCommit"],
  );
  assert.equal(stage.broker.counters.retainedMessages, 0);
});

test("what a queue lost stays when the Session is gone, or its queue is full", () => {
  const stage = new BrokerStage({ queueMessagesMax: 1 });
  const lost: Lost = { cause: "overflowed", clientId: "s", message: message({ topicName: "t", qos: 1 }) };
  assert.match(stage.broker.replay(0, lost, ticket, 0) ?? "", /no session any more/);
  away(stage, "s", "t");
  assert.equal(stage.broker.replay(0, lost, ticket, 0), undefined);
  assert.equal(stage.broker.replay(0, lost, ticket, 0), "Its queue is full");
});

test("a Message Expiry Interval begins anew when a lost message is sent again", () => {
  const stage = new BrokerStage();
  away(stage, "s", "t");
  const body = message({ topicName: "t", qos: 1 });
  const properties = { ...body.properties, messageExpiryIntervalSeconds: 60 };
  const lost: Lost = { cause: "expired", clientId: "s", message: { ...body, properties, expiresAt: 1 } };
  stage.outbox.take();
  stage.broker.replay(0, lost, ticket, 10_000);
  const [kept] = stage.persisted();
  assert.ok(kept?.kind === "keepMessage");
  assert.equal(kept.message.expiresAt, 70_000);
});
