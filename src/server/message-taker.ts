import { Buffer } from "node:buffer";
import { Ring } from "../base/ring.ts";
import type { Publish } from "../mqtt/packet.ts";
import type { Arrival } from "./client-inbox.ts";
import type { IncomingMessage, MessageHandler } from "./in-process.ts";

/** Where messages of one subscription go: one after another, the next when the one before is dealt with. */
export interface MessageTaker {
  /** As it was subscribed to. */
  readonly topicFilter: string;
  /** Without its `$share/{ShareName}/`. */
  readonly matchedFilter: string;
  take(arrival: Arrival): void;
  /** It hands out nothing more; returns what waited. */
  end(): readonly Arrival[];
  /** What the program has in its hands, which is no longer waited for. */
  takeBack(): readonly Arrival[];
  /** Resolves when the program has nothing in its hands. */
  emptied(): Promise<void>;
}

/** What a taker says to its Client. */
export interface TakerOwner {
  done(arrival: Arrival): void;
  /** A handler threw. */
  failed(error: unknown): void;
}

/** Gives messages to a handler. */
export class HandlerTaker implements MessageTaker {
  readonly topicFilter: string;
  readonly matchedFilter: string;
  readonly #handler: MessageHandler;
  readonly #owner: TakerOwner;
  readonly #waiting: Ring<Arrival> = new Ring();
  #inHand: Arrival | undefined = undefined;
  #isRunning = false;
  #ended = false;
  #emptied: (() => void) | undefined = undefined;

  constructor(topicFilter: string, matchedFilter: string, handler: MessageHandler, owner: TakerOwner) {
    this.topicFilter = topicFilter;
    this.matchedFilter = matchedFilter;
    this.#handler = handler;
    this.#owner = owner;
  }

  take(arrival: Arrival): void {
    if (this.#ended) return;
    this.#waiting.push(arrival);
    if (!this.#isRunning) void this.#run();
  }

  end(): readonly Arrival[] {
    this.#ended = true;
    return takeAll(this.#waiting);
  }

  takeBack(): readonly Arrival[] {
    const inHand = this.#inHand;
    this.#inHand = undefined;
    return inHand === undefined ? [] : [inHand];
  }

  emptied(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#inHand = next;
        await this.#handler(messageOf(next.publish));
        for (const arrival of this.takeBack()) this.#owner.done(arrival);
      }
    } catch (error) {
      this.#ended = true;
      this.#owner.failed(error);
    } finally {
      this.#isRunning = false;
      this.#emptied?.();
    }
  }
}

/** Hands messages out to whoever asks for the next. */
export class StreamTaker implements MessageTaker {
  readonly topicFilter: string;
  readonly matchedFilter: string;
  readonly #owner: TakerOwner;
  readonly #waiting: Ring<Arrival> = new Ring();
  readonly #asking: Ring<(result: IteratorResult<IncomingMessage>) => void> = new Ring();
  #inHand: Arrival[] = [];
  #ended = false;

  constructor(topicFilter: string, matchedFilter: string, owner: TakerOwner) {
    this.topicFilter = topicFilter;
    this.matchedFilter = matchedFilter;
    this.#owner = owner;
  }

  take(arrival: Arrival): void {
    if (this.#ended) return;
    const asking = this.#asking.shift();
    if (asking === undefined) this.#waiting.push(arrival);
    else asking(this.#handOut(arrival));
  }

  /** Whoever asks is done with what was handed out before. */
  next(): Promise<IteratorResult<IncomingMessage>> {
    this.letGo();
    const arrival = this.#waiting.shift();
    if (arrival !== undefined) return Promise.resolve(this.#handOut(arrival));
    if (this.#ended) return Promise.resolve(over);
    return new Promise((resolve) => this.#asking.push(resolve));
  }

  /** What was handed out is dealt with. */
  letGo(): void {
    for (const arrival of this.takeBack()) this.#owner.done(arrival);
  }

  end(): readonly Arrival[] {
    this.#ended = true;
    for (let asking = this.#asking.shift(); asking !== undefined; asking = this.#asking.shift()) asking(over);
    return takeAll(this.#waiting);
  }

  takeBack(): readonly Arrival[] {
    const inHand = this.#inHand;
    this.#inHand = [];
    return inHand;
  }

  /** Nobody can tell whether it will ever be asked again: what was handed out counts as dealt with. */
  emptied(): Promise<void> {
    this.letGo();
    return Promise.resolve();
  }

  #handOut(arrival: Arrival): IteratorResult<IncomingMessage> {
    this.#inHand.push(arrival);
    return { done: false, value: messageOf(arrival.publish) };
  }
}

const over: IteratorResult<IncomingMessage> = { done: true, value: undefined };

function takeAll(waiting: Ring<Arrival>): readonly Arrival[] {
  const all: Arrival[] = [];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) all.push(next);
  return all;
}

function messageOf({ topicName, payload, qos, retain, dup, properties }: Publish): IncomingMessage {
  const text = (): string => Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  return { topicName, payload, text, qos, retain, dup, properties };
}
