import type { Logger } from "pino";
import type { AuthenticationRequest, Verdict } from "../broker/authentication.ts";
import type { Broker } from "../broker/broker.ts";
import type { Connection } from "../broker/connection.ts";
import type { Mutation } from "../broker/mutation.ts";
import type { Observation } from "../broker/observation.ts";
import type { Outbox, Ticket } from "../broker/outbox.ts";
import type { Packet } from "../mqtt/packet.ts";
import { isFailure, ReasonCode } from "../mqtt/reason-code.ts";
import type { SharedPublish } from "../mqtt/shared-publish.ts";
import type { Store } from "../store/store.ts";
import { Clock, SteadyTime } from "./clock.ts";
import { type Batch, type CommitListener, Commits, type Confirmation, type Fetch } from "./commits.ts";
import { Fetches } from "./fetches.ts";
import type { ConnectionTurn, LinkedConnection, PacketSource } from "./linked-connection.ts";
import { LogBudget } from "./log-budget.ts";
import type { Authenticator } from "./options.ts";
import { StoreGate } from "./store-gate.ts";

/** What a turn works with. */
export interface TurnOptions {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly log: Logger;
  readonly unflushedBytesMax: number;
  readonly observe: (observation: Observation) => void;
  /** The store takes new work, or refuses it. */
  readonly storeStateChanged: (state: "ready" | "refusing") => void;
  /** The process cannot go on: the store failed for good, or a bug of ours hit what belongs to no connection. */
  readonly fail: (error: unknown) => void;
  /** A connection's socket is gone. */
  readonly forget: (connection: LinkedConnection) => void;
}

/** From here on people should look after the clock. */
const clockWarningMilliseconds = 1_000;

/**
 * After so many bytes of deliveries a turn ends before all that came was read: a few large messages for very many
 * subscribers are gigabytes, two megabytes of the smallest packets are 100,000 of them, and others wait meanwhile. What a
 * delivery and a verb count for, besides.
 */
const workMax = 33_554_432;
const deliveryBytes = 64;
const verbBytes = 2_048;

const unavailable: Verdict = {
  kind: "refuse",
  reasonCode: ReasonCode.ServerUnavailable,
  reasonString: "authentication is not available now",
  serverReference: undefined,
};

/**
 * One pass of the event loop's work, over and over. What the broker asks for is gathered; the first verb of a turn arms
 * one `setImmediate`, so it ends after all sockets that had something were read.
 *
 * ```
 *  verbs in, verbs out …  │ end: drained, paused and now resumed connections → commit → one write per Link
 *                         │                                                      ⋮
 *                         │                                          durable: held packets, tickets, fetches
 * ```
 */
