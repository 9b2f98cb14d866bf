/** What the contract's `Id` allows: UUIDv7 of our own making, and short ones such as `abc123`. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether something may be called so. */
export function isIdentifier(text: string): boolean {
  return idPattern.test(text);
}

/** Chance: so many bytes of it. */
export type RandomBytes = (length: number) => Uint8Array;

const countMax = 0xfff;

/**
 * Makes UUIDs of version 7 (RFC 9562, §5.7): ids that sort by the time of their making. Those of one millisecond count up
 * in `rand_a` (§6.2, method 1), so they ascend strictly, also when the clock goes back.
 */
export class IdentifierSource {
  readonly #random: RandomBytes;
  #milliseconds = 0;
  #count = 0;

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  /** @param now milliseconds since 1970 */
  next(now: number): string {
    const bytes = Buffer.from(this.#random(16));
    if (now > this.#milliseconds) {
      this.#milliseconds = now;
      // The upper bit is left for counting.
      this.#count = bytes.readUInt16BE(6) & (countMax >> 1);
    } else if (this.#count < countMax) {
      this.#count += 1;
    } else {
      this.#milliseconds += 1;
      this.#count = 0;
    }
    bytes.writeUIntBE(this.#milliseconds, 0, 6);
    bytes.writeUInt16BE(0x7000 | this.#count, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }
}
