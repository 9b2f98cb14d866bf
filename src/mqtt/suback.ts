import { acknowledgementLayout, noAcknowledgementProperties } from "./acknowledgement.ts";
import { listedReasonCode, subackReasonCodes, subackReturnCodes } from "./listed-reason-codes.ts";
import type { Suback } from "./packet.ts";
import { PacketType, ProtocolVersion } from "./packet-type.ts";
import { propertiesLength, readProperties, withPropertyLength, writeProperties } from "./properties.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Reader } from "./reader.ts";
import { isFailure, ReasonCode, type SubackReasonCode } from "./reason-code.ts";
import type { Writer } from "./writer.ts";

/**
 * Reads a SUBACK (§3.9).
 * @throws ProtocolError 0x82 for Packet Identifier 0, no Reason Code, and one that is not listed
 */
export function decodeSuback(reader: Reader, protocolVersion: ProtocolVersion): Suback {
  const packetIdentifier = reader.packetIdentifier();
  const isV5 = protocolVersion === ProtocolVersion.V5;
  const properties = isV5 ? readProperties(reader, acknowledgementLayout) : noAcknowledgementProperties;
  const listed = isV5 ? subackReasonCodes : subackReturnCodes;
  const reasonCodes: SubackReasonCode[] = [];
  while (reader.remaining > 0) reasonCodes.push(listedReasonCode(reader.byte(), listed));
  if (reasonCodes.length === 0) {
    // [MQTT-3.8.4-6] [MQTT311-3.8.4-5]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.8.4-6", "A SUBACK has no Reason Code");
  }
  return { type: PacketType.Suback, packetIdentifier, reasonCodes, properties };
}

/** The Remaining Length of a SUBACK. */
export function subackLength(suback: Suback, protocolVersion: ProtocolVersion): number {
  const length = 2 + suback.reasonCodes.length;
  if (protocolVersion === ProtocolVersion.V311) return length;
  return length + withPropertyLength(propertiesLength(acknowledgementLayout, suback.properties));
}

/** Writes a SUBACK; every failure is 0x80 in MQTT 3.1.1. */
export function encodeSuback(suback: Suback, protocolVersion: ProtocolVersion, writer: Writer): void {
  const { properties, reasonCodes } = suback;
  const isV5 = protocolVersion === ProtocolVersion.V5;
  writer.fixedHeader(PacketType.Suback << 4, subackLength(suback, protocolVersion));
  writer.twoByte(suback.packetIdentifier);
  if (isV5)
    writeProperties(writer, acknowledgementLayout, properties, propertiesLength(acknowledgementLayout, properties));
  for (const code of reasonCodes) {
    // [MQTT-3.9.3-1] [MQTT311-3.9.3-1] [MQTT311-3.9.3-2]
    writer.byte(isV5 || !isFailure(code) ? code : ReasonCode.UnspecifiedError);
  }
}
