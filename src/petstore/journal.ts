import type { Logger } from "pino";
import { noAcknowledgementProperties } from "../mqtt/acknowledgement.ts";
import { noConnectProperties } from "../mqtt/connect.ts";
import { noDisconnectProperties } from "../mqtt/disconnect.ts";
import { receiveMaximumDefault } from "../mqtt/limits.ts";
import { type Connack, noSubscriptionIdentifiers, type Packet, type Publish, type Pubrec } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import { pingreq } from "../mqtt/ping.ts";
import { noPublishProperties } from "../mqtt/publish-properties.ts";
import { isFailure, ReasonCode, reasonCodeName } from "../mqtt/reason-code.ts";
import type { LocalConnection, PacketReceiver } from "../server/local-connection.ts";
import type { JournalBook, JournalRow } from "./journal-book.ts";

/** Keeps what the journal has learned. */
export interface JournalKeeper {
  /** The server has it. Durable when it resolves. */
  received(row: JournalRow): Promise<void>;
  /** It is done with; when that is kept does not matter. */
  done(row: JournalRow): void;
}

/** The server's end. */
export type JournalConnection = Pick<LocalConnection, "send" | "close" | "unreleased">;

/** What a journal is made of. */
export interface JournalOptions {
  readonly book: JournalBook;
  readonly keeper: JournalKeeper;
  /** Opens a Network Connection to the server; throws when it is closed. */
  readonly open: (receiver: PacketReceiver) => JournalConnection;
  readonly log: Logger;
  /** How long it waits after a refusal or the end of a connection. */
  readonly retryMilliseconds: number;
}

/** Its Session is there after a restart of the process, however long it takes, within the server's bound. */
const journalClientId = "petstore-journal";
const sessionForEver = 0xffffffff;

/** What the server may say differently later. */
const passingReasonCodes: ReadonlySet<ReasonCode> = new Set([ReasonCode.QuotaExceeded, ReasonCode.UnspecifiedError]);

/**
 * Publishes what stands in the book: a QoS 2 sender (§4.3.3) whose memory is on disk. An event goes out with the Packet
 * Identifier of its row, and again with DUP until PUBREC is there; then that is kept, and only then PUBREL is sent. So
 * whenever the process ends, the server knows what it has, and the event is published exactly once.
 */
