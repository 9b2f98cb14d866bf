import assert from "node:assert/strict";
import { test } from "node:test";
import { type InFlight, Sender } from "../../src/session/sender.ts";

function inFlight(packetIdentifier: number): InFlight {
  return {
    packetIdentifier,
    owner: 1,
    number: 0,
    message: undefined,
    qos: 1,
    retain: false,
    subscriptionIdentifiers: [],
    stage: "published",
    counted: false,
  };
}

test("a new message gets a Packet Identifier from 1 to 65,535 that nothing in flight has [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT311-2.3.1-4]", () => {
  const sender = new Sender();
  for (const packetIdentifier of [1, 2, 4, 65_534]) sender.recover(inFlight(packetIdentifier));
  assert.deepEqual(
    Array.from({ length: 4 }, () => sender.takePacketIdentifier()),
    [65_535, 3, 5, 6],
  );
});
