import type { Connect, ConnectProperties, PublishProperties, Will } from "./packet.ts";
import { noUserProperties } from "./packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "./packet-type.ts";
import { propertiesLength, propertyLayout, readProperties, withPropertyLength, writeProperties } from "./properties.ts";
import { ProtocolError } from "./protocol-error.ts";
import { emptyPublishProperties, publishPropertiesOf } from "./publish-properties.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode } from "./reason-code.ts";
import { hasWildcards } from "./text.ts";
import { encodedBinaryLength, encodedTextLength, textLength, type Writer } from "./writer.ts";

const layout = propertyLayout<ConnectProperties>(PacketType.Connect, {
  sessionExpiryIntervalSeconds: undefined,
  receiveMaximum: undefined,
  maximumPacketSize: undefined,
  topicAliasMaximum: undefined,
  requestResponseInformation: undefined,
  requestProblemInformation: undefined,
  userProperties: noUserProperties,
  authenticationMethod: undefined,
  authenticationData: undefined,
});

/** CONNECT without Properties; shared. */
export const noConnectProperties: ConnectProperties = layout.none;

interface WillProperties extends PublishProperties {
  readonly delayIntervalSeconds: number | undefined;
}

const willLayout = propertyLayout<WillProperties>("Will", {
  ...emptyPublishProperties,
  delayIntervalSeconds: undefined,
});

/** Bits of the Connect Flags (§3.1.2.3). */
const Flag = { Reserved: 1, CleanStart: 2, Will: 4, WillRetain: 32, Password: 64, UserName: 128 } as const;

/** Protocol Name, Protocol Version, Connect Flags and Keep Alive (§3.1.2). */
const variableHeaderBytes = 10;

/**
 * Reads a CONNECT of MQTT 5.0 or 3.1.1 (§3.1).
 * @throws ProtocolError 0x84 for another protocol or version, 0x81 and 0x82 for what is wrong in it; with the version
 * that the answer must be written in, once that is known
 */
export function decodeConnect(reader: Reader): Connect {
  const protocolVersion = readProtocolVersion(reader);
  try {
    return decodeBody(reader, protocolVersion);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(error.reasonCode, error.statement, error.message, protocolVersion);
  }
}

/** The Remaining Length of a CONNECT. */
export function connectLength(connect: Connect): number {
  const { will, userName, password } = connect;
  const isV5 = connect.protocolVersion === ProtocolVersion.V5;
  let length = variableHeaderBytes + encodedTextLength(connect.clientId);
  if (isV5) length += withPropertyLength(propertiesLength(layout, connect.properties));
  if (will !== undefined) {
    if (isV5) length += withPropertyLength(propertiesLength(willLayout, willProperties(will)));
    length += encodedTextLength(will.topicName) + encodedBinaryLength(will.payload);
  }
  if (userName !== undefined) length += encodedTextLength(userName);
  if (password !== undefined) length += encodedBinaryLength(password);
  return length;
}

/** Writes a CONNECT in the version that it names; 3.1.1 has no Properties. */
export function encodeConnect(connect: Connect, writer: Writer): void {
  const { clientId, properties, protocolVersion, will, userName, password } = connect;
  const isV5 = protocolVersion === ProtocolVersion.V5;
  writer.fixedHeader(PacketType.Connect << 4, connectLength(connect));
  // [MQTT-3.1.2-1] [MQTT311-3.1.2-1]
  writer.text("MQTT", 4);
  writer.byte(protocolVersion);
  writer.byte(flagsOf(connect));
  writer.twoByte(connect.keepAliveSeconds);
  if (isV5) writeProperties(writer, layout, properties, propertiesLength(layout, properties));
  // [MQTT-3.1.3-1] [MQTT311-3.1.3-1]
  writer.text(clientId, textLength(clientId));
  if (will !== undefined) {
    const block = willProperties(will);
    if (isV5) writeProperties(writer, willLayout, block, propertiesLength(willLayout, block));
    writer.text(will.topicName, textLength(will.topicName));
    writer.binary(will.payload);
  }
  if (userName !== undefined) writer.text(userName, textLength(userName));
  if (password !== undefined) writer.binary(password);
}

/** MQTT 3.1 and older get their answer in the form of 3.1.1, newer ones than 5.0 in that of 5.0. */
function readProtocolVersion(reader: Reader): ProtocolVersion {
  const name = reader.text();
  if (name !== "MQTT") {
    // [MQTT-3.1.2-1] [MQTT311-3.1.2-1]
    const version = name === "MQIsdp" ? ProtocolVersion.V311 : undefined;
    throw unsupported("MQTT-3.1.2-1", "The protocol is not MQTT 5.0 or 3.1.1", version);
  }
  const level = reader.byte();
  if (level === ProtocolVersion.V5 || level === ProtocolVersion.V311) return level;
  // [MQTT-3.1.2-2] [MQTT311-3.1.2-2]
  const version = level < ProtocolVersion.V5 ? ProtocolVersion.V311 : ProtocolVersion.V5;
  throw unsupported("MQTT-3.1.2-2", `Protocol Version ${level} is not supported, 5 and 4 are`, version);
}