export class Journal {
  readonly #options: JournalOptions;
  #connection: JournalConnection | undefined = undefined;
  #isConnected = false;
  #hasRoom = true;
  #receiveMaximum = 0;
  /** Packet Identifiers that count against Receive Maximum. */
  readonly #inFlight: Set<number> = new Set();
  #retry: NodeJS.Timeout | undefined = undefined;
  #keepAlive: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Connects, and again whenever the connection has ended. */
  start(): void {
    if (!this.#isStopped) this.#open();
  }

  /** Sends what may be sent; call it when events were kept. */
  pump(): void {
    const { book } = this.#options;
    while (this.#isConnected && this.#hasRoom && this.#retry === undefined) {
      if (this.#inFlight.size >= this.#receiveMaximum) return;
      const next = book.next();
      if (next === undefined) return;
      this.#inFlight.add(next.row.packetIdentifier);
      this.#send(publishOf(next.row, next.dup));
    }
  }

  /** Sends nothing more. What was not published is, after the next start. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#isConnected) {
      connection.send({ type: PacketType.Disconnect, reasonCode: 0, properties: noDisconnectProperties });
    }
    connection.close();
    this.#lost();
  }

  #open(): void {
    let own: JournalConnection | undefined;
    const isOwn = (): boolean => own !== undefined && own === this.#connection;
    try {
      own = this.#options.open({
        received: (packet) => {
          if (isOwn()) this.#received(packet);
        },
        drained: () => {
          if (!isOwn()) return;
          this.#hasRoom = true;
          this.pump();
        },
        closed: () => {
          if (!isOwn()) return;
          this.#lost();
          this.#openLater();
        },
      });
    } catch {
      // The server is closed: nothing is left to do in this life.
      return;
    }
    this.#connection = own;
    this.#hasRoom = true;
    this.#send(connect);
  }

  #lost(): void {
    clearInterval(this.#keepAlive);
    this.#connection = undefined;
    this.#isConnected = false;
    this.#inFlight.clear();
  }

  #openLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.start();
    }, this.#options.retryMilliseconds);
  }

  #received(packet: Packet): void {
    switch (packet.type) {
      case PacketType.Connack:
        this.#connack(packet);
        return;
      case PacketType.Pubrec:
        this.#pubrec(packet);
        return;
      case PacketType.Pubcomp:
        this.#pubcomp(packet.packetIdentifier);
        return;
      case PacketType.Disconnect:
        this.#options.log.warn(`the event journal was sent away: ${reasonCodeName(packet.reasonCode)}`);
    }
  }

  #connack({ reasonCode, properties }: Connack): void {
    const { book, log } = this.#options;
    if (isFailure(reasonCode)) {
      log.error(`the event journal cannot connect: ${properties.reasonString ?? reasonCodeName(reasonCode)}`);
      return;
    }
    this.#isConnected = true;
    this.#receiveMaximum = properties.receiveMaximum ?? receiveMaximumDefault;
    const seconds = properties.serverKeepAliveSeconds ?? 0;
    // [MQTT-3.2.2-21]
    if (seconds > 0) this.#keepAlive = setInterval(() => this.#send(pingreq), seconds * 500).unref();
    // Before any PUBLISH that may have one of these Packet Identifiers.
    for (const packetIdentifier of book.releases(this.#connection?.unreleased ?? [])) this.#release(packetIdentifier);
    book.restart();
    this.pump();
  }

  #pubrec({ packetIdentifier, reasonCode, properties }: Pubrec): void {
    const { book, keeper, log } = this.#options;
    if (!isFailure(reasonCode)) {
      const row = book.received(packetIdentifier);
      if (row !== undefined) keeper.received(row).then(() => this.#keptReceived(row), noMatter);
      this.pump();
      return;
    }
    this.#inFlight.delete(packetIdentifier);
    const why = properties.reasonString ?? reasonCodeName(reasonCode);
    if (passingReasonCodes.has(reasonCode)) {
      const row = book.putBack(packetIdentifier);
      log.warn(`the server does not take an event at ${row?.topicName} now: ${why}`);
      this.#pause();
      return;
    }
    const row = book.dropped(packetIdentifier);
    if (row === undefined) return;
    log.error(`the server does not take an event at ${row.topicName}, it is lost for its subscribers: ${why}`);
    keeper.done(row);
    this.pump();
  }

  /** Also on another connection than that of PUBREC. */
  #keptReceived(row: JournalRow): void {
    this.#options.book.released(row);
    if (this.#isConnected) this.#release(row.packetIdentifier);
  }

  #pubcomp(packetIdentifier: number): void {
    const row = this.#options.book.completed(packetIdentifier);
    if (row === undefined) return;
    this.#inFlight.delete(packetIdentifier);
    this.#options.keeper.done(row);
    this.pump();
  }

  #pause(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.pump();
    }, this.#options.retryMilliseconds);
  }

  #release(packetIdentifier: number): void {
    const properties = noAcknowledgementProperties;
    this.#send({ type: PacketType.Pubrel, packetIdentifier, reasonCode: ReasonCode.Success, properties });
  }

  #send(packet: Packet): void {
    this.#hasRoom = this.#connection?.send(packet) !== false && this.#hasRoom;
  }
}

/** The store could not keep it, and has said so. */
function noMatter(): void {}

const connect: Packet = {
  type: PacketType.Connect,
  protocolVersion: ProtocolVersion.V5,
  cleanStart: false,
  keepAliveSeconds: 0,
  clientId: journalClientId,
  will: undefined,
  userName: undefined,
  password: undefined,
  properties: { ...noConnectProperties, sessionExpiryIntervalSeconds: sessionForEver },
};

const jsonProperties = { ...noPublishProperties, payloadFormatIndicator: 1, contentType: "application/json" } as const;

function publishOf({ packetIdentifier, topicName, payload, retain }: JournalRow, dup: boolean): Publish {
  return {
    type: PacketType.Publish,
    // [MQTT-3.3.1-1]
    dup,
    qos: 2,
    retain,
    topicName,
    packetIdentifier,
    topicAlias: undefined,
    subscriptionIdentifiers: noSubscriptionIdentifiers,
    properties: payload === "" ? noPublishProperties : jsonProperties,
    payload: Buffer.from(payload),
  };
}
