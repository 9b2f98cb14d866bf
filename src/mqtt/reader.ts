import { Buffer } from "node:buffer";
import { ProtocolError } from "./protocol-error.ts";
import { ReasonCode } from "./reason-code.ts";
import { decodeText, hasWildcards } from "./text.ts";

/** Longer Topic Names are not remembered, so that a connection holds next to nothing. */
const rememberedTopicBytesMax = 256;

const nothing: Buffer = Buffer.alloc(0);

/**
 * A cursor over one frame: the bytes behind its fixed header. Every read is checked; running off the end is a Malformed
 * Packet. One Reader serves all frames of a connection, because it also remembers the last Topic Name.
 *
 * ```
 * buffer  ──┬─ fixed header ─┬── read ──┬──── unread ────┬── next frame ──
 *                            start      position         end
 * ```
 */
export class Reader {
  buffer: Buffer = nothing;
  position = 0;
  end = 0;
  #topicName = "";
  /** Its bytes, at the front of an array that may be longer. */
  #topicBytes: Uint8Array = nothing;
  #topicLength = 0;

  /** Begins a frame whose body is `buffer[start, end)`. */
  reset(buffer: Buffer, start: number, end: number): void {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  /** Lets go of the frame's bytes. */
  release(): void {
    this.reset(nothing, 0, 0);
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.end - this.position;
  }

  /** Lets reads end after `length` bytes; returns what `endBlock` needs to let them go on behind these. */
  beginBlock(length: number): number {
    const { end } = this;
    if (this.position + length > end) throw cutShort();
    this.end = this.position + length;
    return end;
  }

  /** Ends the block that was begun. */
  endBlock(packetEnd: number): void {
    this.end = packetEnd;
  }

  byte(): number {
    const { position } = this;
    if (position >= this.end) throw cutShort();
    this.position = position + 1;
    return this.buffer[position]!;
  }

  /** Two Byte Integer (§1.5.2). */
  twoByte(): number {
    const { buffer, position } = this;
    if (position + 2 > this.end) throw cutShort();
    this.position = position + 2;
    return (buffer[position]! << 8) | buffer[position + 1]!;
  }

  /** Four Byte Integer (§1.5.3). */
  fourByte(): number {
    return this.twoByte() * 65_536 + this.twoByte();
  }

  /**
   * Variable Byte Integer (§1.5.5).
   * @throws ProtocolError 0x81 for more than four bytes, and for more bytes than the value needs [MQTT-1.5.5-1]
   */
  variableByte(): number {
    let byte = this.byte();
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let shift = 7; shift <= 21; shift += 7) {
      byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte === 0) break;
      if (byte < 128) return value;
    }
    throw new ProtocolError(
      ReasonCode.MalformedPacket,
      "MQTT-1.5.5-1",
      "A Variable Byte Integer has more bytes than it may",
    );
  }

  /**
   * A Packet Identifier where there must be one (§2.2.1).
   * @throws ProtocolError 0x82 when it is 0
   */
  packetIdentifier(): number {
    const packetIdentifier = this.twoByte();
    if (packetIdentifier === 0) {
      // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT311-2.3.1-1]
      throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-2.2.1-3", "A Packet Identifier is 0");
    }
    return packetIdentifier;
  }

  /**
   * UTF-8 Encoded String (§1.5.4).
   * @throws ProtocolError 0x81 for what is no UTF-8 and for U+0000
   */
  text(): string {
    const start = this.position + 2;
    const end = start + this.twoByte();
    if (end > this.end) throw cutShort();
    this.position = end;
    return decodeText(this.buffer, start, end);
  }

  /**
   * The Topic Name of a PUBLISH (§3.3.2.1). Publishers repeat themselves: the same bytes give the same string object,
   * without decoding and with its hash already known.
   * @throws ProtocolError 0x81 as `text` does, and for wildcards
   */
  topicName(): string {
    const { position } = this;
    const length = this.twoByte();
    if (length === this.#topicLength && this.#isTopicNameAt(position + 2)) {
      this.position = position + 2 + length;
      return this.#topicName;
    }
    this.position = position;
    const topicName = this.text();
    if (hasWildcards(topicName)) {
      // [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT311-3.3.2-2] [MQTT311-4.7.1-1]
      throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-3.3.2-2", "A Topic Name has wildcards");
    }
    if (length <= rememberedTopicBytesMax) this.#remember(topicName, position + 2, length);
    return topicName;
  }

  /** Binary Data (§1.5.6), as a view. */
  binary(): Uint8Array {
    return this.raw(this.twoByte());
  }

  /** Everything up to the end of the frame, as a view. */
  rest(): Uint8Array {
    return this.raw(this.end - this.position);
  }

  /** The next `length` bytes, as a view. A plain Uint8Array: its `slice` copies, that of a Buffer does not. */
  raw(length: number): Uint8Array {
    const { buffer, position } = this;
    if (position + length > this.end) throw cutShort();
    this.position = position + length;
    return new Uint8Array(buffer.buffer, buffer.byteOffset + position, length);
  }

  #remember(topicName: string, start: number, length: number): void {
    if (this.#topicBytes.length < length) this.#topicBytes = new Uint8Array(length);
    const { buffer } = this;
    const bytes = this.#topicBytes;
    for (let index = 0; index < length; index += 1) bytes[index] = buffer[start + index]!;
    this.#topicName = topicName;
    this.#topicLength = length;
  }

  /** From the back, because topics of one publisher differ there. */
  #isTopicNameAt(start: number): boolean {
    const { buffer } = this;
    const bytes = this.#topicBytes;
    const length = this.#topicLength;
    if (start + length > this.end) return false;
    for (let index = length - 1; index >= 0; index -= 1) {
      if (buffer[start + index] !== bytes[index]) return false;
    }
    return true;
  }
}

function cutShort(): ProtocolError {
  return new ProtocolError(ReasonCode.MalformedPacket, "4.13", "A packet ends in the middle of a field");
}
