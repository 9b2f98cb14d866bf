import type { Broker } from "../broker/broker.ts";
import { Connection } from "../broker/connection.ts";
import { createBroker } from "../broker/create-broker.ts";
import { decode } from "../mqtt/codec.ts";
import { Framer } from "../mqtt/framer.ts";
import { parsePacket } from "../mqtt/notation.ts";
import type { Packet } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { Message } from "../session/message.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { brokenPromise } from "./promise-check.ts";
import { type OutboxRecord, RecordingOutbox } from "./recording-outbox.ts";
import type { ServerVerb } from "./scenario.ts";
import type { Received, Stage } from "./scenario-run.ts";
import { policyOf, type ScenarioSettings, verdictOf } from "./scenario-settings.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** One Client's end of a connection to the core. */
interface Client {
  readonly name: string;
  readonly connection: Connection;
  readonly framer: Framer;
  readonly received: Received[];
  /** The core wants nothing of it for now. */
  isPaused: boolean;
  /** It does not take what it is sent. */
  isStalled: boolean;
  /** It sent DISCONNECT or dropped: its end is no surprise. */
  isLeaving: boolean;
  isEnded: boolean;
}

/**
 * Plays scenarios on the pure core: bytes in, bytes out, time that passes when it is told to, commits that are kept at
 * once in the reference store. Deterministic, and a week takes a millisecond.
 */
export class CoreStage implements Stage {
  readonly #settings: ScenarioSettings;
  readonly #clock = new VirtualClock();
  readonly #outbox: RecordingOutbox;
  readonly #store = createMemoryStore();
  #broker: Broker;
  readonly #clients = new Map<string, Client>();
  readonly #clientOf = new Map<Connection, Client>();
  #uniqueIds = 0;

  constructor(settings: ScenarioSettings) {
    this.#settings = settings;
    this.#outbox = new RecordingOutbox();
    this.#outbox.hasRoom = (connection) => this.#clientOf.get(connection)?.isStalled !== true;
    this.#broker = this.#createBroker();
  }

