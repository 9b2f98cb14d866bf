import { Buffer } from "node:buffer";
import { acknowledgementLength, decodeAcknowledgement, encodeAcknowledgement } from "./acknowledgement.ts";
import { authLength, decodeAuth, encodeAuth } from "./auth.ts";
import { connackLength, decodeConnack, encodeConnack } from "./connack.ts";
import { connectLength, decodeConnect, encodeConnect } from "./connect.ts";
import { decodeDisconnect, disconnectLength, encodeDisconnect } from "./disconnect.ts";
import { noUserProperties, type Packet } from "./packet.ts";
import { PacketType, type ProtocolVersion } from "./packet-type.ts";
import { encodePing, pingreq, pingresp } from "./ping.ts";
import { ProtocolError } from "./protocol-error.ts";
import { decodePublish, encodePublish, publishLength, publishPropertiesLength } from "./publish.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode } from "./reason-code.ts";
import { decodeSuback, encodeSuback, subackLength } from "./suback.ts";
import { decodeSubscribe, encodeSubscribe, subscribeLength } from "./subscribe.ts";
import { decodeUnsuback, encodeUnsuback, unsubackLength } from "./unsuback.ts";
import { decodeUnsubscribe, encodeUnsubscribe, unsubscribeLength } from "./unsubscribe.ts";
import { encodedTextLength, packetLength, type Writer } from "./writer.ts";

/**
 * The packet of one frame: its first byte, and a reader that stands behind its fixed header. A CONNECT says its version
 * itself.
 * @throws ProtocolError 0x81 for a Malformed Packet, 0x82 for a Protocol Error, 0x84 for an unsupported version
 */
export function decode(firstByte: number, reader: Reader, protocolVersion: ProtocolVersion): Packet {
  const packet = decodeBody(firstByte, reader, protocolVersion);
  if (reader.remaining === 0) return packet;
  const version = packet.type === PacketType.Connect ? packet.protocolVersion : undefined;
  throw new ProtocolError(ReasonCode.MalformedPacket, "4.13", "A packet has bytes behind its last field", version);
}

/** The bytes of the whole packet, fixed header included: what Maximum Packet Size counts (§3.1.2.11.4). */
export function encodedLength(packet: Packet, protocolVersion: ProtocolVersion): number {
  return packetLength(remainingLength(packet, protocolVersion));
}

/** Appends the packet. An AUTH and the Properties of others have no form in 3.1.1; there Properties are left out. */
export function encode(packet: Packet, protocolVersion: ProtocolVersion, writer: Writer): void {
  switch (packet.type) {
    case PacketType.Publish:
      encodePublish(packet, protocolVersion, writer);
      break;
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
      encodeAcknowledgement(packet, protocolVersion, writer);
      break;
    case PacketType.Connect:
      encodeConnect(packet, writer);
      break;
    case PacketType.Connack:
      encodeConnack(packet, protocolVersion, writer);
      break;
    case PacketType.Subscribe:
      encodeSubscribe(packet, protocolVersion, writer);
      break;
    case PacketType.Suback:
      encodeSuback(packet, protocolVersion, writer);
      break;
    case PacketType.Unsubscribe:
      encodeUnsubscribe(packet, protocolVersion, writer);
      break;
    case PacketType.Unsuback:
      encodeUnsuback(packet, protocolVersion, writer);
      break;
    case PacketType.Pingreq:
    case PacketType.Pingresp:
      encodePing(packet, writer);
      break;
    case PacketType.Disconnect:
      encodeDisconnect(packet, protocolVersion, writer);
      break;
    case PacketType.Auth:
      encodeAuth(packet, writer);
  }
}

/**
 * The packet as the other side's Maximum Packet Size allows it: whole, or with its Reason String cut or left out, or
 * without User Properties too, where a packet may do without them; undefined when it is still too large.
 */
export function fitTo(packet: Packet, protocolVersion: ProtocolVersion, maximumPacketSize: number): Packet | undefined {
  if (encodedLength(packet, protocolVersion) <= maximumPacketSize) return packet;
  const silent = withReasonString(packet, undefined);
  if (silent === undefined) return undefined;
  const room = maximumPacketSize - encodedLength(silent, protocolVersion);
  if (room >= reasonOverhead + reasonBytesMin)
    return withReasonString(packet, cutReason(packet as Explained, room - reasonOverhead));
  if (room >= 0) return silent;
  const bare = withoutUserProperties(silent);
  return encodedLength(bare, protocolVersion) <= maximumPacketSize ? bare : undefined;
}

