import type { Publish, PublishProperties } from "./packet.ts";
import { noSubscriptionIdentifiers } from "./packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "./packet-type.ts";
import { propertyLayout, readProperties, withPropertyLength } from "./properties.ts";
import { ProtocolError } from "./protocol-error.ts";
import {
  emptyPublishProperties,
  noPublishProperties,
  publishPropertiesOf,
  transmittedPropertiesLength,
  writeTransmittedProperties,
} from "./publish-properties.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode } from "./reason-code.ts";
import { encodedTextLength, type Writer } from "./writer.ts";

/** Everything that a PUBLISH says but for what differs from one Client to the next. */
export type PublishContent = Omit<Publish, "type" | "dup" | "packetIdentifier">;

/** A block of PUBLISH Properties as it is read: those of the message and those of this transmission. */
interface PublishBlock extends PublishProperties {
  readonly topicAlias: number | undefined;
  readonly subscriptionIdentifiers: readonly number[];
}

const layout = propertyLayout<PublishBlock>(PacketType.Publish, {
  ...emptyPublishProperties,
  topicAlias: undefined,
  subscriptionIdentifiers: noSubscriptionIdentifiers,
});

/** DUP in the first byte (§3.3.1.1). */
const dupFlag = 8;

/**
 * Reads a PUBLISH (§3.3). The payload is a view.
 * @throws ProtocolError 0x81 for QoS 3, DUP at QoS 0 and wildcards, 0x82 for a Topic Name that is empty without Topic
 * Alias, Packet Identifier 0 and values that a Property may not have, 0x94 for Topic Alias 0
 */
export function decodePublish(firstByte: number, reader: Reader, protocolVersion: ProtocolVersion): Publish {
  const dup = (firstByte & dupFlag) !== 0;
  const qos = qosOf(firstByte, dup);
  // [MQTT-3.3.2-1] [MQTT311-3.3.2-1]
  const topicName = reader.topicName();
  // [MQTT-2.2.1-2] [MQTT311-2.3.1-5]
  const packetIdentifier = qos === 0 ? 0 : reader.packetIdentifier();
  let topicAlias: number | undefined;
  let subscriptionIdentifiers = noSubscriptionIdentifiers;
  let properties = noPublishProperties;
  if (protocolVersion === ProtocolVersion.V5) {
    const block = readProperties(reader, layout);
    if (block !== layout.none) {
      topicAlias = block.topicAlias;
      subscriptionIdentifiers = block.subscriptionIdentifiers;
      properties = publishPropertiesOf(block);
    }
  }
  if (topicAlias === 0) {
    // [MQTT-3.3.2-8]
    throw new ProtocolError(ReasonCode.TopicAliasInvalid, "MQTT-3.3.2-8", "Topic Alias 0");
  }
  if (topicName === "" && topicAlias === undefined) {
    // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]
    throw new ProtocolError(ReasonCode.ProtocolError, "3.3.2.1", "An empty Topic Name without Topic Alias");
  }
  return {
    type: PacketType.Publish,
    dup,
    qos,
    retain: (firstByte & 1) !== 0,
    topicName,
    packetIdentifier,
    topicAlias,
    subscriptionIdentifiers,
    properties,
    payload: reader.rest(),
  };
}

/** The bytes of the Properties of a PUBLISH, without the Property Length; 0 in MQTT 3.1.1. */
export function publishPropertiesLength(content: PublishContent, protocolVersion: ProtocolVersion): number {
  return protocolVersion === ProtocolVersion.V311 ? 0 : transmittedPropertiesLength(content);
}

/**
 * The Remaining Length of a PUBLISH: `topicBytes` is what `encodedTextLength` said of its Topic Name, `propertiesBytes`
 * what `publishPropertiesLength` said.
 */
export function publishLength(
  content: PublishContent,
  protocolVersion: ProtocolVersion,
  topicBytes: number,
  propertiesBytes: number,
): number {
  let length = topicBytes + content.payload.length;
  if (content.qos !== 0) length += 2;
  if (protocolVersion === ProtocolVersion.V5) length += withPropertyLength(propertiesBytes);
  return length;
}

/** Writes a PUBLISH whose three lengths were measured with the functions above. */
export function writePublish(
  content: PublishContent,
  protocolVersion: ProtocolVersion,
  topicBytes: number,
  propertiesBytes: number,
  remainingLength: number,
  packetIdentifier: number,
  dup: boolean,
  writer: Writer,
): void {
  writer.fixedHeader(publishFirstByte(content, dup), remainingLength);
  writer.text(content.topicName, topicBytes - 2);
  if (content.qos !== 0) writer.twoByte(packetIdentifier);
  if (protocolVersion === ProtocolVersion.V5) {
    writer.variableByte(propertiesBytes);
    if (propertiesBytes !== 0) writeTransmittedProperties(content, writer);
  }
  writer.raw(content.payload);
}

/** Packet type, DUP, QoS and RETAIN (§3.3.1). */
export function publishFirstByte({ qos, retain }: PublishContent, dup: boolean): number {
  return (PacketType.Publish << 4) | (dup ? dupFlag : 0) | (qos << 1) | (retain ? 1 : 0);
}

/** Writes a PUBLISH; 3.1.1 has no Properties. */
export function encodePublish(publish: Publish, protocolVersion: ProtocolVersion, writer: Writer): void {
  const topicBytes = encodedTextLength(publish.topicName);
  const propertiesBytes = publishPropertiesLength(publish, protocolVersion);
  const length = publishLength(publish, protocolVersion, topicBytes, propertiesBytes);
  const { dup, packetIdentifier } = publish;
  writePublish(publish, protocolVersion, topicBytes, propertiesBytes, length, packetIdentifier, dup, writer);
}

function qosOf(firstByte: number, dup: boolean): QoS {
  const qos = (firstByte >> 1) & 3;
  if (qos === 3) {
    // [MQTT-3.3.1-4] [MQTT311-3.3.1-4]
    throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-3.3.1-4", "The QoS of a PUBLISH is 3");
  }
  if (dup && qos === 0) {
    // [MQTT-3.3.1-2] [MQTT311-3.3.1-2]
    throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-3.3.1-2", "DUP is set at QoS 0");
  }
  return qos as QoS;
}
