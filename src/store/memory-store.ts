import type { BindPacketIdentifier, KeepMessage, Mutation, Recovered, Target } from "../broker/mutation.ts";
import { messageBytes } from "../session/message.ts";
import type { Store, StoredMessage } from "./store.ts";

type Row = Exclude<Recovered, { kind: "queuedMessage" | "counters" }>;

/** The reference engine: what a Store means, in maps. Everything is gone with the process. */
export function createMemoryStore(): MemoryStore {
  return new MemoryStore();
}

export class MemoryStore implements Store {
  readonly isInMemory = true;
  /** What the messages kept for Sessions and shared groups take. */
  messageBytes = 0;
  readonly #messages = new Map<number, KeepMessage>();
  /** Numbers of the messages that an owner still has. */
  readonly #owned = new Map<number, Set<number>>();
  /** Everything but messages: by Session (0 for none), then by a key that makes each row absolute. */
  readonly #rows = new Map<number, Map<string, Row>>();
  #lastNumber = 0;
  #lastOwner = 0;

  async *load(): AsyncIterable<readonly Recovered[]> {
    yield [{ kind: "counters", lastNumber: this.#lastNumber, lastOwner: this.#lastOwner }];
    for (const rows of this.#rows.values()) yield [...rows.values()];
    const messages = [...this.#messages.values()].sort((one, other) => one.number - other.number);
    yield messages.map(({ number, message, targets }) => {
      return { kind: "queuedMessage", number, bytes: messageBytes(message), targets };
    });
  }

  commit(batch: readonly Mutation[]): Promise<void> {
    for (const mutation of batch) this.#apply(mutation);
    return Promise.resolve();
  }

  read(numbers: readonly number[]): Promise<readonly (StoredMessage | undefined)[]> {
    return Promise.resolve(numbers.map((number) => this.#messages.get(number)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #apply(mutation: Mutation): void {
    switch (mutation.kind) {
      case "keepMessage":
        this.#lastNumber = Math.max(this.#lastNumber, mutation.number);
        this.#forget(mutation.number);
        this.#messages.set(mutation.number, mutation);
        this.messageBytes += messageBytes(mutation.message);
        for (const { owner, session } of mutation.targets) {
          this.#lastOwner = Math.max(this.#lastOwner, session);
          this.#ownedBy(owner).add(mutation.number);
        }
        return;
      case "bindPacketIdentifier":
        this.#lastOwner = Math.max(this.#lastOwner, mutation.session);
        this.#replace(mutation.number, mutation.owner, (target) => bound(target, mutation));
        return;
      case "settle":
        this.#settle(mutation.number, mutation.owner);
        return;
      case "deleteSession":
        this.#rows.delete(mutation.session);
        this.#deleteOwner(mutation.session);
        return;
      case "deleteGroup":
        this.#deleteOwner(mutation.group);
        return;
      case "putSession":
        this.#lastOwner = Math.max(this.#lastOwner, mutation.session);
        this.#put(mutation.session, `session`, mutation);
        return;
      case "putSubscription":
        this.#lastOwner = Math.max(this.#lastOwner, mutation.group);
        this.#put(mutation.session, `subscription/${mutation.topicFilter}`, mutation);
        return;
      case "deleteSubscription":
        this.#delete(mutation.session, `subscription/${mutation.topicFilter}`);
        return;
      case "keepReceived":
        this.#put(mutation.session, `received/${mutation.packetIdentifier}`, mutation);
        return;
      case "releaseReceived":
        this.#delete(mutation.session, `received/${mutation.packetIdentifier}`);
        return;
      case "putWill":
        this.#put(mutation.session, `will`, mutation);
        return;
      case "deleteWill":
        this.#delete(mutation.session, `will`);
        return;
      case "putRetained":
        this.#lastNumber = Math.max(this.#lastNumber, mutation.stamp);
        this.#put(0, `retained/${mutation.tenant}/${mutation.message.topicName}`, mutation);
        return;
      case "deleteRetained":
        this.#delete(0, `retained/${mutation.tenant}/${mutation.topicName}`);
        return;
      case "alive":
        this.#put(0, "alive", mutation);
        return;
    }
  }

  #ownedBy(owner: number): Set<number> {
    let numbers = this.#owned.get(owner);
    if (numbers === undefined) {
      numbers = new Set();
      this.#owned.set(owner, numbers);
    }
    return numbers;
  }

  #replace(number: number, owner: number, change: (target: Target) => Target): void {
    const kept = this.#messages.get(number);
    if (kept === undefined) return;
    const targets = kept.targets.map((target) => (target.owner === owner ? change(target) : target));
    this.#messages.set(number, { ...kept, targets });
  }

  /** A message goes when nobody has it any more. */
  #settle(number: number, owner: number): void {
    const numbers = this.#owned.get(owner);
    numbers?.delete(number);
    if (numbers?.size === 0) this.#owned.delete(owner);
    const kept = this.#messages.get(number);
    if (kept === undefined) return;
    const targets = kept.targets.filter((target) => target.owner !== owner);
    if (targets.length === 0) this.#forget(number);
    else this.#messages.set(number, { ...kept, targets });
  }

  #forget(number: number): void {
    const kept = this.#messages.get(number);
    if (kept === undefined) return;
    this.#messages.delete(number);
    this.messageBytes -= messageBytes(kept.message);
  }

  #deleteOwner(owner: number): void {
    for (const number of [...(this.#owned.get(owner) ?? [])]) this.#settle(number, owner);
  }

  #put(session: number, key: string, row: Row): void {
    const rows = this.#rows.get(session);
    if (rows === undefined) this.#rows.set(session, new Map([[key, row]]));
    else rows.set(key, row);
  }

  #delete(session: number, key: string): void {
    this.#rows.get(session)?.delete(key);
  }
}

function bound(target: Target, { session, qos, packetIdentifier, stage }: BindPacketIdentifier): Target {
  return { ...target, session, qos, packetIdentifier, stage };
}
