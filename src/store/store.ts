import type { KeepMessage, Mutation, Target } from "../broker/mutation.ts";
import type { Message } from "../session/message.ts";

/** A message as it is read back for one owner. */
export interface StoredMessage {
  readonly number: number;
  readonly message: Message;
  readonly targets: readonly Target[];
}

/** A kept message at start: everything but its body. */
export interface QueuedMessage {
  readonly kind: "queuedMessage";
  readonly number: number;
  /** As `messageBytes` counts. */
  readonly bytes: number;
  readonly targets: readonly Target[];
}

/** The counters, first of all that `load` yields: they never start again, also when everything was settled. */
export interface Counters {
  readonly kind: "counters";
  readonly lastNumber: number;
  readonly lastOwner: number;
}

/** What `load` yields: the state as the mutations that would make it, messages without their bodies. */
export type Recovered = Exclude<Mutation, KeepMessage> | QueuedMessage | Counters;

/**
 * Where durable state lives. Batches are applied in the order of the calls and whole; a rejected one left nothing
 * behind and may be committed again.
 */
export interface Store {
  /** Everything that was committed, in an order that `recovery` can apply; messages ascend by number. */
  load(): AsyncIterable<readonly Recovered[]>;
  /** Durable when resolved. */
  commit(batch: readonly Mutation[]): Promise<void>;
  /** Bodies by number; `undefined` for one that was settled meanwhile. Reads only what was committed. */
  read(numbers: readonly number[]): Promise<readonly (StoredMessage | undefined)[]>;
  close(): Promise<void>;
}
