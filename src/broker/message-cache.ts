import { messageBytes } from "../session/message.ts";
import type { FetchedMessage } from "./broker.ts";
import type { KeepMessage, Target } from "./mutation.ts";

/** Above this many targets a search by owner is worth an index. */
const targetsScanned = 8;

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
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(kept: KeepMessage): void {
    const bytes = messageBytes(kept.message);
    this.#messages.set(kept.number, { kept, bytes, byOwner: undefined });
    this.#bytes += bytes;
    for (const [number, oldest] of this.#messages) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#messages.delete(number);
      this.#bytes -= oldest.bytes;
    }
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
}
