import { ownerOf } from "./addresses.ts";

/** What one door lets in; undefined sets no bound of its own. */
export interface DoorLimits {
  /** Connections at one time, whatever they are still up to. */
  readonly connectionsMax: number | undefined;
  /** The same for one IPv4 address, or one network of 64 bits of IPv6. */
  readonly connectionsPerAddressMax: number | undefined;
  /** New connections in a second, and as many at once after a quiet one. */
  readonly connectsPerSecondMax: number | undefined;
}

/** Counts who comes through one door. A refusal is the name of the limit that was reached. */
export class DoorCount {
  readonly #limits: DoorLimits;
  readonly #perAddress: Map<string, number> = new Map();
  #connections = 0;
  #tokens: number;
  #filledAt: number;

  /** @param now monotonic, ms */
  constructor(limits: DoorLimits, now: number) {
    this.#limits = limits;
    this.#tokens = limits.connectsPerSecondMax ?? 0;
    this.#filledAt = now;
  }

  /** Somebody is at the door; it counts until `left`, unless it is refused. */
  arrived(now: number): keyof DoorLimits | undefined {
    const { connectionsMax, connectsPerSecondMax } = this.#limits;
    if (connectionsMax !== undefined && this.#connections >= connectionsMax) return "connectionsMax";
    if (connectsPerSecondMax !== undefined && !this.#takeToken(connectsPerSecondMax, now))
      return "connectsPerSecondMax";
    this.#connections += 1;
    return undefined;
  }

  left(): void {
    this.#connections -= 1;
  }

  /** It is known whose it is; it counts until `leftFrom`, unless it is refused. */
  arrivedFrom(address: string): keyof DoorLimits | undefined {
    const { connectionsPerAddressMax } = this.#limits;
    if (connectionsPerAddressMax === undefined) return undefined;
    const owner = ownerOf(address);
    const connections = this.#perAddress.get(owner) ?? 0;
    if (connections >= connectionsPerAddressMax) return "connectionsPerAddressMax";
    this.#perAddress.set(owner, connections + 1);
    return undefined;
  }

  leftFrom(address: string): void {
    const owner = ownerOf(address);
    const connections = this.#perAddress.get(owner);
    if (connections === undefined) return;
    if (connections === 1) this.#perAddress.delete(owner);
    else this.#perAddress.set(owner, connections - 1);
  }

  /** A bucket that holds the connections of one second and fills evenly. */
  #takeToken(perSecond: number, now: number): boolean {
    const filled = this.#tokens + ((now - this.#filledAt) / 1_000) * perSecond;
    this.#tokens = Math.min(filled, perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
