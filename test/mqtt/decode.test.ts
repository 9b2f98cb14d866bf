import assert from "node:assert/strict";
import { test } from "node:test";
import { noAcknowledgementProperties } from "../../src/mqtt/acknowledgement.ts";
import { noConnectProperties } from "../../src/mqtt/connect.ts";
import { noSubscriptionIdentifiers, noUserProperties, type Packet } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { badCases, goodCases } from "./cases/all-cases.ts";
import { bytes, decodeChunks, decodeOne } from "./frames.ts";

for (const { name, protocolVersion, hex, packet, only } of goodCases) {
  if (only === "encode") continue;
  test(`${name} is read`, () => assert.deepEqual(decodeOne(bytes(hex), protocolVersion), packet));
}

for (const { name, protocolVersion, hex, reasonCode, answerVersion } of badCases) {
  test(`refused with 0x${reasonCode.toString(16)}: ${name}`, () => {
    const error = errorOf(() => decodeOne(bytes(hex), protocolVersion));
    assert.equal(error.reasonCode, reasonCode);
    if (answerVersion !== undefined) assert.equal(error.protocolVersion, answerVersion);
    assert.match(error.message, /^[A-Z].*[^.]$/);
    assert.match(error.statement, /^MQTT(311)?-\d+\.\d+\.\d+-\d+$|^\d+(\.\d+)+$/);
  });
}

test("no packet that is cut short anywhere is read as another, but where its end may be left out", () => {
  for (const { protocolVersion, hex, only } of goodCases) {
    if (only !== undefined) continue;
    const frame = bytes(hex);
    if (frame[1]! > 127) continue;
    for (let length = 2; length < frame.length; length += 1) {
      const cut = frame.slice(0, length);
      cut[1] = length - 2;
      const packet = packetOrError(() => decodeOne(cut, protocolVersion));
      if (packet instanceof ProtocolError) continue;
      assert.ok(mayEndEarly(packet), `${hex} cut to ${length} bytes`);
    }
  }
});

test("a byte behind the last field is malformed in every packet that does not end with a list or payload", () => {
  for (const { protocolVersion, hex, only } of goodCases) {
    const frame = bytes(hex);
    if (only !== undefined || frame[1]! > 126) continue;
    const longer = new Uint8Array([...frame, 0]);
    longer[1] = frame[1]! + 1;
    const packet = packetOrError(() => decodeOne(longer, protocolVersion));
    if (packet instanceof ProtocolError) assert.equal(packet.reasonCode, 0x81, hex);
    else assert.ok(mayEndEarly(packet), hex);
  }
});

/** Every Reason Code of every packet (§2.4), as the tables of the specification list them. */
const reasonCodes: readonly (readonly [
  name: string,
  protocolVersion: ProtocolVersion,
  frame: string,
  codes: string,
])[] = [
  ["CONNACK [MQTT-3.2.2-8]", 5, "20 03 00 ?? 00", "00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f"],
  ["CONNACK of 3.1.1", 4, "20 02 00 ??", "00 01 02 03 04 05"],
  ["PUBACK [MQTT-3.4.2-1]", 5, "40 03 0001 ??", "00 10 80 83 87 90 91 97 99"],
  ["PUBREC [MQTT-3.5.2-1]", 5, "50 03 0001 ??", "00 10 80 83 87 90 91 97 99"],
  ["PUBREL [MQTT-3.6.2-1]", 5, "62 03 0001 ??", "00 92"],
  ["PUBCOMP [MQTT-3.7.2-1]", 5, "70 03 0001 ??", "00 92"],
  ["SUBACK [MQTT-3.9.3-2]", 5, "90 04 0001 00 ??", "00 01 02 80 83 87 8f 91 97 9e a1 a2"],
  ["SUBACK of 3.1.1 [MQTT311-3.9.3-2]", 4, "90 03 0001 ??", "00 01 02 80"],
  ["UNSUBACK [MQTT-3.11.3-2]", 5, "b0 04 0001 00 ??", "00 11 80 83 87 8f 91"],
  [
    "DISCONNECT [MQTT-3.14.2-1]",
    5,
    "e0 01 ??",
    "00 04 80 81 82 83 87 89 8b 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2",
  ],
  ["AUTH [MQTT-3.15.2-1]", 5, "f0 02 ?? 00", "00 18 19"],
];

