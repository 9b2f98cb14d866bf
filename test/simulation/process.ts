import type { AuthenticationRequest } from "../../src/broker/authentication.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { createBroker } from "../../src/broker/create-broker.ts";
import { allCapabilities, type Limits } from "../../src/broker/limits.ts";
import type { Observation } from "../../src/broker/observation.ts";
import { allowAll } from "../../src/broker/policy.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import type { Agenda, Appointment } from "../../src/testing/agenda.ts";
import { brokenPromise } from "../../src/testing/promise-check.ts";
import type { Random } from "../../src/testing/random.ts";
import { type OutboxRecord, RecordingOutbox } from "../../src/testing/recording-outbox.ts";
import type { SimulatedStore } from "../../src/testing/simulated-store.ts";
import { type Batch, type CommitsListener, type Fetch, SimulatedCommits } from "./commits.ts";
import { mutationLine, packetLine } from "./lines.ts";
import { handIn, type Link, type LinkHost } from "./link.ts";
import { type Life, type Step, Violation } from "./records.ts";

/** Who watches a process. */
export interface ProcessWatcher {
  /** Counts steps over all lives. */
  nextIndex(): number;
  observed(observation: Observation): void;
  /** The Broker, to which it is `now`, sends a packet; it may still be held. */
  sending(link: Link, packet: Packet, now: number): void;
  /** A verb came to its end. */
  stepped(step: Step): void;
  /** Writes history; undefined when nobody reads it. */
  readonly log: ((line: string) => void) | undefined;
}

/** How a process goes about its work. */
export interface ProcessSettings {
  readonly limits: Limits;
  readonly batchMutationsMax: number;
  readonly turnMillisecondsMax: number;
  readonly verdictMillisecondsMax: number;
}

/**
 * The process around the Broker: it gathers what a turn asks for, commits one batch while the next one collects, holds what
 * waits for a commit, in virtual time. A crash ends it between two verbs.
 */
export class SimulatedProcess implements LinkHost, Life, CommitsListener {
  readonly number: number;
  readonly links: Set<Link> = new Set();
  readonly broker: Broker;
  isDead = false;
  durable = 0;
  succeededAt: number = Number.POSITIVE_INFINITY;
  aliveAt = 0;
  /** What the store kept was taken over in this step. */
  recovered: Step | undefined = undefined;
  readonly #settings: ProcessSettings;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #store: SimulatedStore;
  readonly #watcher: ProcessWatcher;
  readonly #outbox: RecordingOutbox;
  #records: OutboxRecord[] = [];
  #index = 0;
  readonly #commits: SimulatedCommits;
  #fetches: Fetch[] = [];
  readonly #toRead: Set<Link> = new Set();
  readonly #toDrain: Set<Link> = new Set();
  readonly #touched: Set<Link> = new Set();
  #isTurnOpen = false;
  #now = 0;
  #wake: Appointment | undefined = undefined;
  #uniqueIds = 0;