export class Turn implements Outbox, ConnectionTurn, CommitListener {
  readonly log: Logger;
  readonly #authenticator: Authenticator;
  readonly #unflushedBytesMax: number;
  readonly #observe: (observation: Observation) => void;
  readonly #fail: (error: unknown) => void;
  readonly #forget: (connection: LinkedConnection) => void;
  readonly #logBudget: LogBudget;
  readonly #commits: Commits;
  readonly #fetches: Fetches;
  readonly #time: SteadyTime = new SteadyTime();
  readonly #clock: Clock = new Clock(() => this.#elapsed());
  readonly #storeStateChanged: (state: "ready" | "refusing") => void;
  readonly #gate: StoreGate = new StoreGate((state) => {
    this.guarded(() => this.broker.storeState(state, this.now()));
    this.#storeStateChanged(state);
  });
  readonly #end: () => void = () => this.#endTurn();
  readonly #flush: () => void = () => this.#flushTouched();
  #broker: Broker | undefined = undefined;
  #isOpen = false;
  #now = 0;
  #mayRead = true;
  /** What this turn has done, about, as bytes given to Links. */
  #work = 0;
  /** It is enough for this turn: what else came is read in the next. */
  #isSated = false;
  #touched: LinkedConnection[] = [];
  #full: LinkedConnection[] = [];
  #toRead: Set<PacketSource> = new Set();
  #toDrain: LinkedConnection[] = [];
  #confirmations: Confirmation[] = [];

  constructor(options: TurnOptions) {
    this.log = options.log;
    this.#logBudget = new LogBudget(options.log);
    this.#authenticator = options.authenticator;
    this.#unflushedBytesMax = options.unflushedBytesMax;
    this.#observe = options.observe;
    this.#storeStateChanged = options.storeStateChanged;
    this.#fail = options.fail;
    this.#forget = options.forget;
    this.#commits = new Commits(options.store, options.log, this);
    this.#fetches = new Fetches(options.store, options.log, {
      fetched: (owner, messages) => this.guarded(() => this.broker.fetched(owner, messages, this.now())),
      failed: options.fail,
    });
  }

  /** The broker that this is the outbox of; before anything else. */
  attach(broker: Broker): void {
    this.#broker = broker;
  }

  get broker(): Broker {
    if (this.#broker === undefined) throw new Error("attach comes first");
    return this.#broker;
  }

  /** False while more than `unflushedBytesMax` waits for the store, and when this turn has done enough. */
  get mayRead(): boolean {
    return this.#mayRead && !this.#isSated;
  }

  /** Before the first turn: time goes on from `past`, ms, if the machine's clock stands before it. */
  notBefore(past: number): void {
    const behind = this.#time.notBefore(past);
    if (behind < clockWarningMilliseconds) return;
    const seconds = Math.round(behind / 1_000);
    this.log.warn(`the machine's clock is ${seconds} s behind the last time in the store; time goes on from there`);
  }

  /** One time per turn, ms; opens a turn when none is open. */
  now(): number {
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#now = this.#time.now();
      setImmediate(this.#end);
    }
    return this.#now;
  }

  /** Between two verbs. */
  verbEnded(): void {
    if (this.#full.length > 0) this.#flushFull();
    this.#commits.cutIfFull();
    if (this.#commits.unflushedBytes > this.#unflushedBytesMax) this.#mayRead = false;
    this.#work += verbBytes;
    if (this.#work > workMax) this.#isSated = true;
  }

  send(connection: Connection, packet: Packet): boolean {
    const linked = connection as LinkedConnection;
    const room = linked.link.send(packet, 0);
    this.touch(linked);
    return room;
  }

  sendAfterCommit(connection: Connection, packet: Packet): boolean {
    const linked = connection as LinkedConnection;
    const room = linked.link.send(packet, this.#await(linked));
    this.touch(linked);
    return room;
  }

  deliver(connection: Connection, shared: SharedPublish, packetIdentifier: number, dup: boolean): boolean {
    const linked = connection as LinkedConnection;
    this.#work += shared.byteLength + deliveryBytes;
    const room = linked.link.deliver(shared, packetIdentifier, dup, 0);
    this.touch(linked);
    return room;
  }

  deliverAfterCommit(connection: Connection, shared: SharedPublish, packetIdentifier: number, dup: boolean): boolean {
    const linked = connection as LinkedConnection;
    this.#work += shared.byteLength + deliveryBytes;
    const room = linked.link.deliver(shared, packetIdentifier, dup, this.#await(linked));
    this.touch(linked);
    return room;
  }

  persist(mutation: Mutation): void {
    this.#commits.persist(mutation);
  }

  /** Numbers of an open commit cannot be read before it, so all of them wait for it. */
  fetch(owner: number, numbers: readonly number[]): void {
    const fetch: Fetch = { owner, numbers };
    const batch = this.#commits.awaited();
    if (batch === undefined) this.#fetches.add(fetch);
    else batch.fetches.push(fetch);
  }

  authenticate(connection: Connection, request: AuthenticationRequest): void {
    void this.#ask(connection as LinkedConnection, request);
  }

  confirmAfterCommit(ticket: Ticket, reasonCode: ReasonCode): void {
    // A refusal promises nothing.
    const batch = isFailure(reasonCode) ? undefined : this.#commits.awaited();
    const confirmations = batch?.confirmations ?? this.#confirmations;
    confirmations.push({ ticket, reasonCode });
  }

  pause(connection: Connection): void {
    (connection as LinkedConnection).link.pause();
  }

  resume(connection: Connection): void {
    const linked = connection as LinkedConnection;
    linked.link.resume();
    this.readLater(linked.link);
  }

  close(connection: Connection): void {
    const linked = connection as LinkedConnection;
    linked.link.close();
    this.touch(linked);
  }

  observe(observation: Observation): void {
    this.#observe(observation);
  }

  touch(connection: LinkedConnection): void {
    if (!connection.isTouched) {
      connection.isTouched = true;
      this.#touched.push(connection);
      this.now();
    }
    if (!connection.isFull && connection.link.isFull) {
      connection.isFull = true;
      this.#full.push(connection);
    }
  }

  readLater(source: PacketSource): void {
    this.#toRead.add(source);
    if (this.#mayRead) this.now();
  }

  drainLater(connection: LinkedConnection): void {
    this.#toDrain.push(connection);
    this.now();
  }

  forget(connection: LinkedConnection): void {
    this.#toRead.delete(connection.link);
    this.#forget(connection);
  }

  committed(batch: Batch): void {
    const { durable } = this.#commits;
    for (const connection of batch.connections) connection.link.flush(durable);
    for (const { ticket, reasonCode } of batch.confirmations) ticket.settled(reasonCode);
    for (const fetch of batch.fetches) this.#fetches.add(fetch);
    this.#fetches.read();
    if (this.#mayRead || this.#commits.unflushedBytes > this.#unflushedBytesMax / 2) return;
    this.#mayRead = true;
    this.now();
  }

  storeState(state: "ready" | "refusing"): void {
    this.#gate.set("commit", state);
  }

  /** The store takes new work. */
  get isStoreReady(): boolean {
    return this.#gate.isReady;
  }

  /** Whether the store has room for new work. */
  spaceState(state: "ready" | "refusing"): void {
    this.#gate.set("space", state);
  }

  failed(error: unknown): void {
    this.#fail(error);
  }

  /** Resolves when everything is durable. */
  settled(): Promise<void> {
    return this.#commits.settled();
  }

  /** Wakes no more. */
  stop(): void {
    this.#clock.stop();
    this.#commits.stop();
    this.#fetches.stop();
  }

  /** Number of the batch that this connection's packet waits for; 0 when there is none. */
  #await(connection: LinkedConnection): number {
    const batch = this.#commits.awaited();
    if (batch === undefined) return 0;
    if (connection.awaitedCommit !== batch.number) {
      connection.awaitedCommit = batch.number;
      batch.connections.push(connection);
    }
    return batch.number;
  }

  async #ask(connection: LinkedConnection, request: AuthenticationRequest): Promise<void> {
    let verdict = unavailable;
    try {
      verdict = await this.#authenticator.authenticate(request, connection.peer);
    } catch (error) {
      const sentence = "authentication failed to answer; refused with 0x88";
      if (this.#logBudget.allows(sentence)) this.log.error({ err: error, clientId: request.clientId }, sentence);
    }
    connection.answered(verdict);
  }

  #endTurn(): void {
    this.#work = 0;
    this.#isSated = false;
    const drained = this.#toDrain;
    if (drained.length > 0) {
      this.#toDrain = [];
      for (const connection of drained) connection.hasDrained();
    }
    if (this.#toRead.size > 0 && this.#mayRead) {
      const toRead = this.#toRead;
      this.#toRead = new Set();
      for (const source of toRead) source.read();
    }
    this.#fetches.read();
    // With a store in memory the commit is done before the microtask: everything leaves in one write.
    if (this.#commits.commit()) queueMicrotask(this.#flush);
    else this.#flushTouched();
    this.#isOpen = false;
    if (this.#toDrain.length > 0 || (this.#toRead.size > 0 && this.#mayRead)) this.now();
    if (this.#confirmations.length > 0) this.#confirm();
    this.guarded(() => this.#clock.arm(this.broker.nextDeadline(), this.#now));
  }

  #flushTouched(): void {
    const touched = this.#touched;
    if (touched.length === 0) return;
    this.#touched = [];
    const { durable } = this.#commits;
    for (const connection of touched) {
      connection.isTouched = false;
      connection.link.flush(durable);
    }
  }

  #flushFull(): void {
    const { durable } = this.#commits;
    for (const connection of this.#full) {
      connection.isFull = false;
      connection.link.flush(durable);
    }
    this.#full.length = 0;
  }

  #confirm(): void {
    const confirmations = this.#confirmations;
    this.#confirmations = [];
    for (const { ticket, reasonCode } of confirmations) ticket.settled(reasonCode);
  }

  /** While nobody is read nobody is late either; the next turn arms the clock again. */
  #elapsed(): void {
    if (!this.#mayRead) return;
    this.guarded(() => {
      const now = this.now();
      if (this.broker.nextDeadline() <= now) this.broker.elapsed(now);
    });
  }

  /** A verb that belongs to no connection: a bug in it leaves a state that nobody can vouch for. */
  guarded(verb: () => void): void {
    try {
      verb();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.verbEnded();
  }
}
