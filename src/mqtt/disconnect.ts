import { disconnectReasonCodes, listedReasonCode } from "./listed-reason-codes.ts";
import type { Disconnect, DisconnectProperties } from "./packet.ts";
import { noUserProperties } from "./packet.ts";
import { PacketType, ProtocolVersion } from "./packet-type.ts";
import { propertiesLength, propertyLayout, readProperties, withPropertyLength, writeProperties } from "./properties.ts";
import type { Reader } from "./reader.ts";
import { type DisconnectReasonCode, ReasonCode } from "./reason-code.ts";
import type { Writer } from "./writer.ts";

const layout = propertyLayout<DisconnectProperties>(PacketType.Disconnect, {
  sessionExpiryIntervalSeconds: undefined,
  reasonString: undefined,
  userProperties: noUserProperties,
  serverReference: undefined,
});

/** DISCONNECT without Properties; shared. */
export const noDisconnectProperties: DisconnectProperties = layout.none;

/**
 * Reads a DISCONNECT (§3.14). Without Reason Code it is Normal disconnection, without Property Length there are no
 * Properties.
 * @throws ProtocolError 0x82 for a Reason Code that is not listed
 */
export function decodeDisconnect(reader: Reader, protocolVersion: ProtocolVersion): Disconnect {
  let reasonCode: DisconnectReasonCode = ReasonCode.Success;
  let properties = noDisconnectProperties;
  if (protocolVersion === ProtocolVersion.V5 && reader.remaining > 0) {
    reasonCode = listedReasonCode(reader.byte(), disconnectReasonCodes);
    if (reader.remaining > 0) properties = readProperties(reader, layout);
  }
  return { type: PacketType.Disconnect, reasonCode, properties };
}

/** The Remaining Length of a DISCONNECT in its shortest form. */
export function disconnectLength(disconnect: Disconnect, protocolVersion: ProtocolVersion): number {
  if (protocolVersion === ProtocolVersion.V311) return 0;
  const propertiesBytes = propertiesLength(layout, disconnect.properties);
  if (propertiesBytes !== 0) return 1 + withPropertyLength(propertiesBytes);
  return disconnect.reasonCode === ReasonCode.Success ? 0 : 1;
}

/** Writes a DISCONNECT in its shortest form; in 3.1.1 it says nothing. */
export function encodeDisconnect(disconnect: Disconnect, protocolVersion: ProtocolVersion, writer: Writer): void {
  const { properties } = disconnect;
  const length = disconnectLength(disconnect, protocolVersion);
  writer.fixedHeader(PacketType.Disconnect << 4, length);
  if (length > 0) writer.byte(disconnect.reasonCode);
  if (length > 1) writeProperties(writer, layout, properties, propertiesLength(layout, properties));
}
