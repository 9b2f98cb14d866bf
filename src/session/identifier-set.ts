import { twoByteMax } from "../mqtt/limits.ts";

/** From here on a bit for each is smaller. */
const listedMax = 256;

/**
 * Packet Identifiers of QoS 2 that were received and not released (§4.3.3): few with most Clients, and all 65,535 with one
 * that never sends PUBREL. Those take 8 KiB, not megabytes.
 */
export class IdentifierSet {
  #listed: Set<number> | undefined = new Set();
  /** A bit for each identifier, once there were many. */
  #bits: Uint8Array | undefined = undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(identifier: number): boolean {
    if (this.#bits === undefined) return this.#listed?.has(identifier) === true;
    return (this.#bits[identifier >> 3]! & (1 << (identifier & 7))) !== 0;
  }

  add(identifier: number): void {
    if (this.has(identifier)) return;
    this.#size += 1;
    if (this.#bits === undefined && this.#size > listedMax) this.#toBits();
    if (this.#bits === undefined) this.#listed?.add(identifier);
    else this.#bits[identifier >> 3]! |= 1 << (identifier & 7);
  }

  /** False when it was not there. */
  delete(identifier: number): boolean {
    if (!this.has(identifier)) return false;
    this.#size -= 1;
    if (this.#bits === undefined) this.#listed?.delete(identifier);
    else this.#bits[identifier >> 3]! &= ~(1 << (identifier & 7));
    return true;
  }

  /** In no particular order. */
  *[Symbol.iterator](): IterableIterator<number> {
    if (this.#listed !== undefined) yield* this.#listed;
    else for (let identifier = 1; identifier <= twoByteMax; identifier += 1) if (this.has(identifier)) yield identifier;
  }

  #toBits(): void {
    const bits = new Uint8Array((twoByteMax + 1) / 8);
    for (const identifier of this.#listed ?? []) bits[identifier >> 3]! |= 1 << (identifier & 7);
    this.#bits = bits;
    this.#listed = undefined;
  }
}
