import assert from "node:assert/strict";
import { test } from "node:test";
import type { Principal } from "../../src/broker/authentication.ts";
import type { Connection } from "../../src/broker/connection.ts";
import type { Policy } from "../../src/broker/policy.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { message } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "./stage.ts";

const seconds = 1_000;

/** Its Client's token, or the next one, is good for so long and lets it read these topics. */
function accept(
  { broker }: BrokerStage,
  connection: Connection,
  now: number,
  validMilliseconds?: number,
  roles: string[] = [],
) {
  const principal = { tenant: 0, name: "alice", roles, clientId: connection.clientId };
  broker.verdict(connection, { kind: "accept", principal, authenticationData: undefined, validMilliseconds }, now);
}

function renew(stage: BrokerStage, connection: Connection, now: number, validMilliseconds?: number, roles?: string[]) {
  stage.receive(connection, ['AUTH 0x19 authenticationMethod="JWT" authenticationData="t"'], now);
  accept(stage, connection, now, validMilliseconds, roles);
}

const connect = 'CONNECT c clean keepAlive=0 authenticationMethod="JWT" authenticationData="t"';
const expired = /^c < DISCONNECT 0x87 .*expired/;

test("a connection ends with what it authenticated with, at that moment and not before", () => {
  const stage = new BrokerStage();
  const connection = stage.ask(connect);
  accept(stage, connection, 0, 60 * seconds);
  stage.sent();
  assert.equal(stage.broker.nextDeadline(), 60 * seconds);
  stage.broker.elapsed(60 * seconds - 1);
  assert.deepEqual(stage.sent(), []);
  stage.broker.elapsed(60 * seconds);
  assert.match(stage.sent()[0] ?? "", expired);
  assert.equal(connection.state, "Closed");
});

test("Keep Alive and the end of a token share one deadline: the earlier counts, and speaking moves only the first", () => {
  const stage = new BrokerStage();
  const connection = stage.ask(connect.replace("keepAlive=0", "keepAlive=10"));
  accept(stage, connection, 0, 20 * seconds);
  stage.sent();
  assert.equal(stage.broker.nextDeadline(), 15 * seconds);
  stage.receive(connection, ["PINGREQ"], 14 * seconds);
  stage.broker.elapsed(15 * seconds);
  assert.equal(stage.broker.nextDeadline(), 20 * seconds);
  stage.broker.elapsed(20 * seconds);
  assert.match(stage.sent().at(-1) ?? "", expired);
  const silent = stage.ask(connect.replace("keepAlive=0", "keepAlive=10"), 100 * seconds);
  accept(stage, silent, 100 * seconds, 20 * seconds);
  stage.broker.elapsed(115 * seconds);
  assert.match(stage.sent().at(-1) ?? "", /DISCONNECT 0x8d/i);
});

test("a token that is renewed on the connection keeps it, until the new one ends", () => {
  const stage = new BrokerStage();
  const connection = stage.ask(connect);
  accept(stage, connection, 0, 60 * seconds);
  renew(stage, connection, 50 * seconds, 60 * seconds);
  stage.broker.elapsed(60 * seconds);
  assert.equal(connection.state, "Connected");
  assert.match(stage.sent().at(-1) ?? "", /^c < AUTH (?!0x)/);
  stage.broker.elapsed(110 * seconds);
  assert.match(stage.sent().at(-1) ?? "", expired);
});

test("a renewal that does not end lifts the deadline, and one that was already over ends at once", () => {
  const stage = new BrokerStage();
  const connection = stage.ask(connect);
  accept(stage, connection, 0, 60 * seconds);
  renew(stage, connection, 1 * seconds);
  assert.equal(stage.broker.nextDeadline(), Number.POSITIVE_INFINITY);
  renew(stage, connection, 2 * seconds, 0);
  stage.broker.elapsed(2 * seconds);
  assert.equal(connection.state, "Closed");
});

