import {
  type ListedReasonCodes,
  listedReasonCode,
  publishReasonCodes,
  releaseReasonCodes,
} from "./listed-reason-codes.ts";
import type { Acknowledgement, AcknowledgementProperties } from "./packet.ts";
import { noUserProperties } from "./packet.ts";
import { fixedHeaderFlags, PacketType, ProtocolVersion } from "./packet-type.ts";
import {
  type PropertyLayout,
  propertiesLength,
  propertyLayout,
  readProperties,
  withPropertyLength,
  writeProperties,
} from "./properties.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode } from "./reason-code.ts";
import type { Writer } from "./writer.ts";

/** Reason String and User Properties, which stand in the same form in six packets (§3.4.2.2). */
export const acknowledgementLayout: PropertyLayout<AcknowledgementProperties> = propertyLayout(PacketType.Puback, {
  reasonString: undefined,
  userProperties: noUserProperties,
});

/** No Reason String and no User Properties; shared. */
export const noAcknowledgementProperties: AcknowledgementProperties = acknowledgementLayout.none;

/**
 * Reads PUBACK, PUBREC, PUBREL or PUBCOMP (§3.4-§3.7). Without Reason Code it is Success, without Property Length there
 * are no Properties.
 * @throws ProtocolError 0x82 for Packet Identifier 0 and a Reason Code that is not listed
 */
export function decodeAcknowledgement(
  type: Acknowledgement["type"],
  reader: Reader,
  protocolVersion: ProtocolVersion,
): Acknowledgement {
  const packetIdentifier = reader.packetIdentifier();
  let reasonCode: ReasonCode = ReasonCode.Success;
  let properties = noAcknowledgementProperties;
  if (protocolVersion === ProtocolVersion.V5 && reader.remaining > 0) {
    reasonCode = listedReasonCode<ReasonCode>(reader.byte(), listedFor(type));
    if (reader.remaining > 0) properties = readProperties(reader, acknowledgementLayout);
  }
  return { type, packetIdentifier, reasonCode, properties } as Acknowledgement;
}

/** The Remaining Length of an acknowledgement in its shortest form. */
export function acknowledgementLength(packet: Acknowledgement, protocolVersion: ProtocolVersion): number {
  if (protocolVersion === ProtocolVersion.V311) return 2;
  return shortestLength(packet, propertiesLength(acknowledgementLayout, packet.properties));
}

/** Writes PUBACK, PUBREC, PUBREL or PUBCOMP in its shortest form; 3.1.1 has the Packet Identifier alone. */
export function encodeAcknowledgement(packet: Acknowledgement, protocolVersion: ProtocolVersion, writer: Writer): void {
  const { type, properties } = packet;
  const isV5 = protocolVersion === ProtocolVersion.V5;
  const propertiesBytes = isV5 ? propertiesLength(acknowledgementLayout, properties) : 0;
  const length = isV5 ? shortestLength(packet, propertiesBytes) : 2;
  writer.fixedHeader((type << 4) | fixedHeaderFlags[type]!, length);
  // [MQTT-2.2.1-5] [MQTT311-2.3.1-6]
  writer.twoByte(packet.packetIdentifier);
  if (length > 2) writer.byte(packet.reasonCode);
  if (length > 3) writeProperties(writer, acknowledgementLayout, properties, propertiesBytes);
}

function shortestLength({ reasonCode }: Acknowledgement, propertiesBytes: number): number {
  if (propertiesBytes !== 0) return 3 + withPropertyLength(propertiesBytes);
  return reasonCode === ReasonCode.Success ? 2 : 3;
}

function listedFor(type: Acknowledgement["type"]): ListedReasonCodes<ReasonCode> {
  return type === PacketType.Puback || type === PacketType.Pubrec ? publishReasonCodes : releaseReasonCodes;
}
