import { Buffer } from "node:buffer";
import { decode, encode, encodedLength } from "../mqtt/codec.ts";
import { Framer } from "../mqtt/framer.ts";
import type { Packet, Publish } from "../mqtt/packet.ts";
import { PacketType, type ProtocolVersion } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { Writer } from "../mqtt/writer.ts";

const noPayload: Uint8Array = Buffer.alloc(0);

/**
 * The packet as the codec reads it: what comes from inside the process is checked by the same rules as what comes from
 * outside, and all its fields are there. The payload of a PUBLISH is neither looked at nor copied.
 * @throws ProtocolError when it is none
 */
export function wholePacket(packet: Packet, protocolVersion: ProtocolVersion, packetBytesMax: number): Packet {
  if (packet.type === PacketType.Publish) return wholePublish(packet, protocolVersion, packetBytesMax);
  checkSize(packet, protocolVersion, packetBytesMax);
  const whole = throughCodec(packet, protocolVersion);
  if ("packetIdentifier" in packet) checkSame("Packet Identifier", packet.packetIdentifier, whole);
  return whole;
}

/**
 * The same for a PUBLISH.
 * @throws ProtocolError when it is none
 */
export function wholePublish(publish: Publish, protocolVersion: ProtocolVersion, packetBytesMax: number): Publish {
  checkSize(publish, protocolVersion, packetBytesMax);
  const whole = throughCodec({ ...publish, payload: noPayload }, protocolVersion) as Publish;
  checkSame("Packet Identifier", publish.packetIdentifier, whole);
  // Half a surrogate pair and what is longer than 65,535 bytes do not come out as they went in.
  if (whole.topicName !== publish.topicName || whole.payload.length > 0) throw malformed("The Topic Name is no text");
  return { ...whole, payload: publish.payload };
}

function checkSize(packet: Packet, protocolVersion: ProtocolVersion, packetBytesMax: number): void {
  const bytes = measured(packet, protocolVersion);
  if (bytes <= packetBytesMax) return;
  const message = `A packet of ${bytes} bytes, at most ${packetBytesMax} are taken (packetBytesMax)`;
  throw new ProtocolError(ReasonCode.PacketTooLarge, "MQTT-3.2.2-15", message);
}

function measured(packet: Packet, protocolVersion: ProtocolVersion): number {
  try {
    return encodedLength(packet, protocolVersion);
  } catch (error) {
    if (error instanceof RangeError) throw malformed(error.message);
    throw error;
  }
}

function throughCodec(packet: Packet, protocolVersion: ProtocolVersion): Packet {
  const writer = new Writer();
  encode(packet, protocolVersion, writer);
  const framer = new Framer(writer.position);
  framer.push(writer.bytes());
  framer.next();
  return decode(framer.firstByte, framer.reader, protocolVersion);
}

function checkSame(name: string, given: number, whole: Packet): void {
  if ("packetIdentifier" in whole && whole.packetIdentifier === given) return;
  throw malformed(`${given} is no ${name}; it is a whole number from 1 to 65,535, and 0 for a PUBLISH of QoS 0`);
}

function malformed(message: string): ProtocolError {
  return new ProtocolError(ReasonCode.MalformedPacket, "4.13", message);
}
