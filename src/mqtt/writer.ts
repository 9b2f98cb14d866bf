import { Buffer } from "node:buffer";
import { twoByteMax, variableByteMax } from "./limits.ts";
import type { TextBuffer } from "./text.ts";

/** Up to here a loop over the characters costs less than the call of an encoder. */
const shortTextBytes = 16;

/**
 * Appends to one growing buffer. Whoever owns the bytes takes them with `bytes()`; the Link gives it a chunk of the
 * current turn instead. Positions are byte offsets into `buffer`.
 *
 * ```
 * buffer  ┌──────────── written ───────────┬────── room ──────┐
 *         0                             position         buffer.length
 * ```
 */
export class Writer {
  buffer: Buffer;
  position = 0;

  constructor(buffer: Buffer = Buffer.allocUnsafe(256)) {
    this.buffer = buffer;
  }

  /** Makes room for `bytes` more; call once per packet, before the writes. */
  reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed > this.buffer.length) this.#grow(needed);
  }

  /** Makes room for a packet and writes its first byte and Remaining Length (§2.1). */
  fixedHeader(firstByte: number, remainingLength: number): void {
    this.reserve(packetLength(remainingLength));
    this.byte(firstByte);
    this.variableByte(remainingLength);
  }

  byte(value: number): void {
    this.buffer[this.position++] = value;
  }

  /** Two Byte Integer (§1.5.2). */
  twoByte(value: number): void {
    const { buffer, position } = this;
    buffer[position] = value >>> 8;
    buffer[position + 1] = value;
    this.position = position + 2;
  }

  /** Four Byte Integer (§1.5.3). */
  fourByte(value: number): void {
    this.twoByte(value >>> 16);
    this.twoByte(value);
  }

  /** Variable Byte Integer (§1.5.5), always in its shortest form [MQTT-1.5.5-1]. */
  variableByte(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.buffer[this.position++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.buffer[this.position++] = rest;
  }

  /** UTF-8 Encoded String (§1.5.4); `byteLength` is what {@link textLength} said of it. */
  text(value: string, byteLength: number): void {
    this.twoByte(byteLength);
    const { position } = this;
    const buffer = this.buffer as TextBuffer;
    if (byteLength !== value.length) buffer.utf8Write(value, position, byteLength);
    else if (byteLength > shortTextBytes) buffer.latin1Write(value, position, byteLength);
    else for (let index = 0; index < byteLength; index += 1) buffer[position + index] = value.charCodeAt(index);
    this.position = position + byteLength;
  }

  /** Binary Data (§1.5.6). */
  binary(value: Uint8Array): void {
    this.twoByte(value.length);
    this.raw(value);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.buffer.set(value, this.position);
    this.position += value.length;
  }

  /** What was written so far, as a view. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.position);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }
}

/** How many bytes a Variable Byte Integer takes (§1.5.5). */
export function variableByteLength(value: number): 1 | 2 | 3 | 4 {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}

/** The bytes of a whole Control Packet with this Remaining Length; more than the wire can say is our own bug. */
export function packetLength(remainingLength: number): number {
  if (remainingLength > variableByteMax) throw new RangeError(`Remaining Length ${remainingLength} cannot be encoded`);
  return 1 + variableByteLength(remainingLength) + remainingLength;
}

/** UTF-8 bytes of a string, without its two length bytes. */
export function textLength(value: string): number {
  return Buffer.byteLength(value, "utf8");
}

/** The bytes of a UTF-8 Encoded String on the wire (§1.5.4); one too long for it is our own bug. */
export function encodedTextLength(value: string): number {
  return prefixedLength(textLength(value));
}

/** The bytes of Binary Data on the wire (§1.5.6); too much of it is our own bug. */
export function encodedBinaryLength(value: Uint8Array): number {
  return prefixedLength(value.length);
}

function prefixedLength(bytes: number): number {
  if (bytes > twoByteMax) throw new RangeError(`A field of ${bytes} bytes cannot be encoded`);
  return 2 + bytes;
}
