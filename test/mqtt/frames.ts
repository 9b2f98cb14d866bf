import { Buffer } from "node:buffer";
import { decode, encode } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import { packetBytesMax } from "../../src/mqtt/limits.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import type { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { Writer } from "../../src/mqtt/writer.ts";

/**
 * Bytes in a notation for people: hexadecimal digits, and texts in quotation marks, which stand for their UTF-8 bytes
 * without a length.
 */
export function bytes(notation: string): Uint8Array {
  const parts = notation.split('"').map((part, index) => {
    const digits = part.replace(/\s+/g, "");
    if (index % 2 === 1) return Buffer.from(part, "utf8");
    if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Error(`Not bytes: ${part}`);
    return Buffer.from(digits, "hex");
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** The packets that a Framer and the decoder make of chunks, pushed one after the other. */
export function decodeChunks(
  chunks: readonly Uint8Array[],
  protocolVersion: ProtocolVersion,
  framer: Framer = new Framer(packetBytesMax),
): Packet[] {
  const packets: Packet[] = [];
  for (const chunk of chunks) {
    framer.push(Buffer.from(chunk));
    while (framer.next()) packets.push(decode(framer.firstByte, framer.reader, protocolVersion));
  }
  return packets;
}

/** The one packet in those bytes. */
export function decodeOne(frame: Uint8Array, protocolVersion: ProtocolVersion): Packet {
  const [packet, ...others] = decodeChunks([frame], protocolVersion);
  if (packet === undefined || others.length > 0) throw new Error("Not the bytes of one packet");
  return packet;
}

/** The bytes of a packet, as a plain array. */
export function encodeOne(packet: Packet, protocolVersion: ProtocolVersion): Uint8Array {
  const writer = new Writer();
  encode(packet, protocolVersion, writer);
  return new Uint8Array(writer.bytes());
}
