import type { Logger } from "pino";
import { noConnectProperties } from "../mqtt/connect.ts";
import { noDisconnectProperties } from "../mqtt/disconnect.ts";
import { receiveMaximumDefault } from "../mqtt/limits.ts";
import { type Connack, type Connect, noUserProperties, type Packet } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "../mqtt/packet-type.ts";
import { pingreq } from "../mqtt/ping.ts";
import { type DisconnectReasonCode, isFailure, ReasonCode, reasonCodeName } from "../mqtt/reason-code.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import { type Arrival, ClientInbox } from "./client-inbox.ts";
import { ClientSender } from "./client-sender.ts";
import { type Deferred, defer } from "./deferred.ts";
import {
  type Client,
  type ConnectOptions,
  type IncomingMessage,
  type MessageHandler,
  type MessageStream,
  type OutgoingMessage,
  RefusedError,
  type SubscribeOptions,
  type Subscription,
} from "./in-process.ts";
import type { LocalConnection, PacketReceiver } from "./local-connection.ts";
import { HandlerTaker, type MessageTaker, StreamTaker, type TakerOwner } from "./message-taker.ts";
import { publishOf, willOf } from "./outgoing-message.ts";

/** Opens a Network Connection inside the process. */
export type OpenConnection = (receiver: PacketReceiver) => LocalConnection;

/**
 * Connects a Client inside the process.
 * @throws (rejects) RefusedError with the Reason Code of CONNACK
 */
export async function connectInside(
  open: OpenConnection,
  options: ConnectOptions,
  log: Logger,
): Promise<InProcessClient> {
  const client = new InProcessClient(open, options, log);
  await client.connected;
  return client;
}