test("a 3.1.1 Client is closed without a word, as it has none", () => {
  const stage = new BrokerStage();
  const connection = stage.ask("CONNECT c v4 clean keepAlive=0");
  accept(stage, connection, 0, 60 * seconds);
  stage.sent();
  stage.broker.elapsed(60 * seconds);
  assert.deepEqual(stage.sent(), []);
  assert.equal(connection.state, "Closed");
});

/** A role is a topic that may be read; `#` brings those. */
const byRole: Policy = {
  mayPublish: () => undefined,
  maySubscribe: ({ roles }, topicFilter) =>
    topicFilter === "#" || roles.includes(topicFilter)
      ? undefined
      : { reasonCode: ReasonCode.NotAuthorized, reasonString: "Not yours", place: "" },
  isFiltered: (_principal: Principal, topicFilter) => topicFilter === "#",
  mayReceive: ({ roles }, topicName) => roles.includes(topicName),
};

test("a new token with fewer rights takes them at once: topics that were routed before, too", () => {
  const stage = new BrokerStage({}, byRole);
  const connection = stage.ask(connect);
  accept(stage, connection, 0, 60 * seconds, ["a", "b"]);
  stage.receive(connection, ['SUBSCRIBE #1 "#" q0']);
  const publish = (topicName: string): void =>
    stage.broker.publish(undefined, message({ topicName, qos: 0 }), undefined, 1);
  publish("a");
  publish("b");
  stage.sent();
  renew(stage, connection, 2, 60 * seconds, ["b"]);
  publish("a");
  publish("b");
  const published = stage.sent().filter((line) => line.includes("PUBLISH"));
  assert.deepEqual(
    published.map((line) => /"(.)"/.exec(line)?.[1]),
    ["b"],
  );
});

test("a subscription that the new token does not allow ends, and the connection with it", () => {
  const stage = new BrokerStage({}, byRole);
  const connection = stage.ask(connect);
  accept(stage, connection, 0, 60 * seconds, ["a"]);
  stage.receive(connection, ['SUBSCRIBE #1 "a" q0']);
  stage.sent();
  renew(stage, connection, 2, 60 * seconds, ["b"]);
  const [answer, end] = stage.sent();
  assert.match(answer ?? "", /^c < AUTH (?!0x)/);
  assert.match(end ?? "", /^c < DISCONNECT 0x87 .*The right to a was withdrawn/);
});

test("who comes back with other claims gets nothing that waits for it and is not its own any more", () => {
  const stage = new BrokerStage({}, byRole);
  const line = connect.replace("clean", "sessionExpiryInterval=100");
  const before = stage.ask(line);
  accept(stage, before, 0, undefined, ["a", "b"]);
  stage.receive(before, ['SUBSCRIBE #1 "#" q1']);
  stage.broker.closed(before, 1);
  for (const topicName of ["a", "b"]) stage.broker.publish(undefined, message({ topicName, qos: 1 }), undefined, 2);
  stage.sent();
  const after = stage.ask(line, 3);
  accept(stage, after, 3, undefined, ["b"]);
  const published = stage.sent().filter((each) => each.includes("PUBLISH"));
  assert.deepEqual(
    published.map((each) => /"(.)"/.exec(each)?.[1]),
    ["b"],
  );
});

test("one connection can be ended by itself, before its verdict too", () => {
  const stage = new BrokerStage();
  const connection = stage.ask(connect);
  stage.broker.disconnectConnection(connection, ReasonCode.NotAuthorized, "Revoked", 1);
  assert.equal(connection.state, "Closed");
  accept(stage, connection, 2);
  assert.deepEqual(stage.sent(), []);
  const other = stage.ask(connect, 3);
  accept(stage, other, 3);
  stage.sent();
  stage.broker.disconnectConnection(other, ReasonCode.NotAuthorized, "Revoked", 4);
  stage.broker.disconnectConnection(other, ReasonCode.NotAuthorized, "Revoked", 5);
  assert.deepEqual(stage.sent().length, 1);
});
