import { connackReasonCodes, listedReasonCode } from "./listed-reason-codes.ts";
import type { Connack, ConnackProperties } from "./packet.ts";
import { noUserProperties } from "./packet.ts";
import { PacketType, ProtocolVersion } from "./packet-type.ts";
import { propertiesLength, propertyLayout, readProperties, withPropertyLength, writeProperties } from "./properties.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Reader } from "./reader.ts";
import { type ConnackReasonCode, ReasonCode } from "./reason-code.ts";
import type { Writer } from "./writer.ts";

const layout = propertyLayout<ConnackProperties>(PacketType.Connack, {
  sessionExpiryIntervalSeconds: undefined,
  receiveMaximum: undefined,
  maximumQoS: undefined,
  retainAvailable: undefined,
  maximumPacketSize: undefined,
  assignedClientId: undefined,
  topicAliasMaximum: undefined,
  reasonString: undefined,
  userProperties: noUserProperties,
  wildcardSubscriptionAvailable: undefined,
  subscriptionIdentifierAvailable: undefined,
  sharedSubscriptionAvailable: undefined,
  serverKeepAliveSeconds: undefined,
  responseInformation: undefined,
  serverReference: undefined,
  authenticationMethod: undefined,
  authenticationData: undefined,
});

/** CONNACK without Properties; shared. */
export const noConnackProperties: ConnackProperties = layout.none;

/** The return codes of MQTT 3.1.1 as Reason Codes; the index is the return code (3.1.1 §3.2.2.3). */
const reasonCodeOfReturnCode: readonly ConnackReasonCode[] = [
  ReasonCode.Success,
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.ServerUnavailable,
  ReasonCode.BadUserNameOrPassword,
  ReasonCode.NotAuthorized,
];

/** Server unavailable: what MQTT 3.1.1 says for all refusals that it has no number for. */
const returnCodeOfOtherRefusals = 3;

/**
 * Reads a CONNACK (§3.2); the return codes of MQTT 3.1.1 come as Reason Codes.
 * @throws ProtocolError 0x81 for reserved flags, 0x82 for an unlisted Reason Code or Session Present with a refusal
 */
export function decodeConnack(reader: Reader, protocolVersion: ProtocolVersion): Connack {
  const flags = reader.byte();
  // [MQTT-3.2.2-1]
  if (flags > 1) throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-3.2.2-1", "Reserved CONNACK flags are set");
  const isV5 = protocolVersion === ProtocolVersion.V5;
  const byte = reader.byte();
  const reasonCode = isV5 ? listedReasonCode(byte, connackReasonCodes) : fromReturnCode(byte);
  if (flags === 1 && reasonCode !== ReasonCode.Success) {
    // [MQTT-3.2.2-6] [MQTT311-3.2.2-4]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.2.2-6", "Session Present in a CONNACK that refuses");
  }
  const properties = isV5 ? readProperties(reader, layout) : noConnackProperties;
  return { type: PacketType.Connack, sessionPresent: flags === 1, reasonCode, properties };
}

/** The Remaining Length of a CONNACK. */
export function connackLength(connack: Connack, protocolVersion: ProtocolVersion): number {
  if (protocolVersion === ProtocolVersion.V311) return 2;
  return 2 + withPropertyLength(propertiesLength(layout, connack.properties));
}

/** Writes a CONNACK; MQTT 3.1.1 gets the nearest of its five return codes. */
export function encodeConnack(connack: Connack, protocolVersion: ProtocolVersion, writer: Writer): void {
  const { properties, reasonCode } = connack;
  writer.fixedHeader(PacketType.Connack << 4, connackLength(connack, protocolVersion));
  writer.byte(connack.sessionPresent ? 1 : 0);
  if (protocolVersion === ProtocolVersion.V311) {
    writer.byte(toReturnCode(reasonCode));
    return;
  }
  writer.byte(reasonCode);
  writeProperties(writer, layout, properties, propertiesLength(layout, properties));
}

function fromReturnCode(returnCode: number): ConnackReasonCode {
  const reasonCode = reasonCodeOfReturnCode[returnCode];
  if (reasonCode !== undefined) return reasonCode;
  throw new ProtocolError(ReasonCode.ProtocolError, "3.2.2.3", `CONNACK return code ${returnCode} is reserved`);
}

function toReturnCode(reasonCode: ConnackReasonCode): number {
  if (reasonCode === ReasonCode.Banned || reasonCode === ReasonCode.BadAuthenticationMethod) {
    return toReturnCode(ReasonCode.NotAuthorized);
  }
  const returnCode = reasonCodeOfReturnCode.indexOf(reasonCode);
  return returnCode < 0 ? returnCodeOfOtherRefusals : returnCode;
}
