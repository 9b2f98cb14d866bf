/*
 * The codec as a package of its own: bytes to packets and back, MQTT 5.0 and 3.1.1, both directions. No socket, no
 * clock; it runs wherever there is a Buffer.
 */
export { noAcknowledgementProperties } from "./acknowledgement.ts";
export { noAuthProperties } from "./auth.ts";
export { decode, encode, encodedLength, fitTo } from "./codec.ts";
export { noConnackProperties } from "./connack.ts";
export { noConnectProperties } from "./connect.ts";
export { noDisconnectProperties } from "./disconnect.ts";
export { Framer } from "./framer.ts";
export { fourByteMax, packetBytesMax, receiveMaximumDefault, twoByteMax, variableByteMax } from "./limits.ts";
export { formatPacket, NotationError, packetName, parsePacket } from "./notation.ts";
export * from "./packet.ts";
export { PacketType, ProtocolVersion, type QoS } from "./packet-type.ts";
export { pingreq, pingresp } from "./ping.ts";
export { ProtocolError } from "./protocol-error.ts";
export { noPublishProperties } from "./publish-properties.ts";
export { Reader } from "./reader.ts";
export * from "./reason-code.ts";
export { SharedPublish } from "./shared-publish.ts";
export { Writer } from "./writer.ts";
