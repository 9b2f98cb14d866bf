import { type Buffer, isUtf8 } from "node:buffer";
import { ProtocolError } from "./protocol-error.ts";
import { ReasonCode } from "./reason-code.ts";

/** Up to here looking at each byte costs less than having the string searched. */
const shortTextBytes = 48;

/** Node's own encoders without the search for an encoding's name; its types leave them out. */
export interface TextBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  latin1Write(value: string, offset: number, length: number): number;
  utf8Write(value: string, offset: number, length: number): number;
}

/**
 * The characters of a UTF-8 Encoded String (§1.5.4). A byte order mark is a character like others.
 * @throws ProtocolError 0x81 for what is no UTF-8 and for U+0000
 */
export function decodeText(buffer: Buffer, start: number, end: number): string {
  const bytes = buffer as TextBuffer;
  if (end - start <= shortTextBytes) {
    let index = start;
    // Neither 0 nor above 127: what is left has one byte for each character.
    while (index < end && (buffer[index]! - 1) >>> 0 < 127) index += 1;
    if (index === end) return bytes.latin1Slice(start, end);
  }
  // [MQTT-1.5.4-3] [MQTT311-1.5.3-3]
  const value = bytes.utf8Slice(start, end);
  if (value.includes("\0")) {
    // [MQTT-1.5.4-2] [MQTT311-1.5.3-2] [MQTT-4.7.3-2] [MQTT311-4.7.3-2]
    throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-1.5.4-2", "A text holds the character U+0000");
  }
  // Whatever is no UTF-8 was replaced by U+FFFD, which may also have been sent.
  if (value.includes("\ufffd") && !isUtf8(buffer.subarray(start, end))) {
    // [MQTT-1.5.4-1] [MQTT311-1.5.3-1] [MQTT-1.5.7-1]
    throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-1.5.4-1", "A text is not well-formed UTF-8");
  }
  return value;
}

/** Whether a topic holds `+` or `#`, which only Topic Filters may (§4.7.1). */
export function hasWildcards(topic: string): boolean {
  return topic.includes("+") || topic.includes("#");
}
