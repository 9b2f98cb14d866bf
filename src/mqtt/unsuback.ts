import { acknowledgementLayout, noAcknowledgementProperties } from "./acknowledgement.ts";
import { listedReasonCode, unsubackReasonCodes } from "./listed-reason-codes.ts";
import type { Unsuback } from "./packet.ts";
import { PacketType, ProtocolVersion } from "./packet-type.ts";
import { propertiesLength, readProperties, withPropertyLength, writeProperties } from "./properties.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode, type UnsubackReasonCode } from "./reason-code.ts";
import type { Writer } from "./writer.ts";

/**
 * Reads an UNSUBACK (§3.11). In MQTT 3.1.1 it has no payload, so no Reason Codes come out.
 * @throws ProtocolError 0x82 for Packet Identifier 0, no Reason Code, and one that is not listed
 */
export function decodeUnsuback(reader: Reader, protocolVersion: ProtocolVersion): Unsuback {
  const packetIdentifier = reader.packetIdentifier();
  const reasonCodes: UnsubackReasonCode[] = [];
  let properties = noAcknowledgementProperties;
  if (protocolVersion === ProtocolVersion.V5) {
    properties = readProperties(reader, acknowledgementLayout);
    while (reader.remaining > 0) reasonCodes.push(listedReasonCode(reader.byte(), unsubackReasonCodes));
    if (reasonCodes.length === 0) {
      throw new ProtocolError(ReasonCode.ProtocolError, "3.11.3", "An UNSUBACK has no Reason Code");
    }
  }
  return { type: PacketType.Unsuback, packetIdentifier, reasonCodes, properties };
}

/** The Remaining Length of an UNSUBACK. */
export function unsubackLength(unsuback: Unsuback, protocolVersion: ProtocolVersion): number {
  if (protocolVersion === ProtocolVersion.V311) return 2;
  const propertiesBytes = propertiesLength(acknowledgementLayout, unsuback.properties);
  return 2 + withPropertyLength(propertiesBytes) + unsuback.reasonCodes.length;
}

/** Writes an UNSUBACK; 3.1.1 has the Packet Identifier alone. */
export function encodeUnsuback(unsuback: Unsuback, protocolVersion: ProtocolVersion, writer: Writer): void {
  const { properties, reasonCodes } = unsuback;
  writer.fixedHeader(PacketType.Unsuback << 4, unsubackLength(unsuback, protocolVersion));
  writer.twoByte(unsuback.packetIdentifier);
  if (protocolVersion === ProtocolVersion.V311) return;
  writeProperties(writer, acknowledgementLayout, properties, propertiesLength(acknowledgementLayout, properties));
  // [MQTT-3.11.3-1]
  for (const code of reasonCodes) writer.byte(code);
}
