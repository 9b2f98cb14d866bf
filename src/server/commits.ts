import type { Logger } from "pino";
import type { Mutation } from "../broker/mutation.ts";
import type { Ticket } from "../broker/outbox.ts";
import type { ReasonCode } from "../mqtt/reason-code.ts";
import { messageBytes } from "../session/message.ts";
import type { Store } from "../store/store.ts";
import type { LinkedConnection } from "./linked-connection.ts";

/** A batch is cut when it reaches either. */
const batchMutationsMax = 5_000;
const batchBytesMax = 8 * 1_048_576;

const retryMillisecondsFirst = 10;
const retryMillisecondsMax = 1_000;

/** What a mutation counts for besides the message in it. */
const mutationBytes = 128;
const targetBytes = 64;

/** What is committed at once, and who waits for it. */
export interface Batch {
  /** Ascending from 1. */
  readonly number: number;
  readonly mutations: Mutation[];
  bytes: number;
  /** Connections that hold packets for it. */
  readonly connections: LinkedConnection[];
  readonly confirmations: Confirmation[];
  /** Message bodies that can be read after it. */
  readonly fetches: Fetch[];
}

export interface Confirmation {
  readonly ticket: Ticket;
  readonly reasonCode: ReasonCode;
}

/** Numbers that a Session or shared group asked for. */
export interface Fetch {
  readonly owner: number;
  readonly numbers: readonly number[];
}

/** Who hears of commits. */
export interface CommitListener {
  /** A batch is durable. */
  committed(batch: Batch): void;
  /** The store refuses, or takes again what it refused. */
  storeState(state: "ready" | "refusing"): void;
  /** The store cannot go on; the process has to end. */
  failed(error: unknown): void;
}

/**
 * One batch in flight, one collecting; between them those that were cut because they were full. A batch that the store
 * refused is committed again, first in line, until it is kept.
 */
export class Commits {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #listener: CommitListener;
  #collecting: Batch = createBatch(1);
  readonly #cut: Batch[] = [];
  #inFlight: Batch | undefined = undefined;
  #retryMilliseconds = 0;
  #retry: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;
  #durable = 0;
  #unflushedBytes = 0;
  #settled: (() => void)[] = [];

  constructor(store: Store, log: Logger, listener: CommitListener) {
    this.#store = store;
    this.#log = log;
    this.#listener = listener;
  }

  /** Number of the last durable batch. */
  get durable(): number {
    return this.#durable;
  }

  /** What waits for the store, about. */
  get unflushedBytes(): number {
    return this.#unflushedBytes;
  }

  persist(mutation: Mutation): void {
    const bytes = bytesOf(mutation);
    this.#collecting.mutations.push(mutation);
    this.#collecting.bytes += bytes;
    this.#unflushedBytes += bytes;
  }

  /** The batch after which everything persisted up to now is durable; undefined when it is. */
  awaited(): Batch | undefined {
    if (this.#collecting.mutations.length > 0) return this.#collecting;
    return this.#cut.at(-1) ?? this.#inFlight;
  }

  /** Between two verbs: cuts a batch that is full. */
  cutIfFull(): void {
    const { mutations, bytes } = this.#collecting;
    if (mutations.length < batchMutationsMax && bytes < batchBytesMax) return;
    this.#cutNow();
    this.#next();
  }

  /** At the end of a turn: commits what was collected unless a commit is in flight. Whether one was begun. */
  commit(): boolean {
    if (this.#inFlight !== undefined || this.#collecting.mutations.length === 0) return false;
    this.#cutNow();
    this.#next();
    return true;
  }

  /** Resolves when everything is durable. */
  settled(): Promise<void> {
    this.commit();
    if (this.awaited() === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Gives up what the store refuses. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  #cutNow(): void {
    this.#cut.push(this.#collecting);
    this.#collecting = createBatch(this.#collecting.number + 1);
  }

  #next(): void {
    if (this.#inFlight !== undefined) return;
    const batch = this.#cut.shift();
    if (batch === undefined) return;
    this.#inFlight = batch;
    this.#try(batch);
  }

  #try(batch: Batch): void {
    this.#store.commit(batch.mutations).then(
      () => this.#kept(batch),
      (error: unknown) => this.#refused(batch, error),
    );
  }

  #kept(batch: Batch): void {
    this.#inFlight = undefined;
    this.#durable = batch.number;
    this.#unflushedBytes -= batch.bytes;
    if (this.#retryMilliseconds > 0) {
      this.#retryMilliseconds = 0;
      this.#log.info("the store takes changes again");
      this.#listener.storeState("ready");
    }
    // First the next one, so that the store works while we send.
    if (this.#cut.length === 0 && this.#collecting.mutations.length > 0) this.#cutNow();
    this.#next();
    this.#listener.committed(batch);
    if (this.awaited() === undefined) for (const settled of this.#settled.splice(0)) settled();
  }

  #refused(batch: Batch, error: unknown): void {
    if (this.#isStopped) return;
    if (isFinal(error)) {
      this.#listener.failed(error);
      return;
    }
    const isFirst = this.#retryMilliseconds === 0;
    this.#retryMilliseconds = isFirst
      ? retryMillisecondsFirst
      : Math.min(this.#retryMilliseconds * 2, retryMillisecondsMax);
    this.#retry = setTimeout(() => this.#try(batch), this.#retryMilliseconds);
    if (!isFirst) return;
    this.#log.error(
      { err: error },
      "the store refused a commit; it is tried again, and new work is refused until then",
    );
    this.#listener.storeState("refusing");
  }
}

/** Whether the store says that trying again is of no use: what is on disk is unknown. */
export function isFinal(error: unknown): boolean {
  return error instanceof Error && "final" in error && error.final === true;
}

function createBatch(number: number): Batch {
  return { number, mutations: [], bytes: 0, connections: [], confirmations: [], fetches: [] };
}

function bytesOf(mutation: Mutation): number {
  switch (mutation.kind) {
    case "keepMessage":
      return mutationBytes + messageBytes(mutation.message) + targetBytes * mutation.targets.length;
    case "putRetained":
      return mutationBytes + messageBytes(mutation.message);
    case "putWill":
      return mutationBytes + mutation.will.payload.length;
    default:
      return mutationBytes;
  }
}