/** A packet whose Reason String and User Properties the sender may leave out. */
type Explained = Extract<Packet, { readonly properties: { readonly reasonString: string | undefined } }>;

/** What a Reason String takes beside its text: identifier, length, and what lengths around it grow by. */
const reasonOverhead = 8;

/** A shorter beginning of a reason tells nobody anything. */
const reasonBytesMin = 24;

/** The beginning of a Reason String that is longer than so many bytes. */
function cutReason({ properties }: Explained, bytesMax: number): string {
  const bytes = Buffer.from(properties.reasonString ?? "");
  let end = bytesMax - ellipsisBytes;
  // Not within a character: bytes that go on with one begin with 10.
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString("utf8", 0, end)}…`;
}

const ellipsisBytes = 3;

/** Undefined for a packet whose Properties all mean something. */
function withReasonString(packet: Packet, reasonString: string | undefined): Explained | undefined {
  switch (packet.type) {
    // [MQTT-3.2.2-19] [MQTT-3.4.2-2] [MQTT-3.5.2-2] [MQTT-3.6.2-2] [MQTT-3.7.2-2] [MQTT-3.9.2-1] [MQTT-3.11.2-1]
    // [MQTT-3.14.2-3] [MQTT-3.15.2-2]
    case PacketType.Connack:
      return { ...packet, properties: { ...packet.properties, reasonString } };
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
    case PacketType.Suback:
    case PacketType.Unsuback:
      return { ...packet, properties: { ...packet.properties, reasonString } };
    case PacketType.Disconnect:
      return { ...packet, properties: { ...packet.properties, reasonString } };
    case PacketType.Auth:
      return { ...packet, properties: { ...packet.properties, reasonString } };
    default:
      return undefined;
  }
}

function withoutUserProperties(packet: Explained): Explained {
  // [MQTT-3.2.2-20] [MQTT-3.4.2-3] [MQTT-3.5.2-3] [MQTT-3.6.2-3] [MQTT-3.7.2-3] [MQTT-3.9.2-2] [MQTT-3.11.2-2]
  // [MQTT-3.14.2-4] [MQTT-3.15.2-3]
  return { ...packet, properties: { ...packet.properties, userProperties: noUserProperties } } as Explained;
}

function decodeBody(firstByte: number, reader: Reader, protocolVersion: ProtocolVersion): Packet {
  const type = (firstByte >> 4) as PacketType;
  switch (type) {
    case PacketType.Publish:
      return decodePublish(firstByte, reader, protocolVersion);
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
      return decodeAcknowledgement(type, reader, protocolVersion);
    case PacketType.Connect:
      return decodeConnect(reader);
    case PacketType.Connack:
      return decodeConnack(reader, protocolVersion);
    case PacketType.Subscribe:
      return decodeSubscribe(reader, protocolVersion);
    case PacketType.Suback:
      return decodeSuback(reader, protocolVersion);
    case PacketType.Unsubscribe:
      return decodeUnsubscribe(reader, protocolVersion);
    case PacketType.Unsuback:
      return decodeUnsuback(reader, protocolVersion);
    case PacketType.Pingreq:
      return pingreq;
    case PacketType.Pingresp:
      return pingresp;
    case PacketType.Disconnect:
      return decodeDisconnect(reader, protocolVersion);
    case PacketType.Auth:
      return decodeAuth(reader, protocolVersion);
  }
}

function remainingLength(packet: Packet, protocolVersion: ProtocolVersion): number {
  switch (packet.type) {
    case PacketType.Publish: {
      const propertiesBytes = publishPropertiesLength(packet, protocolVersion);
      return publishLength(packet, protocolVersion, encodedTextLength(packet.topicName), propertiesBytes);
    }
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
      return acknowledgementLength(packet, protocolVersion);
    case PacketType.Connect:
      return connectLength(packet);
    case PacketType.Connack:
      return connackLength(packet, protocolVersion);
    case PacketType.Subscribe:
      return subscribeLength(packet, protocolVersion);
    case PacketType.Suback:
      return subackLength(packet, protocolVersion);
    case PacketType.Unsubscribe:
      return unsubscribeLength(packet, protocolVersion);
    case PacketType.Unsuback:
      return unsubackLength(packet, protocolVersion);
    case PacketType.Pingreq:
    case PacketType.Pingresp:
      return 0;
    case PacketType.Disconnect:
      return disconnectLength(packet, protocolVersion);
    case PacketType.Auth:
      return authLength(packet);
  }
}