  #createBroker(): Broker {
    const settings = this.#settings;
    return createBroker({
      outbox: this.#outbox,
      policy: policyOf(settings),
      limits: settings.limits,
      capabilities: settings.capabilities,
      queueOverflow: settings.queueOverflow,
      uniqueId: () => `unique-${++this.#uniqueIds}`,
      responseInformation: settings.responseInformation,
    });
  }

  /** The broker that runs now: its counters, its next deadline. */
  get broker(): Broker {
    return this.#broker;
  }

  async open(name: string): Promise<void> {
    const before = this.#clients.get(name);
    if (before !== undefined) this.#clientOf.delete(before.connection);
    const client: Client = {
      name,
      connection: new Connection(),
      framer: new Framer(this.#settings.limits.packetBytesMax),
      received: [],
      isPaused: false,
      isStalled: false,
      isLeaving: false,
      isEnded: false,
    };
    this.#clients.set(name, client);
    this.#clientOf.set(client.connection, client);
    this.#broker.opened(client.connection, this.#clock.now);
    await this.#settle();
  }

  isOpen(name: string): boolean {
    return this.#clients.get(name)?.isEnded === false;
  }

  speaks(): void {}

  async send(name: string, bytes: Uint8Array): Promise<void> {
    const client = this.#client(name);
    client.framer.push(Buffer.from(bytes));
    await this.#settle();
  }

  async next(name: string): Promise<Received | undefined> {
    return this.#client(name).received.shift();
  }

  async unexpected(): Promise<{ readonly name: string; readonly received: Received } | undefined> {
    for (const { name, received, isLeaving } of this.#clients.values()) {
      const next = received.find(({ kind }) => kind === "packet" || !isLeaving);
      if (next !== undefined) return { name, received: next };
    }
    return undefined;
  }

  async leave(name: string): Promise<void> {
    const client = this.#client(name);
    client.isLeaving = true;
    if (!client.isEnded) await this.drop(name);
  }

  async drop(name: string): Promise<void> {
    const client = this.#client(name);
    client.isLeaving = true;
    client.isEnded = true;
    client.received.push({ kind: "closed" });
    this.#broker.closed(client.connection, this.#clock.now);
    await this.#settle();
  }

  async wait(milliseconds: number): Promise<void> {
    await this.#clock.advance(milliseconds, this.#broker, () => this.#settle());
  }

  async room(name: string, hasRoom: boolean): Promise<void> {
    const client = this.#client(name);
    client.isStalled = !hasRoom;
    if (hasRoom) this.#broker.drained(client.connection, this.#clock.now);
    await this.#settle();
  }

  async server(verb: ServerVerb, argument: string | undefined): Promise<void> {
    const { now } = this.#clock;
    switch (verb) {
      case "drains":
        this.#broker.drain(argument === undefined ? undefined : (JSON.parse(argument) as string), now);
        break;
      case "disconnects":
        this.#broker.disconnect(
          0,
          JSON.parse(argument ?? "") as string,
          ReasonCode.AdministrativeAction,
          undefined,
          now,
        );
        break;
      case "publishes":
        this.#broker.publish(undefined, messageOf(parsePacket(argument ?? ""), now), undefined, now);
        break;
      case "refuses":
        this.#broker.storeState("refusing", now);
        break;
      case "accepts":
        this.#broker.storeState("ready", now);
        break;
      case "restarts":
        await this.#restart();
        break;
    }
    await this.#settle();
  }

  /** The process dies without a word; the next one knows what the store kept. */
  async #restart(): Promise<void> {
    for (const client of this.#clients.values()) {
      client.isLeaving = true;
      client.isEnded = true;
    }
    this.#broker = this.#createBroker();
    for await (const rows of this.#store.load()) this.#broker.recover(rows);
    this.#broker.recovered(this.#clock.now);
  }

  #client(name: string): Client {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`${name} never sent anything`);
    return client;
  }

  /** Does what the core said until it says nothing more. */
  async #settle(): Promise<void> {
    do {
      const records = this.#outbox.take();
      const broken = brokenPromise(records);
      if (broken !== undefined) throw new Error(broken);
      for (const record of records) await this.#obey(record);
    } while (this.#outbox.records.length > 0 || this.#readOne() || this.#elapseNow());
  }

  /** Long work goes on at once, in slices; whether there was any. */
  #elapseNow(): boolean {
    const { now } = this.#clock;
    if (this.#broker.nextDeadline() > now) return false;
    this.#broker.elapsed(now);
    return true;
  }

  async #obey(record: OutboxRecord): Promise<void> {
    const { now } = this.#clock;
    switch (record.verb) {
      case "send":
      case "sendAfterCommit":
      case "deliver":
      case "deliverAfterCommit":
        this.#arrives(record.connection, { kind: "packet", packet: record.packet });
        break;
      case "close":
        this.#arrives(record.connection, { kind: "closed" });
        (this.#clientOf.get(record.connection) as Client).isEnded = true;
        break;
      case "persist":
        await this.#store.commit([record.mutation]);
        break;
      case "fetch":
        this.#broker.fetched(record.owner, await this.#store.read(record.numbers), now);
        break;
      case "authenticate":
        this.#broker.verdict(record.connection, verdictOf(this.#settings, record.request), now);
        break;
      case "confirmAfterCommit":
        record.ticket.settled(record.reasonCode);
        break;
      case "pause":
      case "resume":
        (this.#clientOf.get(record.connection) as Client).isPaused = record.verb === "pause";
        break;
      case "observe":
        break;
    }
  }

  #arrives(connection: Connection, received: Received): void {
    const client = this.#clientOf.get(connection) as Client;
    const what = received.kind === "closed" ? "closed again" : "sent a packet";
    if (client.isEnded) throw new Error(`${client.name} was ${what} after the end of its Network Connection`);
    client.received.push(received);
  }

  /** Hands in one packet of a connection that is read and has one; whether there was one. */
  #readOne(): boolean {
    for (const client of this.#clientOf.values()) {
      if (client.isPaused || client.isEnded) continue;
      try {
        if (!client.framer.next()) continue;
        const packet = decode(client.framer.firstByte, client.framer.reader, client.connection.protocolVersion);
        this.#broker.received(client.connection, packet, this.#clock.now);
      } catch (error) {
        // Anything else is a bug of ours, which no answer may hide.
        if (!(error instanceof ProtocolError)) throw error;
        this.#broker.failed(client.connection, error, this.#clock.now);
      }
      return true;
    }
    return false;
  }
}

function messageOf(packet: Packet, now: number): Message {
  if (packet.type !== PacketType.Publish) throw new Error("server publishes a PUBLISH");
  const { topicName, payload, qos, retain, properties } = packet;
  const expiry = properties.messageExpiryIntervalSeconds;
  return {
    topicName,
    payload,
    qos,
    retain,
    properties,
    expiresAt: expiry === undefined ? Number.POSITIVE_INFINITY : now + expiry * 1_000,
  };
}
