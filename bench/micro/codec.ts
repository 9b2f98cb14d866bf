// tsx bench/micro/codec.ts: what a packet costs to decode from a chunk of many, and to encode into a buffer.
import { Buffer } from "node:buffer";
import { noAcknowledgementProperties } from "../../src/mqtt/acknowledgement.ts";
import { decode, encode } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import { packetBytesMax } from "../../src/mqtt/limits.ts";
import { noSubscriptionIdentifiers, type Packet, type Publish } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { SharedPublish } from "../../src/mqtt/shared-publish.ts";
import { Writer } from "../../src/mqtt/writer.ts";
import { printTimings, type Sample } from "../timing.ts";

const packetsPerChunk = 100;

const publish: Publish = {
  type: PacketType.Publish,
  dup: false,
  qos: 1,
  retain: false,
  topicName: "devices/collar-0042/heart-rate",
  packetIdentifier: 17,
  topicAlias: undefined,
  subscriptionIdentifiers: noSubscriptionIdentifiers,
  properties: noPublishProperties,
  payload: Buffer.alloc(64, "x"),
};
const atMostOnce: Publish = { ...publish, qos: 0, packetIdentifier: 0 };
const withProperties: Publish = {
  ...publish,
  properties: {
    payloadFormatIndicator: 1,
    messageExpiryIntervalSeconds: 60,
    contentType: "application/json",
    responseTopic: "replies/alice",
    correlationData: Buffer.from("0123456789abcdef"),
    userProperties: [["trace", "4bf92f3577b34da6"]],
  },
};
const puback: Packet = {
  type: PacketType.Puback,
  packetIdentifier: 17,
  reasonCode: 0,
  properties: noAcknowledgementProperties,
};

const cases: readonly (readonly [string, readonly Packet[], ProtocolVersion])[] = [
  ["PUBLISH QoS 0, 3.1.1", [atMostOnce], ProtocolVersion.V311],
  ["PUBLISH QoS 0, 5.0", [atMostOnce], ProtocolVersion.V5],
  ["PUBLISH QoS 1, 5.0", [publish], ProtocolVersion.V5],
  ["PUBLISH QoS 1, 5.0, two topics in turn", [publish, { ...publish, topicName: "devices/x" }], ProtocolVersion.V5],
  ["PUBLISH QoS 1, 5.0, six Properties", [withProperties], ProtocolVersion.V5],
  ["PUBACK, 5.0", [puback], ProtocolVersion.V5],
];

printTimings(
  "decode, per packet",
  cases.map(([name, packets, version]) => decodeSample(name, packets, version)),
);
printTimings(
  "encode, per packet",
  cases.map(([name, packets, version]) => encodeSample(name, packets, version)),
);
printTimings("shared PUBLISH, per subscriber", [sharedSample("of 1", 1), sharedSample("of 100", 100)]);

function decodeSample(name: string, packets: readonly Packet[], version: ProtocolVersion): Sample {
  const writer = new Writer();
  for (let i = 0; i < packetsPerChunk; i++) encode(packets[i % packets.length]!, version, writer);
  const chunk = Buffer.from(writer.bytes());
  const framer = new Framer(packetBytesMax);
  return {
    name,
    count: packetsPerChunk,
    run: () => {
      let last: Packet | undefined;
      framer.push(chunk);
      while (framer.next()) last = decode(framer.firstByte, framer.reader, version);
      return last;
    },
  };
}

function encodeSample(name: string, packets: readonly Packet[], version: ProtocolVersion): Sample {
  const writer = new Writer(Buffer.allocUnsafe(65_536));
  return {
    name,
    count: packetsPerChunk,
    run: () => {
      writer.position = 0;
      for (let i = 0; i < packetsPerChunk; i++) encode(packets[i % packets.length]!, version, writer);
      return writer.position;
    },
  };
}

function sharedSample(name: string, subscribers: number): Sample {
  const writer = new Writer(Buffer.allocUnsafe(65_536));
  const { topicName, properties, payload } = publish;
  return {
    name,
    count: subscribers,
    run: () => {
      writer.position = 0;
      const shared = new SharedPublish(ProtocolVersion.V5, 1, false, topicName, properties, undefined, [], payload);
      for (let i = 1; i <= subscribers; i++) shared.writeTo(writer, i, false);
      return writer.position;
    },
  };
}
