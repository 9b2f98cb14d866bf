/** So many bytes of a packet that came in part are not counted: everybody may have them. */
const freeBytes = 4_096;

/** Who holds a packet that came in part. */
interface Holder {
  /** Room is needed: it has to let go of the packet, which it will never get whole. */
  overdue(): void;
}

/**
 * Packets of all Links that came in part. Above the bound the one that was begun first has to go: an honest sender is
 * through with his before that, and who sends a byte a minute is not.
 */
export class IncompletePackets {
  readonly #bytesMax: number;
  /** Bytes held; from the packet begun first on. */
  readonly #held: Map<Holder, number> = new Map();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** A Link holds so many bytes of a packet now, 0 of none; `isNew`: not the one that it held before. */
  holds(holder: Holder, bytes: number, isNew: boolean): void {
    const counted = bytes > freeBytes ? bytes : 0;
    this.#bytes += counted - (this.#held.get(holder) ?? 0);
    if (isNew || counted === 0) this.#held.delete(holder);
    if (counted > 0) this.#held.set(holder, counted);
    if (this.#bytes > this.#bytesMax) this.#makeRoom();
  }

  #makeRoom(): void {
    for (const [holder, bytes] of this.#held) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#held.delete(holder);
      this.#bytes -= bytes;
      holder.overdue();
    }
  }
}
