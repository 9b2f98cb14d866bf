import { Buffer } from "node:buffer";

/** What a connection writes into first: an acknowledgement or two need no more. */
export const smallChunkBytes = 4_096;

/** What it writes into once it outgrew a small one. */
export const largeChunkBytes = 65_536;

/** Chunks kept of each size: 4 MiB of small ones and 16 MiB of large ones. */
const smallChunksMax = 1_024;
const largeChunksMax = 256;

/**
 * Buffers for bytes on their way out, shared by all Links of a server: an idle Link holds none, and the one that was
 * used last, still warm, is used next. Two sizes, because a fan-out to 10,000 Clients needs 10,000 of them at once.
 */
export class ChunkPool {
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];

  /** A chunk of at least `bytes`. */
  take(bytes: number): Buffer {
    if (bytes <= smallChunkBytes) return this.#small.pop() ?? Buffer.allocUnsafeSlow(smallChunkBytes);
    if (bytes <= largeChunkBytes) return this.#large.pop() ?? Buffer.allocUnsafeSlow(largeChunkBytes);
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** Takes back a chunk that nobody refers to any more. One of another size is left to the garbage collector. */
  give(chunk: Buffer): void {
    if (chunk.length === smallChunkBytes) {
      if (this.#small.length < smallChunksMax) this.#small.push(chunk);
    } else if (chunk.length === largeChunkBytes && this.#large.length < largeChunksMax) {
      this.#large.push(chunk);
    }
  }
}
