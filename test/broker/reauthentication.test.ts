import assert from "node:assert/strict";
import { test } from "node:test";
import type { Verdict } from "../../src/broker/authentication.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { Connection } from "../../src/broker/connection.ts";
import { createBroker } from "../../src/broker/create-broker.ts";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import { allowAll } from "../../src/broker/policy.ts";
import { parsePacket } from "../../src/mqtt/notation.ts";
import { RecordingOutbox } from "../../src/testing/recording-outbox.ts";

function accept(name: string, tenant = 0): Verdict {
  return { kind: "accept", principal: { tenant, name, roles: [], clientId: "c" }, authenticationData: undefined };
}

/** A Client that authenticated as alice with the method DEMO. */
function connected(): { broker: Broker; connection: Connection; outbox: RecordingOutbox } {
  const outbox = new RecordingOutbox();
  const broker = createBroker({
    outbox,
    policy: allowAll,
    limits: createLimits(),
    capabilities: allCapabilities,
    uniqueId: () => "assigned",
    responseInformation: undefined,
  });
  const connection = new Connection();
  broker.opened(connection, 0);
  broker.received(connection, parsePacket('CONNECT c clean authenticationMethod="DEMO"'), 0);
  broker.verdict(connection, accept("alice"), 0);
  outbox.records.length = 0;
  return { broker, connection, outbox };
}

function reasonCodesSaid(outbox: RecordingOutbox): number[] {
  return outbox.records.flatMap((record) =>
    "packet" in record && "reasonCode" in record.packet ? [record.packet.reasonCode] : [],
  );
}

test("an AUTH before the last one was answered ends the connection: nobody is asked twice at once (§4.12.1)", () => {
  const { broker, connection, outbox } = connected();
  broker.received(connection, parsePacket('AUTH 0x19 authenticationMethod="DEMO"'), 1);
  broker.received(connection, parsePacket('AUTH 0x18 authenticationMethod="DEMO"'), 1);
  assert.deepEqual(reasonCodesSaid(outbox), [0x82]);
  assert.equal(outbox.records.filter(({ verb }) => verb === "authenticate").length, 1);
  assert.equal(connection.state, "Closed");
});

test("re-authentication as somebody else, or of another tenant, ends the connection with 0x87 [MQTT-4.12.1-2]", () => {
  for (const verdict of [accept("bob"), accept("alice", 1)]) {
    const { broker, connection, outbox } = connected();
    broker.received(connection, parsePacket('AUTH 0x19 authenticationMethod="DEMO"'), 1);
    broker.verdict(connection, verdict, 2);
    assert.deepEqual(reasonCodesSaid(outbox), [0x87]);
  }
});

test("after a re-authentication the next one may begin", () => {
  const { broker, connection, outbox } = connected();
  for (const now of [1, 2]) {
    broker.received(connection, parsePacket('AUTH 0x19 authenticationMethod="DEMO"'), now);
    broker.verdict(connection, accept("alice"), now);
  }
  assert.deepEqual(reasonCodesSaid(outbox), [0x00, 0x00]);
  assert.equal(connection.state, "Connected");
});

test("the password that is asked about is a copy, good for as long as the answer takes", () => {
  const { broker, outbox } = connected();
  const connection = new Connection();
  broker.opened(connection, 0);
  const password = Buffer.from("secret");
  const connect = parsePacket("CONNECT d clean");
  assert.ok(connect.type === 1);
  broker.received(connection, { ...connect, userName: "d", password }, 0);
  password.fill(0);
  const asked = outbox.records.find((record) => record.verb === "authenticate");
  assert.ok(asked?.verb === "authenticate");
  assert.equal(Buffer.from(asked.request.password ?? []).toString(), "secret");
});
