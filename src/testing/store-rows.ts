import type {
  BindPacketIdentifier,
  KeepMessage,
  PutRetained,
  PutSession,
  PutSubscription,
  PutWill,
  Settle,
  Target,
} from "../broker/mutation.ts";
import { noUserProperties, type PublishProperties } from "../mqtt/packet.ts";
import { type Message, messageBytes } from "../session/message.ts";

/*
 * Mutations for tests of a store: complete rows of which a test says only what it is about.
 */

const noProperties: PublishProperties = {
  payloadFormatIndicator: undefined,
  messageExpiryIntervalSeconds: undefined,
  contentType: undefined,
  responseTopic: undefined,
  correlationData: undefined,
  userProperties: noUserProperties,
};

/** Every Property of a message (§3.3.2.3) with a value. */
export const allProperties: PublishProperties = {
  payloadFormatIndicator: 1,
  messageExpiryIntervalSeconds: 4_294_967_295,
  contentType: "application/json; charset=utf-8",
  responseTopic: "réponse/__proto__",
  correlationData: Uint8Array.of(0, 255, 128, 1),
  userProperties: [
    ["name", "value"],
    ["name", "again"],
    ["", ""],
  ],
};

export function message(replaced: Partial<Message> = {}): Message {
  return {
    topicName: "orders/17/status",
    payload: new TextEncoder().encode("shipped"),
    qos: 1,
    retain: false,
    properties: noProperties,
    expiresAt: Number.POSITIVE_INFINITY,
    ...replaced,
  };
}

/** A target that waits in its owner's queue. */
export function target(owner: number, replaced: Partial<Target> = {}): Target {
  return {
    kind: "session",
    owner,
    qos: 1,
    retain: false,
    subscriptionIdentifiers: [],
    session: 0,
    packetIdentifier: 0,
    stage: "published",
    ...replaced,
  };
}

/** A message for these owners, who all are Sessions with it in their queues. */
export function keepFor(number: number, owners: readonly number[], replaced: Partial<Message> = {}): KeepMessage {
  return { kind: "keepMessage", number, message: message(replaced), targets: owners.map((owner) => target(owner)) };
}

export function bind(
  number: number,
  owner: number,
  replaced: Partial<BindPacketIdentifier> = {},
): BindPacketIdentifier {
  return {
    kind: "bindPacketIdentifier",
    number,
    owner,
    session: owner,
    qos: 1,
    packetIdentifier: 1,
    stage: "published",
    ...replaced,
  };
}

export function session(number: number, replaced: Partial<PutSession> = {}): PutSession {
  return {
    kind: "putSession",
    session: number,
    tenant: 0,
    clientId: `client-${number}`,
    principalName: "alice",
    sessionExpiryIntervalSeconds: 3_600,
    disconnectedAt: 0,
    ...replaced,
  };
}

export function subscription(
  owner: number,
  topicFilter: string,
  replaced: Partial<PutSubscription> = {},
): PutSubscription {
  return {
    kind: "putSubscription",
    session: owner,
    topicFilter,
    subscription: {
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      subscriptionIdentifier: 0,
      isFiltered: false,
    },
    group: 0,
    ...replaced,
  };
}

export function will(owner: number, replaced: Partial<PutWill> = {}): PutWill {
  return {
    kind: "putWill",
    session: owner,
    will: {
      topicName: "clients/gone",
      payload: new TextEncoder().encode("bye"),
      qos: 1,
      retain: true,
      delayIntervalSeconds: 30,
      properties: noProperties,
    },
    dueAt: 0,
    ...replaced,
  };
}

export function retained(topicName: string, stamp: number, replaced: Partial<Message> = {}): PutRetained {
  return { kind: "putRetained", tenant: 0, message: message({ topicName, retain: true, ...replaced }), stamp };
}

export function settle(number: number, owner: number): Settle {
  return { kind: "settle", number, owner };
}

/** What a message of `keepFor` counts for. */
export function bytesOf(replaced: Partial<Message> = {}): number {
  return messageBytes(message(replaced));
}