for (const [name, protocolVersion, frame, codes] of reasonCodes) {
  test(`${name} carries the Reason Codes that are listed for it and no others`, () => {
    const accepted: string[] = [];
    for (let code = 0; code < 256; code += 1) {
      const hex = code.toString(16).padStart(2, "0");
      const packet = packetOrError(() => decodeOne(bytes(frame.replace("??", hex)), protocolVersion));
      if (!(packet instanceof ProtocolError)) accepted.push(hex);
      else assert.equal(packet.reasonCode, 0x82);
    }
    assert.equal(accepted.join(" "), codes);
  });
}

test("what is empty is one shared object", () => {
  const publish = decodeOne(bytes('30 04 0001"a" 00'), ProtocolVersion.V5);
  assert.ok(publish.type === PacketType.Publish);
  assert.equal(publish.properties, noPublishProperties);
  assert.equal(publish.subscriptionIdentifiers, noSubscriptionIdentifiers);
  assert.equal(publish.properties.userProperties, noUserProperties);
  const aliased = decodeOne(bytes("30 06 0000 03 23 0001"), ProtocolVersion.V5);
  assert.ok(aliased.type === PacketType.Publish);
  assert.equal(aliased.properties, noPublishProperties);
  const puback = decodeOne(bytes("40 02 0001"), ProtocolVersion.V5);
  assert.ok(puback.type === PacketType.Puback);
  assert.equal(puback.properties, noAcknowledgementProperties);
  const connect = decodeOne(bytes('10 0c 0004"MQTT" 04 02 0000 0000'), ProtocolVersion.V5);
  assert.ok(connect.type === PacketType.Connect);
  assert.equal(connect.properties, noConnectProperties);
  assert.ok(Object.isFrozen(noPublishProperties) && Object.isFrozen(noConnectProperties));
});

test("a payload is a view that copies when it is sliced", () => {
  const frame = bytes('30 05 0001"a" 00 07');
  const packet = decodeOne(frame, ProtocolVersion.V5);
  assert.ok(packet.type === PacketType.Publish);
  const copy = packet.payload.slice();
  packet.payload[0] = 8;
  assert.equal(copy[0], 7);
  assert.equal(Object.getPrototypeOf(packet.payload), Uint8Array.prototype);
});

test("the fields of a packet stand in the order of its interface", () => {
  const packet = decodeOne(bytes('30 04 0001"a" 00'), ProtocolVersion.V5);
  const fields = "type dup qos retain topicName packetIdentifier topicAlias subscriptionIdentifiers properties payload";
  assert.equal(Object.keys(packet).join(" "), fields);
});

test("Topic Names that come again, in turns, are read like those that come once", () => {
  const topics = ["a/b", "a/c", "a/b", "a/b", "b", "", "a/b", "é", "é", "x".repeat(300), "a/b", "x".repeat(300)];
  const frames = topics.map((topic) => {
    const length = Buffer.byteLength(topic).toString(16).padStart(4, "0");
    return bytes(`30 ${varint(Buffer.byteLength(topic) + 6)} ${length}"${topic}" 03 23 0001`);
  });
  const packets = decodeChunks(frames, ProtocolVersion.V5);
  assert.deepEqual(
    packets.map((packet) => (packet.type === PacketType.Publish ? packet.topicName : undefined)),
    topics,
  );
});

test("a Topic Name that came before does not reach over the end of a packet", () => {
  const error = errorOf(() => decodeChunks([bytes('30 05 0003"abc" 30 02 0003"abc"')], ProtocolVersion.V311));
  assert.equal(error.reasonCode, 0x81);
});

function varint(value: number): string {
  const low = (value & 127) | (value > 127 ? 128 : 0);
  const hex = low.toString(16).padStart(2, "0");
  return value > 127 ? hex + (value >> 7).toString(16).padStart(2, "0") : hex;
}

function mayEndEarly(packet: Packet): boolean {
  switch (packet.type) {
    case PacketType.Publish:
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
    case PacketType.Subscribe:
    case PacketType.Suback:
    case PacketType.Unsubscribe:
    case PacketType.Unsuback:
    case PacketType.Disconnect:
    case PacketType.Auth:
      return true;
    default:
      return false;
  }
}

function packetOrError(read: () => Packet): Packet | ProtocolError {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error;
  }
}

function errorOf(read: () => unknown): ProtocolError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}
