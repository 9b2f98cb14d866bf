import type { Mutation, Recovered, Target } from "../broker/mutation.ts";
import type { Message } from "../session/message.ts";

/** A message as it is read back. */
export interface StoredMessage {
  readonly number: number;
  readonly message: Message;
  /** Those that have not settled it; how they were bound since then is for `load` to say. */
  readonly targets: readonly Target[];
}

/**
 * Where durable state lives. Batches are applied in the order of the calls and whole; a rejected one left nothing
 * behind and may be committed again.
 */
export interface Store {
  /** What it keeps is in this process's memory, so what waits in queues counts there. */
  readonly isInMemory?: true;
  /**
   * Everything that was committed; messages ascend by number, and what belongs to a Session follows it. Once, before the
   * first commit.
   */
  load(): AsyncIterable<readonly Recovered[]>;
  /** Durable when resolved. */
  commit(batch: readonly Mutation[]): Promise<void>;
  /** Bodies by number; `undefined` for one that all have settled. Reads only what was committed. */
  read(numbers: readonly number[]): Promise<readonly (StoredMessage | undefined)[]>;
  close(): Promise<void>;
}
