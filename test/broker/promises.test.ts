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