function unsupported(statement: string, message: string, version: ProtocolVersion | undefined): ProtocolError {
  return new ProtocolError(ReasonCode.UnsupportedProtocolVersion, statement, message, version);
}

function decodeBody(reader: Reader, protocolVersion: ProtocolVersion): Connect {
  const flags = reader.byte();
  checkFlags(flags, protocolVersion);
  const keepAliveSeconds = reader.twoByte();
  const properties = protocolVersion === ProtocolVersion.V5 ? readProperties(reader, layout) : noConnectProperties;
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      "3.1.2.11.10",
      "Authentication Data without Authentication Method",
    );
  }
  // [MQTT-3.1.3-1] [MQTT-3.1.3-3] [MQTT-3.1.3-4] [MQTT311-3.1.3-1] [MQTT311-3.1.3-3] [MQTT311-3.1.3-4]
  const clientId = reader.text();
  // [MQTT-3.1.2-9] [MQTT311-3.1.2-9]
  const will = (flags & Flag.Will) === 0 ? undefined : readWill(reader, flags, protocolVersion);
  return {
    type: PacketType.Connect,
    protocolVersion,
    cleanStart: (flags & Flag.CleanStart) !== 0,
    keepAliveSeconds,
    clientId,
    will,
    // [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.3-12] [MQTT311-3.1.2-18] [MQTT311-3.1.2-19] [MQTT311-3.1.3-11]
    userName: (flags & Flag.UserName) === 0 ? undefined : reader.text(),
    // [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT311-3.1.2-20] [MQTT311-3.1.2-21]
    password: (flags & Flag.Password) === 0 ? undefined : reader.binary(),
    properties,
  };
}

function checkFlags(flags: number, protocolVersion: ProtocolVersion): void {
  const willQoS = (flags >> 3) & 3;
  // [MQTT-3.1.2-3] [MQTT311-3.1.2-3]
  if ((flags & Flag.Reserved) !== 0) throw malformed("MQTT-3.1.2-3", "The reserved Connect Flag is set");
  // [MQTT-3.1.2-12] [MQTT311-3.1.2-14]
  if (willQoS === 3) throw malformed("MQTT-3.1.2-12", "Will QoS is 3");
  if ((flags & Flag.Will) === 0) {
    // [MQTT-3.1.2-11] [MQTT311-3.1.2-11] [MQTT311-3.1.2-13]
    if (willQoS !== 0) throw malformed("MQTT-3.1.2-11", "A Will QoS without a Will");
    // [MQTT-3.1.2-13] [MQTT311-3.1.2-15]
    if ((flags & Flag.WillRetain) !== 0) throw malformed("MQTT-3.1.2-13", "Will Retain without a Will");
  }
  if (protocolVersion !== ProtocolVersion.V311) return;
  // [MQTT311-3.1.2-22]
  if ((flags & (Flag.UserName | Flag.Password)) === Flag.Password) {
    throw malformed("MQTT311-3.1.2-22", "A Password without a User Name");
  }
}

function readWill(reader: Reader, flags: number, protocolVersion: ProtocolVersion): Will {
  const block = protocolVersion === ProtocolVersion.V5 ? readProperties(reader, willLayout) : willLayout.none;
  // [MQTT-3.1.3-11] [MQTT311-3.1.3-10]
  const topicName = reader.text();
  // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]
  if (topicName === "") throw malformed("MQTT-4.7.3-1", "The Will Topic is empty");
  // [MQTT-4.7.0-1] [MQTT311-4.7.1-1]
  if (hasWildcards(topicName)) throw malformed("MQTT-4.7.0-1", "The Will Topic has wildcards");
  return {
    topicName,
    payload: reader.binary(),
    qos: ((flags >> 3) & 3) as QoS,
    retain: (flags & Flag.WillRetain) !== 0,
    delayIntervalSeconds: block.delayIntervalSeconds ?? 0,
    properties: publishPropertiesOf(block),
  };
}

function malformed(statement: string, message: string): ProtocolError {
  return new ProtocolError(ReasonCode.MalformedPacket, statement, message);
}

function willProperties(will: Will): WillProperties {
  const delayIntervalSeconds = will.delayIntervalSeconds === 0 ? undefined : will.delayIntervalSeconds;
  return { ...will.properties, delayIntervalSeconds };
}

function flagsOf({ cleanStart, will, userName, password }: Connect): number {
  let flags = 0;
  if (cleanStart) flags |= Flag.CleanStart;
  if (will !== undefined) flags |= Flag.Will | (will.qos << 3) | (will.retain ? Flag.WillRetain : 0);
  if (userName !== undefined) flags |= Flag.UserName;
  if (password !== undefined) flags |= Flag.Password;
  return flags;
}
