import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection } from "../../src/broker/connection.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { BrokerStage } from "./stage.ts";

/** A connection of one Principal. */
function connectAs(stage: BrokerStage, name: string, clientId: string, tenant = 0): Connection {
  const connection = stage.ask(`CONNECT ${clientId} clean`);
  const principal = { tenant, name, roles: [], clientId };
  stage.broker.verdict(connection, { kind: "accept", principal, authenticationData: undefined }, 0);
  return connection;
}

/** What each DISCONNECT said. */
function disconnects({ outbox }: BrokerStage): unknown[] {
  return outbox.records.flatMap((record) => {
    if (!("packet" in record) || !("reasonCode" in record.packet) || record.packet.type !== 14) return [];
    const { reasonCode, properties } = record.packet;
    return [[reasonCode, properties.reasonString]];
  });
}

test("a Client is disconnected with the Reason Code and Reason String that it is given; without a connection there is nothing to do", () => {
  const stage = new BrokerStage();
  const connection = connectAs(stage, "alice", "c1");
  assert.equal(stage.broker.disconnect(0, "c2", ReasonCode.NotAuthorized, undefined, 1), false);
  assert.equal(stage.broker.disconnect(0, "c1", ReasonCode.NotAuthorized, "Go", 1), true);
  assert.deepEqual(disconnects(stage), [[0x87, "Go"]]);
  assert.equal(connection.state, "Closed");
});

test("all connections of the Principals named are ended, and nobody else's: not of another tenant, nor one that waits for its verdict", () => {
  const stage = new BrokerStage();
  const ended = [connectAs(stage, "alice", "c1"), connectAs(stage, "alice", "c2"), connectAs(stage, "bob", "c3")];
  const others = [connectAs(stage, "carol", "c4"), connectAs(stage, "alice", "c5", 1)];
  const waiting = stage.ask("CONNECT c6 clean");
  const names = new Set(["alice", "bob", "nobody"]);
  assert.equal(stage.broker.disconnectPrincipals(0, names, ReasonCode.AdministrativeAction, "Roles", 1), 3);
  assert.deepEqual(disconnects(stage), Array(3).fill([0x98, "Roles"]));
  assert.ok(ended.every(({ state }) => state === "Closed"));
  assert.ok(others.every(({ state }) => state === "Connected"));
  assert.equal(waiting.state, "AwaitingVerdict");
});
