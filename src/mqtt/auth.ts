import { authReasonCodes, listedReasonCode } from "./listed-reason-codes.ts";
import type { Auth, AuthProperties } from "./packet.ts";
import { noUserProperties } from "./packet.ts";
import { PacketType, ProtocolVersion } from "./packet-type.ts";
import { propertiesLength, propertyLayout, readProperties, withPropertyLength, writeProperties } from "./properties.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Reader } from "./reader.ts";
import { type AuthReasonCode, ReasonCode } from "./reason-code.ts";
import type { Writer } from "./writer.ts";

const layout = propertyLayout<AuthProperties>(PacketType.Auth, {
  authenticationMethod: undefined,
  authenticationData: undefined,
  reasonString: undefined,
  userProperties: noUserProperties,
});

/** AUTH without Properties; shared. */
export const noAuthProperties: AuthProperties = layout.none;

/**
 * Reads an AUTH (§3.15). Empty it is Success without Properties (§3.15.2.1); that the Authentication Method is the one
 * of the CONNECT is for those to see who know it.
 * @throws ProtocolError 0x82 in MQTT 3.1.1, which has no AUTH, and for a Reason Code that is not listed
 */
export function decodeAuth(reader: Reader, protocolVersion: ProtocolVersion): Auth {
  if (protocolVersion === ProtocolVersion.V311) {
    throw new ProtocolError(ReasonCode.ProtocolError, "2.2.1", "MQTT 3.1.1 has no AUTH packet");
  }
  let reasonCode: AuthReasonCode = ReasonCode.Success;
  let properties = noAuthProperties;
  if (reader.remaining > 0) {
    reasonCode = listedReasonCode(reader.byte(), authReasonCodes);
    properties = readProperties(reader, layout);
  }
  return { type: PacketType.Auth, reasonCode, properties };
}

/** The Remaining Length of an AUTH in its shortest form. */
export function authLength({ properties, reasonCode }: Auth): number {
  const propertiesBytes = propertiesLength(layout, properties);
  if (propertiesBytes === 0 && reasonCode === ReasonCode.Success) return 0;
  return 1 + withPropertyLength(propertiesBytes);
}

/** Writes an AUTH in its shortest form. */
export function encodeAuth(auth: Auth, writer: Writer): void {
  const { properties } = auth;
  const length = authLength(auth);
  writer.fixedHeader(PacketType.Auth << 4, length);
  if (length === 0) return;
  writer.byte(auth.reasonCode);
  writeProperties(writer, layout, properties, propertiesLength(layout, properties));
}
