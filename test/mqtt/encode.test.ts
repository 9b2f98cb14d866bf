import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { encode, encodedLength, fitTo } from "../../src/mqtt/codec.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { Writer } from "../../src/mqtt/writer.ts";
import { goodCases } from "./cases/all-cases.ts";
import { bytes, decodeOne, encodeOne } from "./frames.ts";
import {
  acknowledgement,
  auth,
  connack,
  connect,
  disconnect,
  publish,
  suback,
  subscribe,
  unsuback,
} from "./packets.ts";

for (const { name, protocolVersion, hex, packet, only } of goodCases) {
  if (only === "decode") continue;
  test(`${name} is written`, () => {
    assert.equal(
      Buffer.from(encodeOne(packet, protocolVersion)).toString("hex"),
      Buffer.from(bytes(hex)).toString("hex"),
    );
    assert.equal(encodedLength(packet, protocolVersion), bytes(hex).length);
  });
}

test("packets are written one behind the other, and the buffer grows with them", () => {
  const writer = new Writer(Buffer.alloc(1));
  const expected: number[] = [];
  for (const { protocolVersion, hex, packet, only } of goodCases) {
    if (only === "decode") continue;
    encode(packet, protocolVersion, writer);
    expected.push(...bytes(hex));
  }
  assert.deepEqual(new Uint8Array(writer.bytes()), new Uint8Array(expected));
});

test("a Remaining Length takes one to four bytes", () => {
  for (const [payload, header] of [
    [124, "307f"],
    [125, "308001"],
    [16_380, "30ff7f"],
    [16_381, "30808001"],
    [2_097_148, "30ffff7f"],
    [2_097_149, "3080808001"],
  ] as const) {
    const packet = publish({ payload: new Uint8Array(payload) });
    const frame = Buffer.from(encodeOne(packet, ProtocolVersion.V311));
    assert.equal(frame.subarray(0, header.length / 2).toString("hex"), header);
    assert.equal(frame.length, encodedLength(packet, ProtocolVersion.V311));
    assert.deepEqual(decodeOne(frame, ProtocolVersion.V311), packet);
  }
});

test("what the wire cannot say is our own bug", () => {
  const long = "x".repeat(65_536);
  assert.throws(() => encodeOne(publish({ topicName: long }), ProtocolVersion.V5), RangeError);
  assert.throws(() => encodeOne(connect({ password: new Uint8Array(65_536) }), ProtocolVersion.V5), RangeError);
  const huge = { length: 268_435_452 } as Uint8Array;
  assert.throws(() => encodedLength(publish({ payload: huge }), ProtocolVersion.V5), RangeError);
  assert.equal(
    encodedLength(publish({ payload: { length: 268_435_451 } as Uint8Array }), ProtocolVersion.V5),
    268_435_460,
  );
});

const explanation = { reasonString: "because", userProperties: [["key", "value"]] } as const;
const explained: readonly Packet[] = [
  connack({ properties: { ...explanation, receiveMaximum: 9 } }),
  acknowledgement(PacketType.Puback, { reasonCode: 0x97, properties: explanation }),
  acknowledgement(PacketType.Pubrec, { reasonCode: 0x97, properties: explanation }),
  acknowledgement(PacketType.Pubrel, { reasonCode: 0x92, properties: explanation }),
  acknowledgement(PacketType.Pubcomp, { reasonCode: 0x92, properties: explanation }),
  suback({ properties: explanation }),
  unsuback({ properties: explanation }),
  disconnect({ reasonCode: 0x8e, properties: { ...explanation, serverReference: "b" } }),
  auth({ reasonCode: 0x18, properties: { ...explanation, authenticationMethod: "m" } }),
];

