import { Buffer } from "node:buffer";
import { encode } from "../mqtt/codec.ts";
import type { Packet } from "../mqtt/packet.ts";
import { PacketType, type ProtocolVersion } from "../mqtt/packet-type.ts";
import type { SharedPublish } from "../mqtt/shared-publish.ts";
import { Writer } from "../mqtt/writer.ts";
import type { ByteStream } from "./byte-stream.ts";
import { type ChunkPool, largeChunkBytes, smallChunkBytes } from "./chunk-pool.ts";

const noBytes: Buffer = Buffer.alloc(0);

/** Up to here a copy is cheaper than giving the chunk away to a stream that cannot take it now. */
const copyBytesMax = 16_384;

/** Most packets but PUBLISH fit into this; the writer grows for those that don't. */
const packetBytesUsual = 256;

/** Bytes that went through Links, counted for the whole server. */
export interface Traffic {
  bytesReceived: number;
  bytesSent: number;
}

/**
 * The bytes of one Link that wait for the end of the turn, for a commit, or for the stream. First in, first out.
 *
 * ```
 *              start           first mark        position
 * chunk  ┌──────┬──── free to go ────┬──── held ─────┬──── room ────┐
 *          with the stream           │ until its commit is durable
 * ```
 *
 * A mark is (stream offset, commit number): what stands behind the first mark whose commit is not durable stays, and so
 * does all that follows it. Marks ascend in both.
 */
export class Outgoing {
  readonly #stream: ByteStream;
  readonly #encrypted: boolean;
  readonly #pool: ChunkPool;
  readonly #traffic: Traffic;
  readonly #written: () => void;
  readonly #writer = new Writer(noBytes);
  /** Position in the chunk of the first byte that the stream was not given. */
  #start = 0;
  /** Stream offset of position 0 of the chunk. */
  #base = 0;
  /** Offset, commit number, offset, commit number, … */
  readonly #marks: number[] = [];
  #lastCommit = 0;
  /** What the stream had not passed on when it was last asked. */
  #streamBytes = 0;
  /** The stream may still refer to bytes of the chunk. */
  #lent = false;
  /** The last chunk was outgrown: begin with a large one. */
  #wantsLarge = false;

  /** @param written called after the stream has passed bytes on, never from inside `flush` */
  constructor(stream: ByteStream, pool: ChunkPool, traffic: Traffic, written: () => void) {
    this.#stream = stream;
    this.#encrypted = stream.encrypted === true;
    this.#pool = pool;
    this.#traffic = traffic;
    this.#written = () => {
      this.#streamBytes = stream.writableLength;
      written();
    };
  }

  /** Bytes that the stream was not given yet, held ones included. */
  get buffered(): number {
    return this.#writer.position - this.#start;
  }

  /** Bytes that the kernel has not taken yet, as far as we know. */
  get unsent(): number {
    return this.#writer.position - this.#start + this.#streamBytes;
  }

  /** Encodes a packet behind what is there; `commit` 0 waits for nothing of its own. */
  send(packet: Packet, protocolVersion: ProtocolVersion, commit: number): void {
    const bytes = packet.type === PacketType.Publish ? packet.payload.length + packetBytesUsual : packetBytesUsual;
    const writer = this.#ready(bytes);
    const { position } = writer;
    try {
      encode(packet, protocolVersion, writer);
    } catch (error) {
      writer.position = position;
      throw error;
    }
    if (commit > this.#lastCommit) this.#mark(position, commit);
  }

  /** The same for a PUBLISH whose bytes are shared. */
  deliver(shared: SharedPublish, packetIdentifier: number, dup: boolean, commit: number): void {
    const writer = this.#ready(shared.byteLength);
    if (commit > this.#lastCommit) this.#mark(writer.position, commit);
    shared.writeTo(writer, packetIdentifier, dup);
  }

  /** Gives the stream everything that waits for no commit beyond `durableCommit`, in one write. */
  flush(durableCommit: number): void {
    const writer = this.#writer;
    const start = this.#start;
    const end = this.#freeEnd(durableCommit);
    if (end === start) return;
    const bytes = end - start;
    const copy = bytes <= copyBytesMax && (this.#encrypted || this.#streamBytes > 0);
    const view = writer.buffer.subarray(start, end);
    this.#stream.write(copy ? Buffer.from(view) : view, this.#written);
    this.#traffic.bytesSent += bytes;
    this.#streamBytes = this.#stream.writableLength;
    this.#lent = this.#streamBytes > 0 && (this.#lent || !copy);
    this.#start = end;
    if (end === writer.position) this.#release();
    else this.#compact();
  }

  /** Forgets everything; the stream is gone. */
  clear(): void {
    this.#marks.length = 0;
    this.#streamBytes = 0;
    this.#start = this.#writer.position;
    this.#release();
  }

  /** The writer with room for `bytes`, where it has a chunk of its own to grow into. */
  #ready(bytes: number): Writer {
    const writer = this.#writer;
    const needed = writer.position + bytes;
    if (needed > writer.buffer.length) this.#grow(needed);
    return writer;
  }

  /**
   * The chunk left behind does not go back to the pool: a SharedPublish may remember bytes in it until the verb ends.
   */
  #grow(needed: number): void {
    const writer = this.#writer;
    const old = writer.buffer;
    if (old.length === 0) {
      writer.buffer = this.#pool.take(this.#wantsLarge ? Math.max(needed, largeChunkBytes) : needed);
      return;
    }
    const chunk = this.#pool.take(Math.max(needed, old.length * 2, largeChunkBytes));
    old.copy(chunk, this.#start, this.#start, writer.position);
    writer.buffer = chunk;
    this.#lent = false;
  }

  #mark(position: number, commit: number): void {
    this.#marks.push(this.#base + position, commit);
    this.#lastCommit = commit;
  }

  /** Position of the first held byte. */
  #freeEnd(durableCommit: number): number {
    const marks = this.#marks;
    let passed = 0;
    while (passed < marks.length && marks[passed + 1]! <= durableCommit) passed += 2;
    if (passed > 0) marks.splice(0, passed);
    return marks.length === 0 ? this.#writer.position : marks[0]! - this.#base;
  }

  /** Everything was given to the stream. */
  #release(): void {
    const writer = this.#writer;
    this.#wantsLarge = writer.position > smallChunkBytes / 2;
    this.#base += writer.position;
    if (!this.#lent) this.#pool.give(writer.buffer);
    this.#lent = false;
    writer.buffer = noBytes;
    writer.position = 0;
    this.#start = 0;
  }

  /** What is held moves to the front once more room lies before it than it takes, so a chunk never creeps on. */
  #compact(): void {
    const writer = this.#writer;
    const start = this.#start;
    const held = writer.position - start;
    if (start < Math.max(held, copyBytesMax)) return;
    const old = writer.buffer;
    if (this.#lent) writer.buffer = this.#pool.take(held);
    old.copy(writer.buffer, 0, start, writer.position);
    this.#lent = false;
    this.#base += start;
    this.#start = 0;
    writer.position = held;
  }
}