  constructor(
    number: number,
    settings: ProcessSettings,
    agenda: Agenda,
    random: Random,
    store: SimulatedStore,
    watcher: ProcessWatcher,
  ) {
    this.number = number;
    this.#settings = settings;
    this.#agenda = agenda;
    this.#random = random;
    this.#store = store;
    this.#watcher = watcher;
    this.#commits = new SimulatedCommits(agenda, store, this);
    this.#outbox = new RecordingOutbox();
    this.#outbox.hasRoom = (connection) => {
      this.#obey();
      return (connection as Link).hasRoomNow;
    };
    this.broker = createBroker({
      outbox: this.#outbox,
      policy: allowAll,
      limits: settings.limits,
      capabilities: allCapabilities,
      uniqueId: () => `unique-${number}-${++this.#uniqueIds}`,
      responseInformation: undefined,
    });
  }

  get isRefusing(): boolean {
    return this.#commits.isRefusing;
  }

  /** What the store kept comes before the first connection. */
  async recover(): Promise<void> {
    for await (const rows of this.#store.load()) {
      this.verb(
        () => "recover",
        () => this.broker.recover(rows),
      );
      for (const row of rows) if (row.kind === "alive") this.aliveAt = row.at;
    }
    this.recovered = this.verb(
      () => "recovered",
      (now) => this.broker.recovered(now),
    );
  }

  accept(link: Link): void {
    this.links.add(link);
    this.verb(
      () => `${link.owner.name} opened`,
      (now) => this.broker.opened(link, now),
    );
  }

  /** It is asked to stop: everybody hears of it, and what waits for the store is kept. */
  drain(): void {
    this.verb(
      () => "drain",
      (now) => this.broker.drain(undefined, now),
    );
  }

  /** It dies here and now; who hangs on it does not hear of it. */
  crash(): void {
    this.isDead = true;
    this.durable = this.#store.crash();
    const { inFlight } = this.#commits;
    if (inFlight !== undefined && inFlight.number <= this.durable) this.#alive(inFlight);
    for (const link of this.links) link.cut();
  }

  /**
   * Calls a verb, and does what it asked for.
   *
   * @param isOneChange all that it promises has to do with all that it persists
   */
  verb(name: () => string, act: (now: number) => void, isOneChange = false): Step {
    this.#openTurn();
    this.#index = this.#watcher.nextIndex();
    const { collecting } = this.#commits;
    const before = collecting.mutations.length;
    this.#watcher.log?.(name());
    act(this.#now);
    this.#obey();
    const isAlone = isOneChange && this.#records.every(({ verb }) => verb !== "close");
    const broken = isAlone ? brokenPromise(this.#records) : undefined;
    if (broken !== undefined) throw new Violation(`${name()}: ${broken}`);
    this.#records = [];
    const batch = collecting.mutations.length > before ? collecting.number : 0;
    const step = { index: this.#index, at: this.#now, life: this, batch };
    this.#watcher.stepped(step);
    if (collecting.mutations.length >= this.#settings.batchMutationsMax) this.#commits.cut();
    return step;
  }

  readable(link: Link): void {
    if (this.isDead) return;
    while (!link.isHeld && link.isOpen && !this.isDead) {
      const incoming = link.inbox.shift();
      if (incoming === undefined) return;
      const { packet, handed } = incoming;
      if (packet === "end") {
        link.isOpen = false;
        this.broken(link);
        return;
      }
      const step = this.verb(
        () => `${link.owner.name} > ${packetLine(packet)}`,
        (now) => handIn(link, packet, (received) => this.broker.received(link, received, now)),
        packet.type === PacketType.Publish || packet.type === PacketType.Pubrel,
      );
      handed?.(step);
    }
  }

  roomy(link: Link): void {
    if (this.isDead) return;
    this.#toDrain.add(link);
    this.#openTurn();
  }

  broken(link: Link): void {
    if (this.isDead) return;
    this.verb(
      () => `${link.owner.name} lost`,
      (now) => this.broker.closed(link, now),
    );
    this.#touch(link);
  }

  committed(batch: Batch): void {
    this.#watcher.log?.(`commit ${batch.number} is kept`);
    this.#alive(batch);
    for (const link of batch.links) link.flush(batch.number);
    this.#read(batch.fetches);
  }

  storeState(state: "ready" | "refusing"): void {
    this.verb(
      () => `the store is ${state}`,
      (now) => this.broker.storeState(state, now),
    );
  }

  #openTurn(): void {
    if (this.#isTurnOpen) return;
    this.#isTurnOpen = true;
    this.#now = this.#agenda.now;
    this.#agenda.after(this.#random.integer(0, this.#settings.turnMillisecondsMax), () => this.#endTurn());
  }

  #endTurn(): void {
    if (this.isDead) return;
    for (const link of take(this.#toDrain)) {
      if (link.isOpen)
        this.verb(
          () => `${link.owner.name} drained`,
          (now) => this.broker.drained(link, now),
        );
    }
    for (const link of take(this.#toRead)) this.readable(link);
    this.#read(this.#fetches.splice(0));
    this.#commits.commit();
    for (const link of take(this.#touched)) link.flush(this.#commits.settled);
    this.#isTurnOpen = false;
    if (this.#toDrain.size > 0 || this.#toRead.size > 0) this.#openTurn();
    this.#arm();
  }

  #arm(): void {
    if (this.#wake !== undefined) this.#agenda.cancel(this.#wake);
    this.#wake = undefined;
    const deadline = this.broker.nextDeadline();
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#wake = this.#agenda.at(deadline, () => {
      if (this.isDead) return;
      this.#wake = undefined;
      this.#openTurn();
      if (this.broker.nextDeadline() <= this.#now)
        this.verb(
          () => "elapsed",
          (now) => this.broker.elapsed(now),
        );
    });
  }

  /** Does what was recorded up to now. */
  #obey(): void {
    for (const record of this.#outbox.take()) {
      this.#records.push(record);
      switch (record.verb) {
        case "send":
        case "deliver":
          this.#send(record.connection as Link, record.packet, record.bytes.length, 0);
          break;
        case "sendAfterCommit":
        case "deliverAfterCommit":
          this.#send(
            record.connection as Link,
            record.packet,
            record.bytes.length,
            this.#await(record.connection as Link),
          );
          break;
        case "persist":
          this.#commits.collecting.mutations.push(record.mutation);
          this.#watcher.log?.(`  persist ${this.#commits.collecting.number} ${mutationLine(record.mutation)}`);
          break;
        case "fetch":
          this.#fetch({ owner: record.owner, numbers: record.numbers });
          break;
        case "authenticate":
          this.#authenticate(record.connection as Link, record.request);
          break;
        case "confirmAfterCommit":
          break;
        case "pause":
          (record.connection as Link).hold();
          break;
        case "resume":
          (record.connection as Link).isHeld = false;
          this.#toRead.add(record.connection as Link);
          break;
        case "close":
          this.#close(record.connection as Link);
          break;
        case "observe":
          this.#watcher.observed(record.observation);
          break;
      }
    }
  }

  #send(link: Link, packet: Packet, bytes: number, commit: number): void {
    if (!link.isOpen)
      throw new Violation(`${link.owner.name} is sent ${packetLine(packet)} after its end`, link.owner.name);
    this.#watcher.log?.(`  ${link.owner.name} < ${packetLine(packet)}${commit > 0 ? ` after ${commit}` : ""}`);
    this.#watcher.sending(link, packet, this.#now);
    link.queue(packet, bytes, commit);
    this.#touch(link);
  }

  #close(link: Link): void {
    if (!link.isOpen) throw new Violation(`${link.owner.name} is closed after its end`, link.owner.name);
    this.#watcher.log?.(`  ${link.owner.name} closed by the server`);
    link.close();
    this.#touch(link);
  }

  #touch(link: Link): void {
    this.#touched.add(link);
    this.#openTurn();
  }

  #fetch(fetch: Fetch): void {
    const batch = this.#commits.awaited();
    if (batch === undefined) this.#fetches.push(fetch);
    else batch.fetches.push(fetch);
  }

  #read(fetches: readonly Fetch[]): void {
    for (const { owner, numbers } of fetches) {
      this.#store.read(numbers, (messages) => {
        this.verb(
          () => `fetched ${owner}: ${numbers.join(" ")}`,
          (now) => this.broker.fetched(owner, messages, now),
        );
      });
    }
  }

  #authenticate(link: Link, request: AuthenticationRequest): void {
    const principal = { tenant: 0, name: "", roles: [], clientId: request.clientId };
    this.#agenda.after(this.#random.integer(0, this.#settings.verdictMillisecondsMax), () => {
      if (this.isDead || !link.isOpen) return;
      this.verb(
        () => `${link.owner.name} is itself`,
        (now) => this.broker.verdict(link, { kind: "accept", principal, authenticationData: undefined }, now),
      );
    });
  }

  #await(link: Link): number {
    const batch = this.#commits.awaited();
    batch?.links.add(link);
    return batch?.number ?? 0;
  }

  #alive(batch: Batch): void {
    for (const mutation of batch.mutations) if (mutation.kind === "alive") this.aliveAt = mutation.at;
  }
}

function take<T>(items: Set<T>): T[] {
  const taken = [...items];
  items.clear();
  return taken;
}