/** What each of them must leave out: the Reason String, the User Properties. */
const leftOut: Readonly<Partial<Record<PacketType, string>>> = {
  [PacketType.Connack]: "[MQTT-3.2.2-19] [MQTT-3.2.2-20]",
  [PacketType.Puback]: "[MQTT-3.4.2-2] [MQTT-3.4.2-3]",
  [PacketType.Pubrec]: "[MQTT-3.5.2-2] [MQTT-3.5.2-3]",
  [PacketType.Pubrel]: "[MQTT-3.6.2-2] [MQTT-3.6.2-3]",
  [PacketType.Pubcomp]: "[MQTT-3.7.2-2] [MQTT-3.7.2-3]",
  [PacketType.Suback]: "[MQTT-3.9.2-1] [MQTT-3.9.2-2]",
  [PacketType.Unsuback]: "[MQTT-3.11.2-1] [MQTT-3.11.2-2]",
  [PacketType.Disconnect]: "[MQTT-3.14.2-3] [MQTT-3.14.2-4]",
  [PacketType.Auth]: "[MQTT-3.15.2-2] [MQTT-3.15.2-3]",
};

for (const packet of explained) {
  const name = Object.entries(PacketType).find(([, type]) => type === packet.type)?.[0];
  test(`${name} ${leftOut[packet.type]} gives up its Reason String first, then its User Properties, and nothing else`, () => {
    assert.ok("properties" in packet && "reasonString" in packet.properties);
    const properties = packet.properties;
    const length = encodedLength(packet, ProtocolVersion.V5);
    assert.equal(fitTo(packet, ProtocolVersion.V5, length), packet);
    const silent = { ...packet, properties: { ...properties, reasonString: undefined } } as Packet;
    assert.deepEqual(fitTo(packet, ProtocolVersion.V5, length - 1), silent);
    const silentLength = encodedLength(silent, ProtocolVersion.V5);
    assert.deepEqual(fitTo(packet, ProtocolVersion.V5, silentLength), silent);
    const bare = { ...packet, properties: { ...properties, reasonString: undefined, userProperties: [] } } as Packet;
    assert.deepEqual(fitTo(packet, ProtocolVersion.V5, silentLength - 1), bare);
    const bareLength = encodedLength(bare, ProtocolVersion.V5);
    assert.deepEqual(fitTo(packet, ProtocolVersion.V5, bareLength), bare);
    assert.equal(fitTo(packet, ProtocolVersion.V5, bareLength - 1), undefined);
  });
}

test("a Reason String is cut to what the Maximum Packet Size leaves, between two characters", () => {
  const reasonString = `payload/näme must be 1 of ${"ä€😀".repeat(40)}`;
  const packet = acknowledgement(PacketType.Puback, { properties: { reasonString } });
  const length = encodedLength(packet, ProtocolVersion.V5);
  const silentLength = encodedLength(
    acknowledgement(PacketType.Puback, { properties: { reasonString: undefined } }),
    ProtocolVersion.V5,
  );
  for (let most = length - 1; most >= silentLength; most -= 1) {
    const fitting = fitTo(packet, ProtocolVersion.V5, most) as ReturnType<typeof acknowledgement>;
    const cut = fitting.properties.reasonString;
    assert.ok(encodedLength(fitting, ProtocolVersion.V5) <= most);
    if (most < silentLength + 32) assert.equal(cut, undefined, "a few letters tell nobody anything");
    else {
      assert.ok(cut?.endsWith("…") && reasonString.startsWith(cut.slice(0, -1)), cut);
      assert.ok(encodedLength(fitting, ProtocolVersion.V5) > most - 16, `${most} bytes are used`);
    }
  }
});

test("packets whose User Properties mean something are sent whole or not at all", () => {
  const userProperties = [["key", "value"]] as const;
  for (const packet of [
    publish({ properties: { userProperties } }),
    connect({ properties: { userProperties } }),
    subscribe({ userProperties }),
  ]) {
    const length = encodedLength(packet, ProtocolVersion.V5);
    assert.equal(fitTo(packet, ProtocolVersion.V5, length), packet);
    assert.equal(fitTo(packet, ProtocolVersion.V5, length - 1), undefined);
  }
});
