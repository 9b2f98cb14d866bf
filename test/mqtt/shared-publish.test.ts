import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import type { Publish } from "../../src/mqtt/packet.ts";
import { noUserProperties } from "../../src/mqtt/packet.ts";
import { ProtocolVersion, type QoS } from "../../src/mqtt/packet-type.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { SharedPublish } from "../../src/mqtt/shared-publish.ts";
import { Writer } from "../../src/mqtt/writer.ts";
import { bytes, decodeChunks, encodeOne } from "./frames.ts";
import { publish } from "./packets.ts";

const versions = [ProtocolVersion.V311, ProtocolVersion.V5] as const;

for (const protocolVersion of versions) {
  for (const qos of [0, 1, 2] as const) {
    test(`every Client of version ${protocolVersion} gets its own PUBLISH at QoS ${qos}`, () => {
      const payload = bytes('"payload"');
      const shared = share(protocolVersion, qos, payload);
      const writers = [new Writer(), new Writer(Buffer.alloc(1)), new Writer()];
      const expected: Publish[][] = writers.map(() => []);
      for (let round = 0; round < 40; round += 1) {
        const packetIdentifier = qos === 0 ? 0 : 1 + round * 1_000;
        const dup = qos !== 0 && round % 3 === 1;
        writers.forEach((writer, index) => {
          if ((round + index) % 2 === 0) return;
          shared.writeTo(writer, packetIdentifier, dup);
          expected[index]?.push(publish({ qos, retain: true, topicName: "a/é", packetIdentifier, dup, payload }));
        });
      }
      writers.forEach((writer, index) => {
        assert.deepEqual(decodeChunks([writer.bytes()], protocolVersion), expected[index]);
      });
    });
  }
}

test("the first Client's DUP is not handed on", () => {
  const shared = share(ProtocolVersion.V5, 1, bytes(""));
  const writer = new Writer();
  for (const dup of [true, false, true]) shared.writeTo(writer, 7, dup);
  const dups = decodeChunks([writer.bytes()], ProtocolVersion.V5).map((packet) => "dup" in packet && packet.dup);
  assert.deepEqual(dups, [true, false, true]);
});

test("the bytes are those of the codec, and as many as it said", () => {
  const properties = {
    payloadFormatIndicator: 1,
    messageExpiryIntervalSeconds: 60,
    contentType: "text/plain",
    responseTopic: "r",
    correlationData: bytes("0102"),
    userProperties: [["k", "v"]],
  } as const;
  const subscriptionIdentifiers = [1, 300];
  for (const protocolVersion of versions) {
    for (const payloadLength of [0, 1, 100, 20_000]) {
      const payload = new Uint8Array(payloadLength).fill(7);
      const shared = new SharedPublish(
        protocolVersion,
        1,
        false,
        "some/topic",
        properties,
        45,
        subscriptionIdentifiers,
        payload,
      );
      const packet = publish({
        qos: 1,
        topicName: "some/topic",
        packetIdentifier: 9,
        subscriptionIdentifiers,
        properties: { ...properties, messageExpiryIntervalSeconds: 45 },
        payload,
      });
      const expected = encodeOne(packet, protocolVersion);
      for (const writer of [new Writer(), new Writer()]) {
        shared.writeTo(writer, 9, false);
        assert.deepEqual(new Uint8Array(writer.bytes()), expected);
        assert.equal(shared.byteLength, expected.length);
      }
    }
  }
});

test("a Message Expiry Interval that is left over takes the place of the published one [MQTT-3.3.2-6]", () => {
  const published = { ...noPublishProperties, messageExpiryIntervalSeconds: 60, userProperties: noUserProperties };
  for (const [left, expected] of [
    [60, '30 09 0001"a" 05 02 0000003c'],
    [59, '30 09 0001"a" 05 02 0000003b'],
    [undefined, '30 04 0001"a" 00'],
  ] as const) {
    const shared = new SharedPublish(ProtocolVersion.V5, 0, false, "a", published, left, [], bytes(""));
    const writer = new Writer();
    shared.writeTo(writer, 0, false);
    assert.deepEqual(new Uint8Array(writer.bytes()), bytes(expected));
  }
});

test("it is written behind what is there already", () => {
  const shared = share(ProtocolVersion.V311, 1, bytes('"x"'));
  const first = new Writer();
  first.raw(bytes("c000"));
  shared.writeTo(first, 1, false);
  const second = new Writer();
  second.raw(bytes("d000d000"));
  shared.writeTo(second, 2, false);
  shared.writeTo(second, 3, true);
  assert.deepEqual(new Uint8Array(first.bytes()), bytes('c000 33 09 0004"a/é" 0001"x"'));
  assert.deepEqual(new Uint8Array(second.bytes()), bytes('d000 d000 33 09 0004"a/é" 0002"x" 3b 09 0004"a/é" 0003"x"'));
});

function share(protocolVersion: ProtocolVersion, qos: QoS, payload: Uint8Array): SharedPublish {
  return new SharedPublish(protocolVersion, qos, true, "a/é", noPublishProperties, undefined, [], payload);
}
