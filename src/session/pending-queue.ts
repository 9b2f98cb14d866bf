import type { FairShare } from "../base/fair-share.ts";
import { Ring } from "../base/ring.ts";
import { type Message, messageBytes } from "./message.ts";

/** What one subscriber is to be sent of a Message. */
export interface Delivery {
  readonly message: Message;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  /** It has rows, of others or of its publisher's flow: it leaves after the commit that keeps them. */
  readonly kept: boolean;
}

/** What all queues hold in memory. */
export interface QueueMemory {
  readonly bytes: FairShare;
  /** The bodies of kept messages are in memory too. */
  readonly holdsKept: boolean;
}

/**
 * What waits for quota or for the Client. Its bound is in messages and bytes; the oldest goes first when it is passed.
 *
 * ```
 *          head                                             tail
 *  number  │ 17 │ 18 │ 21 │ …   a kept message: only its number, the body is in the cache or the store
 *       or │ Delivery     │ …   nothing durable waits for it: the body itself
 *  bytes   │ 230│ 230│ 64 │ …   what each counts for
 * ```
 */
export class PendingQueue {
  readonly #entries: Ring<number | Delivery> = new Ring();
  readonly #sizes: Ring<number> = new Ring();
  #bytes = 0;
  #memory: QueueMemory | undefined = undefined;
  /** Of those whose bodies are in memory. */
  #memoryBytes = 0;

  /** Counts what it holds in memory there; before anything is in it. */
  sharesIn(memory: QueueMemory): void {
    this.#memory = memory;
  }

  get length(): number {
    return this.#entries.length;
  }

  push(entry: number | Delivery, bytes: number): void {
    this.#entries.push(entry);
    this.#sizes.push(bytes);
    this.#count(entry, bytes);
  }

  /** Back at the head, in front of what waits: it was sent and is taken back. */
  unshift(entry: number | Delivery, bytes: number): void {
    this.#entries.unshift(entry);
    this.#sizes.unshift(bytes);
    this.#count(entry, bytes);
  }

  peek(): number | Delivery | undefined {
    return this.#entries.peek();
  }

  at(index: number): number | Delivery | undefined {
    return this.#entries.at(index);
  }

  shift(): number | Delivery | undefined {
    const entry = this.#entries.shift();
    if (entry !== undefined) this.#count(entry, -(this.#sizes.shift() ?? 0));
    return entry;
  }

  clear(): void {
    this.#entries.clear();
    this.#sizes.clear();
    this.#bytes = 0;
    this.#memory?.bytes.changed(this.#memoryBytes, 0);
    this.#memoryBytes = 0;
  }

  /** Whether one more of this size would pass a bound. */
  isFull(bytes: number, messagesMax: number, bytesMax: number): boolean {
    return this.#entries.length >= messagesMax || (this.#entries.length > 0 && this.#bytes + bytes > bytesMax);
  }

  /** Whether all queues together leave room for one more of this size in this one. */
  hasMemory(entry: number | Delivery, bytes: number): boolean {
    if (this.#memory === undefined || !this.#isInMemory(entry)) return true;
    return this.#memory.bytes.allows(this.#memoryBytes, bytes);
  }

  #count(entry: number | Delivery, bytes: number): void {
    this.#bytes += bytes;
    if (!this.#isInMemory(entry)) return;
    this.#memory?.bytes.changed(this.#memoryBytes, this.#memoryBytes + bytes);
    this.#memoryBytes += bytes;
  }

  #isInMemory(entry: number | Delivery): boolean {
    return typeof entry !== "number" || this.#memory?.holdsKept === true;
  }
}

/** What a waiting Delivery counts for. */
export function deliveryBytes(delivery: Delivery): number {
  return messageBytes(delivery.message);
}
