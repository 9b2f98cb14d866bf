import type { PublishProperties } from "../mqtt/packet.ts";
import type { QoS } from "../mqtt/packet-type.ts";
import type { DisconnectReasonCode, ReasonCode } from "../mqtt/reason-code.ts";

/** Who a Client inside the process is, to policies and access rules, and whose its Session is. */
export interface Identity {
  /** The account's name. */
  readonly name: string;
  readonly roles?: readonly string[];
}

/** An Application Message to be published. */
export interface OutgoingMessage {
  readonly topicName: string;
  /** Text is sent as UTF-8. Bytes must stay as they are until the promise is settled. Empty when it is left out. */
  readonly payload?: Uint8Array | string;
  /** 0 when it is left out. */
  readonly qos?: QoS;
  readonly retain?: boolean;
  /** PUBLISH Properties (§3.3.2.3). */
  readonly properties?: Partial<PublishProperties>;
}

/** An Application Message that came. */
export interface IncomingMessage {
  readonly topicName: string;
  readonly payload: Uint8Array;
  /** The payload as UTF-8 text. */
  text(): string;
  readonly qos: QoS;
  /** It was retained when the subscription was made, or is sent on as published with Retain As Published. */
  readonly retain: boolean;
  /** It may have come before. */
  readonly dup: boolean;
  readonly properties: PublishProperties;
}

/**
 * Is given one message after another; the next comes when what it returned is settled, and only then a message of QoS 1
 * or 2 is acknowledged. An error in it ends the Client.
 */
export type MessageHandler = (message: IncomingMessage) => void | Promise<void>;

/** The Will of a Client (§3.1.2.5). */
export interface OutgoingWill extends OutgoingMessage {
  /** Will Delay Interval (§3.1.3.2.2). */
  readonly delayIntervalSeconds?: number;
}

/** How a Client inside the process connects. */
export interface ConnectOptions {
  /** Assigned by the Server when it is left out. */
  readonly clientId?: string;
  /** Nobody with no roles when it is left out. */
  readonly principal?: Identity;
  /** Whether to begin anew; true when it is left out, unless there is a `sessionExpirySeconds`. */
  readonly cleanStart?: boolean;
  /** How long the Session outlives the Client (§3.1.2.11.2); 0 when it is left out. */
  readonly sessionExpirySeconds?: number;
  readonly will?: OutgoingWill;
  /** How many messages of QoS 1 and 2 may be in the program's hands before one is acknowledged (§3.1.2.11.3). */
  readonly receiveMaximum?: number;
  /** Gets what no subscription made by this Client takes, such as the queue of an old Session. Without it they wait. */
  readonly onMessage?: MessageHandler;
}

/** Subscription Options (§3.8.3.1). */
export interface SubscribeOptions {
  /** The highest QoS wanted; 0 when it is left out. */
  readonly qos?: QoS;
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: 0 | 1 | 2;
}

/** A subscription with a handler. */
export interface Subscription {
  readonly topicFilter: string;
  readonly grantedQoS: QoS;
}

/**
 * A subscription whose messages are asked for: `for await (const message of stream)`. A message counts as dealt with when
 * the next is asked for. Leaving the loop unsubscribes. It ends when the Client ends.
 */
export interface MessageStream extends Subscription, AsyncIterableIterator<IncomingMessage> {
  return(): Promise<IteratorResult<IncomingMessage>>;
}

/** A Client inside the process: no socket, no TLS, no bytes; everything else is as for any Client. */
export interface Client {
  readonly clientId: string;
  /** Whether the Server had a Session to go on with (§3.2.2.1.1). */
  readonly sessionPresent: boolean;
  /**
   * Publishes. Resolves with the Reason Code that the Server gave: 0x00, 0x10 No matching subscribers, or a refusal from
   * 0x80 on; at QoS 0 with 0x00 once there is room for more. 0x97 when 65,535 wait already; when the Client ended before
   * the answer, with the Reason Code of its end.
   * @throws (rejects) ProtocolError for what is no PUBLISH
   */
  publish(message: OutgoingMessage): Promise<ReasonCode>;
  /**
   * Subscribes, with a handler or, without one, to a stream. Messages are given in their order, one at a time.
   * @throws (rejects) RefusedError with the Reason Code of SUBACK, ProtocolError for what is no Topic Filter
   */
  subscribe(topicFilter: string, handler: MessageHandler, options?: SubscribeOptions): Promise<Subscription>;
  subscribe(topicFilter: string, options?: SubscribeOptions): Promise<MessageStream>;
  /** Unsubscribes. Resolves with 0x00, 0x11 No subscription existed, or a refusal. */
  unsubscribe(topicFilter: string): Promise<ReasonCode>;
  /**
   * Ends it when everything published is answered. What the program has in its hands counts as dealt with. With
   * `publishWill` the Will is published (DISCONNECT 0x04).
   */
  end(options?: { readonly publishWill?: boolean }): Promise<void>;
  /** Settled when it is over, with the Reason Code why; rejected with what a handler threw. */
  readonly closed: Promise<DisconnectReasonCode>;
}

/** The Server said no. */
export class RefusedError extends Error {
  /** From 0x80 on. */
  readonly reasonCode: ReasonCode;

  constructor(message: string, reasonCode: ReasonCode) {
    super(message);
    this.name = "RefusedError";
    this.reasonCode = reasonCode;
  }
}
