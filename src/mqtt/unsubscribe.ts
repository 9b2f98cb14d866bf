import type { Unsubscribe, UserProperty } from "./packet.ts";
import { noUserProperties } from "./packet.ts";
import { fixedHeaderFlags, PacketType, ProtocolVersion } from "./packet-type.ts";
import { propertiesLength, propertyLayout, readProperties, withPropertyLength, writeProperties } from "./properties.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode } from "./reason-code.ts";
import { readTopicFilter } from "./subscribe.ts";
import { encodedTextLength, textLength, type Writer } from "./writer.ts";

interface UnsubscribeProperties {
  readonly userProperties: readonly UserProperty[];
}

const layout = propertyLayout<UnsubscribeProperties>(PacketType.Unsubscribe, { userProperties: noUserProperties });

/**
 * Reads an UNSUBSCRIBE (§3.10).
 * @throws ProtocolError 0x82 for Packet Identifier 0 and no Topic Filter, 0x81 for an empty one
 */
export function decodeUnsubscribe(reader: Reader, protocolVersion: ProtocolVersion): Unsubscribe {
  const packetIdentifier = reader.packetIdentifier();
  const block = protocolVersion === ProtocolVersion.V5 ? readProperties(reader, layout) : layout.none;
  const topicFilters: string[] = [];
  while (reader.remaining > 0) topicFilters.push(readTopicFilter(reader));
  if (topicFilters.length === 0) {
    // [MQTT-3.10.3-2] [MQTT311-3.10.3-2]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.10.3-2", "An UNSUBSCRIBE has no Topic Filter");
  }
  return { type: PacketType.Unsubscribe, packetIdentifier, topicFilters, userProperties: block.userProperties };
}

/** The Remaining Length of an UNSUBSCRIBE. */
export function unsubscribeLength(unsubscribe: Unsubscribe, protocolVersion: ProtocolVersion): number {
  let length = 2;
  if (protocolVersion === ProtocolVersion.V5) length += withPropertyLength(propertiesLength(layout, unsubscribe));
  for (const topicFilter of unsubscribe.topicFilters) length += encodedTextLength(topicFilter);
  return length;
}

/** Writes an UNSUBSCRIBE. */
export function encodeUnsubscribe(unsubscribe: Unsubscribe, protocolVersion: ProtocolVersion, writer: Writer): void {
  const { type } = unsubscribe;
  writer.fixedHeader((type << 4) | fixedHeaderFlags[type]!, unsubscribeLength(unsubscribe, protocolVersion));
  writer.twoByte(unsubscribe.packetIdentifier);
  if (protocolVersion === ProtocolVersion.V5) {
    writeProperties(writer, layout, unsubscribe, propertiesLength(layout, unsubscribe));
  }
  for (const topicFilter of unsubscribe.topicFilters) writer.text(topicFilter, textLength(topicFilter));
}
