import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../src/broker/connection.ts";
import { createBroker } from "../../src/broker/create-broker.ts";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import { allowAll } from "../../src/broker/policy.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { RecordingOutbox } from "../../src/testing/recording-outbox.ts";
import { acknowledgement, connect, publish } from "../mqtt/packets.ts";
import { BrokerStage } from "./stage.ts";

test("PUBCOMP waits for the commit that freed its identifier, also over a connection that came after it", () => {
  const outbox = new RecordingOutbox();
  const broker = createBroker({
    outbox,
    policy: allowAll,
    limits: createLimits(),
    capabilities: allCapabilities,
    uniqueId: () => "unique",
    responseInformation: undefined,
  });
  const open = (): Connection => {
    const connection = new Connection();
    broker.opened(connection, 0);
    broker.received(connection, connect({ clientId: "c", properties: { sessionExpiryIntervalSeconds: 60 } }), 0);
    const principal = { tenant: 0, name: "", roles: [], clientId: "c" };
    broker.verdict(connection, { kind: "accept", principal, authenticationData: undefined }, 0);
    return connection;
  };
  const verbsOf = (connection: Connection, packet: Packet): string[] => {
    outbox.records.length = 0;
    broker.received(connection, packet, 0);
    return outbox.records.map(({ verb }) => verb);
  };
  const release = acknowledgement(PacketType.Pubrel, { packetIdentifier: 7 });
  const first = open();
  verbsOf(first, publish({ qos: 2, packetIdentifier: 7 }));
  assert.deepEqual(verbsOf(first, release), ["persist", "sendAfterCommit"]);
  // The commit is still under way when the Client has lost its connection and is back.
  broker.closed(first, 0);
  assert.deepEqual(verbsOf(open(), release), ["sendAfterCommit"]);
});

test("a message that waited leaves after the commit that keeps its publisher's flow, though its receiver is not durable", () => {
  const stage = new BrokerStage();
  const publisher = stage.connect("CONNECT p sessionExpiryInterval=100");
  const subscriber = stage.connect("CONNECT s clean receiveMaximum=1");
  stage.receive(subscriber, ['SUBSCRIBE #1 "t" q2']);
  stage.receive(publisher, ['PUBLISH q2 #1 "t" payload="1"', 'PUBLISH q2 #2 "t" payload="2"']);
  stage.receive(subscriber, ["PUBREC #1", "PUBCOMP #1"]);
  assert.deepEqual(stage.sent().slice(-1), ['s < PUBLISH q2 #2 "t" payload="2" (after commit)']);
});

test("a message that waited and is kept nowhere waits for no commit", () => {
  const stage = new BrokerStage();
  const publisher = stage.connect("CONNECT p sessionExpiryInterval=100");
  const member = stage.connect("CONNECT m clean receiveMaximum=1");
  stage.receive(member, ['SUBSCRIBE #1 "$share/g/t" q1', 'SUBSCRIBE #2 "u" q1']);
  stage.receive(publisher, ['PUBLISH q1 #1 "u"', 'PUBLISH q1 #2 "u"', 'PUBLISH q1 #3 "t"']);
  stage.outbox.take();
  stage.receive(member, ["PUBACK #1", "PUBACK #2"]);
  assert.deepEqual(stage.sent(), ['m < PUBLISH q1 #2 "u"', 'm < PUBLISH q1 #3 "t"']);
});
