import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import type { Packet } from "../../src/mqtt/packet.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { bytes, decodeOne, encodeOne } from "../mqtt/frames.ts";
import { connack, connect, publish, suback, subscribe, unsuback, unsubscribe, will } from "../mqtt/packets.ts";

const { V5, V311 } = ProtocolVersion;

function hex(packet: Packet, version: ProtocolVersion): string {
  return Buffer.from(encodeOne(packet, version)).toString("hex");
}

test("a PUBLISH at QoS 0 is sent without Packet Identifier [MQTT-2.2.1-2] [MQTT311-2.3.1-5]", () => {
  const packet = publish({ topicName: "t", qos: 0, packetIdentifier: 0, payload: Buffer.from("x") });
  assert.equal(hex(packet, V5), "30050001740078");
  assert.equal(hex(packet, V311), "300400017478");
});

test("without Properties the Property Length is 0, and is sent [MQTT-2.2.2-1]", () => {
  assert.equal(hex(connack(), V5), "2003000000");
  assert.equal(hex(suback({ packetIdentifier: 1, reasonCodes: [1] }), V5), "900400010001");
  assert.equal(hex(unsuback({ packetIdentifier: 1, reasonCodes: [0] }), V5), "b00400010000");
  assert.equal(hex(connect({ clientId: "c", cleanStart: true }), V5), "100e00044d515454050200000000" + "0163");
  const empty = subscribe({ packetIdentifier: 1 });
  assert.equal(hex(empty, V5).slice(4, 10), "000100");
  assert.equal(hex(unsubscribe({ packetIdentifier: 1, topicFilters: ["t"] }), V5), "a206000100000174");
  const withWill = connect({ clientId: "c", cleanStart: true, will: will({ topicName: "w" }) });
  assert.ok(hex(withWill, V5).includes("000163" + "00" + "000177"));
});

test("bits 7 to 1 of the Connect Acknowledge Flags are 0 [MQTT-3.2.2-1]", () => {
  assert.equal(hex(connack({ sessionPresent: true }), V5), "2003010000");
  assert.equal(hex(connack({ sessionPresent: true }), V311), "20020100");
  for (let flags = 2; flags < 256; flags += 1) {
    const frame = bytes(`20 03 ${flags.toString(16).padStart(2, "0")} 00 00`);
    assert.throws(() => decodeOne(frame, V5), ProtocolError);
  }
});
