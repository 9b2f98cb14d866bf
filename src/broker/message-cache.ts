import { Ring } from "../base/ring.ts";
import { messageBytes } from "../session/message.ts";
import type { FetchedMessage } from "./broker.ts";
import type { KeepMessage, Target } from "./mutation.ts";

/** Above this many targets a search by owner is worth an index. */
const targetsScanned = 8;

/** What an entry takes besides its message, about. */
const entryBytes = 256;

interface Cached {
  readonly kept: KeepMessage;
  readonly bytes: number;
  byOwner: Map<number, Target> | undefined;
}

/**
 * Bodies of kept messages that somebody waits for, shared by all queues. Bounded: the oldest is forgotten, whoever needs
 * it later has it fetched.
 */
export class MessageCache {
  readonly #bytesMax: number;
  readonly #messages: Map<number, Cached> = new Map();
  /** From the oldest on. A Map says which that is too, but passes over all that was deleted before it. */
  readonly #numbers: Ring<number> = new Ring();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(kept: KeepMessage): void {
    const bytes = messageBytes(kept.message) + entryBytes;
    this.#messages.set(kept.number, { kept, bytes, byOwner: undefined });
    this.#numbers.push(kept.number);
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax) this.#forgetOldest();
  }

  get(number: number): FetchedMessage | undefined {
    return this.#messages.get(number)?.kept;
  }

  /** What the owner is to be sent of this message; undefined when it is not cached. */
  target(number: number, owner: number): Target | undefined {
    const cached = this.#messages.get(number);
    if (cached === undefined) return undefined;
    const { targets } = cached.kept;
    if (targets.length <= targetsScanned) return targets.find((target) => target.owner === owner);
    cached.byOwner ??= new Map(targets.map((target) => [target.owner, target]));
    return cached.byOwner.get(owner);
  }

  #forgetOldest(): void {
    const number = this.#numbers.shift() ?? 0;
    this.#bytes -= this.#messages.get(number)?.bytes ?? 0;
    this.#messages.delete(number);
  }
}
