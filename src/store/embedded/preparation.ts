import type { Buffer } from "node:buffer";
import type { BindPacketIdentifier, KeepMessage, Mutation } from "../../broker/mutation.ts";
import type { Backlog } from "./backlog.ts";
import { numberKey, ownerIdentifierKey, ownerKey, ownerNumberKey, ownerWordKey } from "./keys.ts";
import { createBlocks } from "./log-block.ts";
import {
  bindingRecord,
  countersRecord,
  numberRecord,
  presentRecord,
  retainedRecord,
  sessionRecord,
  subscriptionRecord,
  timeRecord,
  willRecord,
} from "./records.ts";
import type { Change } from "./table-writer.ts";
import { aliveKey, countersKey, type TableName } from "./tables.ts";

/** What a batch comes to. */
export interface Prepared {
  readonly changes: readonly Change[];
  /** Owners that are no more when it is kept: what they have goes afterwards. */
  readonly ended: readonly number[];
}

/** Turns batches of mutations into rows, and counts in memory what they leave owed. */
export class Preparation {
  readonly #backlog: Backlog;
  /** Messages in flight that have a row of their own: it goes when they are settled. */
  readonly #bound: Map<number, Set<number>> = new Map();
  /** Owners that are no more, but whose rows may still be there: nothing that comes late adds to them. */
  readonly #ended: Set<number> = new Set();
  #lastKept = 0;
  #lastNumber = 0;
  #lastOwner = 0;

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
  }

  /** Goes on from counters that were kept. */
  setCounters(lastNumber: number, lastOwner: number): void {
    this.#lastKept = lastNumber;
    this.#lastNumber = lastNumber;
    this.#lastOwner = lastOwner;
  }

  /** Every row of a batch. Call it once for each, whatever becomes of the commit. */
  prepare(batch: readonly Mutation[]): Prepared {
    const changes: Change[] = [];
    const ended: number[] = [];
    const lastNumber = this.#lastNumber;
    const lastOwner = this.#lastOwner;
    this.#keep(batch, changes);
    for (const mutation of batch) {
      this.#count(mutation);
      const change = this.#one(mutation, ended);
      if (change !== undefined) changes.push(change);
    }
    changes.push(...this.settledRows());
    if (lastNumber !== this.#lastNumber || lastOwner !== this.#lastOwner)
      changes.push(put("meta", countersKey, countersRecord(countersKey, this.#lastNumber, this.#lastOwner)));
    return { changes, ended };
  }

  /** A message in flight has a row of its own. */
  bind(owner: number, number: number): void {
    const numbers = this.#bound.get(owner);
    if (numbers === undefined) this.#bound.set(owner, new Set([number]));
    else numbers.add(number);
  }

  /** The owner is no more. */
  end(owner: number): void {
    this.#ended.add(owner);
  }

  /** Takes up to so many messages away from an owner that is no more: the rows that go with them. */
  drop(owner: number, most: number): Change[] {
    this.#bound.delete(owner);
    this.#backlog.drop(owner, most);
    return this.settledRows();
  }

  /** The rows that say what was settled since the last call. */
  settledRows(): Change[] {
    const changes: Change[] = [];
    for (const [owner, { floor, added, removed }] of this.#backlog.takeSettled()) {
      if (floor !== undefined) {
        const key = ownerKey(owner);
        changes.push(put("floors", key, numberRecord(key, floor)));
      }
      for (const number of added) {
        const key = ownerNumberKey(owner, number);
        changes.push(put("settled", key, presentRecord(key)));
      }
      for (const number of removed) changes.push(remove("settled", ownerNumberKey(owner, number)));
    }
    for (const first of this.#backlog.takeEmptied()) changes.push(remove("log", numberKey(first)));
    return changes;
  }

  /** Nothing of the owner is left. */
  forget(owner: number): void {
    this.#ended.delete(owner);
  }

  /** Numbers ascend, so those up to the last one are kept already. */
  #keep(batch: readonly Mutation[], changes: Change[]): void {
    const lastKept = this.#lastKept;
    const kept = batch.filter((row): row is KeepMessage => row.kind === "keepMessage" && row.number > lastKept);
    for (const block of createBlocks(kept)) {
      this.#backlog.keep(block);
      changes.push(put("log", numberKey(block.first), block.record));
    }
    this.#lastKept = kept.at(-1)?.number ?? lastKept;
  }

  /** What comes after it gets higher numbers, also when everything that had this one is gone. */
  #count(mutation: Mutation): void {
    switch (mutation.kind) {
      case "keepMessage":
        this.#lastNumber = Math.max(this.#lastNumber, mutation.number);
        for (const { session } of mutation.targets) this.#lastOwner = Math.max(this.#lastOwner, session);
        break;
      case "putRetained":
        this.#lastNumber = Math.max(this.#lastNumber, mutation.stamp);
        break;
      case "bindPacketIdentifier":
      case "putSession":
        this.#lastOwner = Math.max(this.#lastOwner, mutation.session);
        break;
      case "putSubscription":
        this.#lastOwner = Math.max(this.#lastOwner, mutation.group);
        break;
    }
  }

  #one(mutation: Mutation, ended: number[]): Change | undefined {
    switch (mutation.kind) {
      case "keepMessage":
        return undefined;
      case "bindPacketIdentifier":
        return this.#bind(mutation);
      case "settle":
        return this.#settle(mutation.owner, mutation.number);
      case "deleteGroup":
        this.end(mutation.group);
        ended.push(mutation.group);
        return undefined;
      case "putRetained": {
        const key = ownerWordKey(mutation.tenant, mutation.message.topicName);
        return put("retained", key, retainedRecord(key, mutation.message, mutation.stamp));
      }
      case "deleteRetained":
        return remove("retained", ownerWordKey(mutation.tenant, mutation.topicName));
      case "alive":
        return put("meta", aliveKey, timeRecord(aliveKey, mutation.at));
      case "deleteSession":
        this.end(mutation.session);
        ended.push(mutation.session);
        return remove("sessions", ownerKey(mutation.session));
      default:
        return changeOfSession(mutation);
    }
  }

  #bind(mutation: BindPacketIdentifier): Change | undefined {
    const { owner, number } = mutation;
    if (this.#ended.has(owner) || !this.#backlog.isOwed(owner, number)) return undefined;
    this.bind(owner, number);
    const key = ownerNumberKey(owner, number);
    return put("bound", key, bindingRecord(key, mutation));
  }

  #settle(owner: number, number: number): Change | undefined {
    if (this.#ended.has(owner)) return undefined;
    this.#backlog.settle(owner, number);
    const numbers = this.#bound.get(owner);
    if (numbers?.delete(number) !== true) return undefined;
    if (numbers.size === 0) this.#bound.delete(owner);
    return remove("bound", ownerNumberKey(owner, number));
  }
}

type OfSession = Exclude<
  Extract<Mutation, { readonly session: number }>,
  { readonly kind: "bindPacketIdentifier" | "deleteSession" }
>;

function changeOfSession(mutation: OfSession): Change {
  const { session } = mutation;
  switch (mutation.kind) {
    case "putSession": {
      const key = ownerKey(session);
      return put("sessions", key, sessionRecord(key, mutation));
    }
    case "putSubscription": {
      const key = ownerWordKey(session, mutation.topicFilter);
      return put("subscriptions", key, subscriptionRecord(key, mutation));
    }
    case "deleteSubscription":
      return remove("subscriptions", ownerWordKey(session, mutation.topicFilter));
    case "keepReceived": {
      const key = ownerIdentifierKey(session, mutation.packetIdentifier);
      return put("received", key, presentRecord(key));
    }
    case "releaseReceived":
      return remove("received", ownerIdentifierKey(session, mutation.packetIdentifier));
    case "putWill": {
      const key = ownerKey(session);
      return put("wills", key, willRecord(key, mutation));
    }
    case "deleteWill":
      return remove("wills", ownerKey(session));
  }
}

function put(table: TableName, key: Buffer, value: Buffer): Change {
  return { table, key, value };
}

function remove(table: TableName, key: Buffer): Change {
  return { table, key, value: undefined };
}
