import { Buffer } from "node:buffer";
import { fixedHeaderFlags, PacketType } from "./packet-type.ts";
import { ProtocolError } from "./protocol-error.ts";
import { Reader } from "./reader.ts";
import { ReasonCode } from "./reason-code.ts";

/** A partial frame gets at least this much room at once. */
const partialBytesMin = 512;

/** First byte, and a Remaining Length of four bytes at most (§2.1). */
const fixedHeaderBytesMax = 5;

const nothing: Buffer = Buffer.alloc(0);

/**
 * Cuts one connection's byte stream into frames. Whole frames inside the newest chunk are read where they lie; only a
 * frame that its chunk cuts off is copied, into a buffer that grows with what has arrived and is dropped with the frame.
 *
 * ```
 * push ─► chunk  │ frame │ frame │ fra        next(): true, true, false
 *                                 └─► partial │ fra
 * push ─► chunk  me │ frame │
 *                └──► partial │ frame         next(): true (the partial), true, false
 * ```
 *
 * A pushed chunk belongs to the Framer until `next` has said false; an idle one holds nothing.
 */
export class Framer {
  /** Stands behind the fixed header of the frame that `next` found, until `next` is called again. */
  readonly reader: Reader = new Reader();
  /** Packet type and flags of that frame (§2.1.1). */
  firstByte = 0;
  /** The Maximum Packet Size that we announce, fixed header included (§3.2.2.3.6). */
  packetBytesMax: number;
  #chunk: Buffer = nothing;
  #position = 0;
  #partial: Buffer | undefined = undefined;
  #partialBytes = 0;
  #headerBytes = 0;

  constructor(packetBytesMax: number) {
    this.packetBytesMax = packetBytesMax;
  }

  /** What it holds of a frame that came in part, as memory. */
  get partialBytes(): number {
    return this.#partial?.length ?? 0;
  }

  /** Lets go of everything; nothing more can be read. */
  clear(): void {
    this.#partial = undefined;
    this.#releaseChunk();
  }

  /** Takes the next bytes of the stream; what was not framed yet stays before them. */
  push(chunk: Buffer): void {
    const rest = this.#chunk.length - this.#position;
    this.#chunk = rest === 0 ? chunk : Buffer.concat([this.#chunk.subarray(this.#position), chunk]);
    this.#position = 0;
  }

  /**
   * Finds the next whole frame; false when more bytes must come first.
   * @throws ProtocolError 0x81 for a wrong fixed header, 0x95 for a frame above the maximum, before its body is kept
   */
  next(): boolean {
    if (this.#partial !== undefined) return this.#nextFromPartial(this.#partial);
    const chunk = this.#chunk;
    const start = this.#position;
    const frameBytes = this.#frameBytes(chunk, start, chunk.length);
    if (frameBytes === 0 || start + frameBytes > chunk.length) {
      this.#keepPartial(frameBytes);
      return false;
    }
    this.#position = start + frameBytes;
    this.reader.reset(chunk, start + this.#headerBytes, start + frameBytes);
    return true;
  }

  /** The bytes of the frame that begins at `start`; 0 while its fixed header is not whole. */
  #frameBytes(buffer: Buffer, start: number, end: number): number {
    if (start === end) return 0;
    const firstByte = buffer[start]!;
    checkFirstByte(firstByte);
    this.firstByte = firstByte;
    let remainingLength = 0;
    for (let index = 1; index < fixedHeaderBytesMax; index += 1) {
      if (start + index === end) return 0;
      const byte = buffer[start + index]!;
      remainingLength += (byte & 127) << (7 * (index - 1));
      if (byte > 127) continue;
      if (byte === 0 && index > 1) throw wrongRemainingLength();
      this.#headerBytes = index + 1;
      const frameBytes = index + 1 + remainingLength;
      if (frameBytes > this.packetBytesMax) throw this.#tooLarge(frameBytes);
      return frameBytes;
    }
    throw wrongRemainingLength();
  }

  /** Copies the begun frame at the end of the chunk, if there is one, and lets go of the chunk. */
  #keepPartial(frameBytes: number): void {
    const chunk = this.#chunk;
    const start = this.#position;
    if (start < chunk.length) {
      this.#partial = Buffer.allocUnsafeSlow(partialCapacity(chunk.length - start, frameBytes));
      this.#partialBytes = chunk.copy(this.#partial, 0, start);
    }
    this.#releaseChunk();
  }

  /** Goes on with the partial frame; it becomes the frame once the chunk has given the bytes that it lacks. */
  #nextFromPartial(partial: Buffer): boolean {
    let frameBytes = this.#frameBytes(partial, 0, this.#partialBytes);
    while (frameBytes === 0) {
      // One byte at a time: those behind the Remaining Length may belong to the next frame.
      if (!this.#take(1, 0)) return false;
      frameBytes = this.#frameBytes(this.#partial!, 0, this.#partialBytes);
    }
    if (!this.#take(frameBytes - this.#partialBytes, frameBytes)) return false;
    this.reader.reset(this.#partial!, this.#headerBytes, frameBytes);
    this.#partial = undefined;
    return true;
  }

  /** Moves up to `bytes` from the chunk to the partial frame; false, and the chunk is let go, when it has fewer. */
  #take(bytes: number, frameBytes: number): boolean {
    const chunk = this.#chunk;
    const taken = Math.min(bytes, chunk.length - this.#position);
    const needed = this.#partialBytes + taken;
    let partial = this.#partial!;
    if (needed > partial.length) {
      const grown = Buffer.allocUnsafeSlow(partialCapacity(needed, frameBytes));
      partial.copy(grown, 0, 0, this.#partialBytes);
      partial = grown;
      this.#partial = grown;
    }
    chunk.copy(partial, this.#partialBytes, this.#position, this.#position + taken);
    this.#partialBytes = needed;
    this.#position += taken;
    if (taken === bytes) return true;
    this.#releaseChunk();
    return false;
  }

  #releaseChunk(): void {
    this.#chunk = nothing;
    this.#position = 0;
    this.reader.release();
  }

  #tooLarge(frameBytes: number): ProtocolError {
    // [MQTT-3.2.2-15]
    return new ProtocolError(
      ReasonCode.PacketTooLarge,
      "MQTT-3.2.2-15",
      `A packet of ${frameBytes} bytes is above the maximum of ${this.packetBytesMax}`,
    );
  }
}

/**
 * Room for a partial frame: twice what has arrived, so that bytes are moved a bounded number of times and nobody gets
 * memory for a length that he only announced.
 */
function partialCapacity(bytes: number, frameBytes: number): number {
  const capacity = Math.max(partialBytesMin, bytes * 2);
  return frameBytes === 0 ? capacity : Math.min(capacity, frameBytes);
}

function checkFirstByte(firstByte: number): void {
  const type = firstByte >> 4;
  if (type === PacketType.Publish) return;
  if (type === 0) throw new ProtocolError(ReasonCode.MalformedPacket, "2.1.2", "Packet type 0 is forbidden");
  if ((firstByte & 15) === fixedHeaderFlags[type]) return;
  // [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1] [MQTT311-2.2.2-1]
  // [MQTT311-2.2.2-2] [MQTT311-3.6.1-1] [MQTT311-3.8.1-1] [MQTT311-3.10.1-1] [MQTT311-3.14.1-1]
  throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-2.1.3-1", "Reserved flags of the fixed header are wrong");
}

function wrongRemainingLength(): ProtocolError {
  return new ProtocolError(
    ReasonCode.MalformedPacket,
    "MQTT-1.5.5-1",
    "The Remaining Length has more bytes than it may",
  );
}