/** A Client over packets; what it promises is in `Client`. */
export class InProcessClient implements Client {
  readonly #connection: LocalConnection;
  readonly #log: Logger;
  readonly #sender: ClientSender = new ClientSender((packet) => this.#connection.send(packet));
  readonly #inbox: ClientInbox;
  readonly #takerOwner: TakerOwner = {
    done: (arrival: Arrival) => this.#inbox.done(arrival),
    failed: (error: unknown) => this.#handlerFailed(error),
  };
  readonly #connected: Deferred<void> = defer();
  readonly #closed: Deferred<DisconnectReasonCode> = defer();
  #clientId: string;
  #sessionPresent = false;
  #isEnding = false;
  #reasonCode: DisconnectReasonCode = ReasonCode.Success;
  #failure: { readonly error: unknown } | undefined = undefined;
  #keepAlive: NodeJS.Timeout | undefined = undefined;

  constructor(open: OpenConnection, options: ConnectOptions, log: Logger) {
    const { onMessage } = options;
    this.#log = log;
    this.#clientId = options.clientId ?? "";
    this.#inbox = new ClientInbox(
      {
        send: (packet) => this.#send(packet),
        consumed: (publish) => this.#connection.consumed(publish),
        unclaimed: (topicName) => this.#sayUnclaimed(topicName),
      },
      onMessage === undefined ? undefined : new HandlerTaker("#", "#", onMessage, this.#takerOwner),
    );
    this.#connection = open({
      received: (packet) => this.#received(packet),
      drained: () => this.#sender.drained(),
      closed: () => this.#over(),
    });
    try {
      this.#connection.send(connectOf(options));
    } catch (error) {
      // Whoever asked hears it from here.
      this.#connected.promise.catch(() => {});
      this.#connection.close();
      throw error;
    }
  }

  /** Rejected with RefusedError when CONNACK says no. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  get clientId(): string {
    return this.#clientId;
  }

  get sessionPresent(): boolean {
    return this.#sessionPresent;
  }

  get closed(): Promise<DisconnectReasonCode> {
    return this.#closed.promise;
  }

  async publish(message: OutgoingMessage): Promise<ReasonCode> {
    this.#checkOpen();
    return await this.#sender.publish(publishOf(message, 0));
  }

  subscribe(topicFilter: string, handler: MessageHandler, options?: SubscribeOptions): Promise<Subscription>;
  subscribe(topicFilter: string, options?: SubscribeOptions): Promise<MessageStream>;
  async subscribe(
    topicFilter: string,
    handlerOrOptions: MessageHandler | SubscribeOptions = {},
    options: SubscribeOptions = {},
  ): Promise<Subscription | MessageStream> {
    this.#checkOpen();
    const matchedFilter = parseTopicFilter(topicFilter).topicFilter;
    if (typeof handlerOrOptions === "function") {
      const taker = new HandlerTaker(topicFilter, matchedFilter, handlerOrOptions, this.#takerOwner);
      return { topicFilter, grantedQoS: await this.#subscribe(taker, options) };
    }
    const taker = new StreamTaker(topicFilter, matchedFilter, this.#takerOwner);
    return streamOf(taker, await this.#subscribe(taker, handlerOrOptions), () => this.#leave(taker));
  }

  async unsubscribe(topicFilter: string): Promise<ReasonCode> {
    this.#checkOpen();
    const taker = this.#inbox.taker(topicFilter);
    const answer = await this.#sender.request((packetIdentifier) => ({
      type: PacketType.Unsubscribe,
      packetIdentifier,
      topicFilters: [topicFilter],
      userProperties: noUserProperties,
    }));
    const reasonCode = answer?.reasonCodes[0] ?? ReasonCode.UnspecifiedError;
    if (taker !== undefined && !isFailure(reasonCode)) this.#inbox.remove(taker);
    return reasonCode;
  }

  async end({ publishWill = false }: { readonly publishWill?: boolean } = {}): Promise<void> {
    if (!this.#isEnding) {
      this.#isEnding = true;
      this.#inbox.letGo();
      await this.#sender.idle();
      this.#disconnect(publishWill ? ReasonCode.DisconnectWithWillMessage : ReasonCode.Success);
    }
    await this.closed;
  }

  /** The Server is about to close: no message is handed out any more. Resolves when the program has none in its hands. */
  settle(): Promise<void> {
    return this.#inbox.settle();
  }

  async #subscribe(taker: MessageTaker, options: SubscribeOptions): Promise<QoS> {
    const { topicFilter } = taker;
    // Before the answer: messages may come with it.
    this.#inbox.add(taker);
    try {
      const answer = await this.#sender.request((packetIdentifier) =>
        subscribeOf(topicFilter, options, packetIdentifier),
      );
      const reasonCode = answer?.reasonCodes[0] ?? ReasonCode.UnspecifiedError;
      if (!isFailure(reasonCode)) return reasonCode as QoS;
      const why = answer?.properties.reasonString ?? reasonCodeName(reasonCode);
      throw new RefusedError(`no subscription to ${topicFilter}: ${why}`, reasonCode);
    } catch (error) {
      this.#inbox.giveBack(taker);
      throw error;
    }
  }

  /** Nobody asks this stream any more. */
  async #leave(taker: StreamTaker): Promise<void> {
    if (this.#isOver() || this.#isEnding || this.#inbox.taker(taker.topicFilter) !== taker) this.#inbox.remove(taker);
    else await this.unsubscribe(taker.topicFilter);
  }

  #received(packet: Packet): void {
    switch (packet.type) {
      case PacketType.Publish:
        this.#inbox.received(packet);
        return;
      case PacketType.Pubrel:
        this.#inbox.released(packet.packetIdentifier);
        return;
      case PacketType.Connack:
        this.#connack(packet);
        return;
      case PacketType.Disconnect:
        this.#reasonCode = packet.reasonCode;
        return;
      default:
        this.#sender.answered(packet);
    }
  }

  #connack({ reasonCode, sessionPresent, properties }: Connack): void {
    if (isFailure(reasonCode)) {
      this.#connected.reject(
        new RefusedError(`no connection: ${properties.reasonString ?? reasonCodeName(reasonCode)}`, reasonCode),
      );
      return;
    }
    this.#clientId = properties.assignedClientId ?? this.#clientId;
    this.#sessionPresent = sessionPresent;
    const seconds = properties.serverKeepAliveSeconds ?? 0;
    // [MQTT-3.2.2-21]
    if (seconds > 0) this.#keepAlive = setInterval(() => this.#send(pingreq), seconds * 500).unref();
    // Nobody knows any more what an earlier life of this Session had under way; its identifiers are needed again.
    for (const packetIdentifier of this.#connection.unreleased) this.#sender.release(packetIdentifier);
    this.#sender.start(properties.receiveMaximum ?? receiveMaximumDefault);
    this.#connected.resolve();
  }

  #send(packet: Packet): void {
    if (!this.#isOver()) this.#connection.send(packet);
  }

  #disconnect(reasonCode: DisconnectReasonCode): void {
    if (this.#isOver()) return;
    this.#reasonCode = reasonCode;
    this.#connection.send({ type: PacketType.Disconnect, reasonCode, properties: noDisconnectProperties });
    this.#connection.close();
  }

  #handlerFailed(error: unknown): void {
    this.#failure ??= { error };
    this.#isEnding = true;
    this.#disconnect(ReasonCode.UnspecifiedError);
  }

  #over(): void {
    clearInterval(this.#keepAlive);
    this.#connected.reject(new RefusedError("no connection: the server closed it", ReasonCode.UnspecifiedError));
    this.#sender.end(this.#reasonCode);
    this.#inbox.end();
    if (this.#failure === undefined) this.#closed.resolve(this.#reasonCode);
    else this.#closed.reject(this.#failure.error);
  }

  #isOver(): boolean {
    return this.#closed.isSettled();
  }

  #checkOpen(): void {
    if (this.#isOver() || this.#isEnding) throw new Error("the client has ended; connect a new one");
  }

  #sayUnclaimed(topicName: string): void {
    this.#log.warn(
      { clientId: this.#clientId, topicName },
      "a message waits that no subscription of this client takes; subscribe to its topic, or give connect an onMessage",
    );
  }
}

function connectOf(options: ConnectOptions): Connect {
  const { clientId = "", sessionExpirySeconds = 0, cleanStart = sessionExpirySeconds === 0, will } = options;
  return {
    type: PacketType.Connect,
    protocolVersion: ProtocolVersion.V5,
    cleanStart,
    keepAliveSeconds: 0,
    clientId,
    will: will === undefined ? undefined : willOf(will),
    userName: undefined,
    password: undefined,
    properties: {
      ...noConnectProperties,
      sessionExpiryIntervalSeconds: sessionExpirySeconds === 0 ? undefined : sessionExpirySeconds,
      receiveMaximum: options.receiveMaximum,
    },
  };
}

function subscribeOf(topicFilter: string, options: SubscribeOptions, packetIdentifier: number): Packet {
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = options;
  return {
    type: PacketType.Subscribe,
    packetIdentifier,
    subscriptions: [{ topicFilter, qos, noLocal, retainAsPublished, retainHandling }],
    subscriptionIdentifier: undefined,
    userProperties: noUserProperties,
  };
}

function streamOf(taker: StreamTaker, grantedQoS: QoS, leave: () => Promise<void>): MessageStream {
  const stream: MessageStream = {
    topicFilter: taker.topicFilter,
    grantedQoS,
    next: () => taker.next(),
    return: async (): Promise<IteratorResult<IncomingMessage>> => {
      taker.letGo();
      await leave();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
