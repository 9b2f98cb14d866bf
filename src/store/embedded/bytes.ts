import { Buffer } from "node:buffer";

/** Appends the fields of a record to a growing buffer. */
export class RecordWriter {
  #buffer: Buffer = Buffer.allocUnsafe(512);
  #position = 0;

  get position(): number {
    return this.#position;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#position++] = value;
  }

  twoByte(value: number): void {
    this.#reserve(2);
    this.#position = this.#buffer.writeUInt16BE(value, this.#position);
  }

  fourByte(value: number): void {
    this.#reserve(4);
    this.#position = this.#buffer.writeUInt32BE(value, this.#position);
  }

  /** A time in ms, Infinity included. */
  time(value: number): void {
    this.#reserve(8);
    this.#position = this.#buffer.writeDoubleBE(value, this.#position);
  }

  /** A whole number up to 2^53 - 1, seven bits a byte. */
  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 127) {
      this.#buffer[this.#position++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#position++] = rest;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.number(length);
    this.#reserve(length);
    this.#position += this.#buffer.write(value, this.#position, "utf8");
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#position);
    this.#position += value.length;
  }

  /** A view of what was written. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#position);
  }

  /** What was written, as a copy of its own; the writer is empty again. */
  take(): Buffer {
    const record = Buffer.from(this.written);
    this.#position = 0;
    return record;
  }

  /** Forgets what was written. */
  clear(): void {
    this.#position = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
  }
}

/** Reads the fields of a record in the order of their writing; a record that is too short throws a RangeError. */
export class RecordReader {
  readonly #buffer: Buffer;
  #position = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get atEnd(): boolean {
    return this.#position >= this.#buffer.length;
  }

  get position(): number {
    return this.#position;
  }

  /** Passes over what stands before a position. */
  skipTo(position: number): void {
    this.#position = position;
  }

  byte(): number {
    const value = this.#buffer.readUInt8(this.#position);
    this.#position += 1;
    return value;
  }

  twoByte(): number {
    const value = this.#buffer.readUInt16BE(this.#position);
    this.#position += 2;
    return value;
  }

  fourByte(): number {
    const value = this.#buffer.readUInt32BE(this.#position);
    this.#position += 4;
    return value;
  }

  time(): number {
    const value = this.#buffer.readDoubleBE(this.#position);
    this.#position += 8;
    return value;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  text(): string {
    return this.raw(this.number()).toString("utf8");
  }

  /** A view of the next bytes. */
  raw(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#buffer.length) throw new RangeError("a record ends before its content does");
    const bytes = this.#buffer.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }
}
