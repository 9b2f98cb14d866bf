import type { Will } from "../mqtt/packet.ts";
import type { QoS } from "../mqtt/packet-type.ts";
import type { Message } from "../session/message.ts";
import type { Subscription } from "../session/subscription.ts";

/*
 * Durable changes as data. Each is absolute and repeatable: applying one twice, or deleting what is missing, changes
 * nothing. An `owner` is the number of a durable Session or of a shared group; both come from one counter.
 */

/** How far a message came with one owner. */
export type Stage =
  /** Not acknowledged: waiting, or sent and in flight when it has a Packet Identifier. */
  | "published"
  /** QoS 2: PUBREC came, PUBREL is to be sent or resent. */
  | "received";

/** One owner that a kept message is for. */
export interface Target {
  readonly kind: "session" | "group";
  readonly owner: number;
  /** What it is sent with: the smaller of published and granted; for a group that of the member it is bound to. */
  readonly qos: QoS;
  /** RETAIN flag it is sent with. */
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  /** The Session it is bound to: the owner itself, or the group's member. 0 while nobody was sent it. */
  readonly session: number;
  /** 0 while waiting. */
  readonly packetIdentifier: number;
  readonly stage: Stage;
}

/** One row per message, whatever the fan-out. */
export interface KeepMessage {
  readonly kind: "keepMessage";
  /** Ascending; the order of deliveries. */
  readonly number: number;
  readonly message: Message;
  readonly targets: readonly Target[];
}

/**
 * A message is in flight to a Session: sent for the first time from a queue, or (stage `received`) its PUBREC came, so that
 * from here on only PUBREL is resent [MQTT-4.3.3-6]. With Packet Identifier 0 it is back in its group's queue.
 */
export interface BindPacketIdentifier {
  readonly kind: "bindPacketIdentifier";
  readonly number: number;
  readonly owner: number;
  readonly session: number;
  readonly qos: QoS;
  readonly packetIdentifier: number;
  readonly stage: Stage;
}

/** The owner is done with the message: acknowledged, dropped, expired or refused. */
export interface Settle {
  readonly kind: "settle";
  readonly number: number;
  readonly owner: number;
}

/** Roles and claims of a Principal, as plain data. */
export interface PrincipalRights {
  readonly roles: readonly string[];
  readonly claims: readonly (readonly [name: string, values: readonly string[]])[];
}

/** A durable Session: it outlives its Network Connection (§4.1). */
export interface PutSession {
  readonly kind: "putSession";
  readonly session: number;
  readonly tenant: number;
  readonly clientId: string;
  /** Name of the Principal that it belongs to. */
  readonly principalName: string;
  /** What else decides what it may read while it is away; absent when there is nothing. */
  readonly principalRights?: PrincipalRights;
  /** 0xFFFFFFFF: does not expire. */
  readonly sessionExpiryIntervalSeconds: number;
  /** ms; 0 while its Client is connected. */
  readonly disconnectedAt: number;
}

/** The Session ended, with its subscriptions, queue, received identifiers and Will. */
export interface DeleteSession {
  readonly kind: "deleteSession";
  readonly session: number;
}

/** A shared group lost its last member; what waited for it is settled. */
export interface DeleteGroup {
  readonly kind: "deleteGroup";
  readonly group: number;
}

export interface PutSubscription {
  readonly kind: "putSubscription";
  readonly session: number;
  /** As the Client wrote it, `$share/…` included. */
  readonly topicFilter: string;
  readonly subscription: Subscription;
  /** Number of the shared group; 0 for a plain subscription. */
  readonly group: number;
}

export interface DeleteSubscription {
  readonly kind: "deleteSubscription";
  readonly session: number;
  readonly topicFilter: string;
}

/** QoS 2 as receiver: this identifier was taken and not yet released (§4.3.3). */
export interface KeepReceived {
  readonly kind: "keepReceived";
  readonly session: number;
  readonly packetIdentifier: number;
}

export interface ReleaseReceived {
  readonly kind: "releaseReceived";
  readonly session: number;
  readonly packetIdentifier: number;
}

export interface PutRetained {
  readonly kind: "putRetained";
  readonly tenant: number;
  readonly message: Message;
  /** Orders two writers of one topic; today the message's number. */
  readonly stamp: number;
}

export interface DeleteRetained {
  readonly kind: "deleteRetained";
  readonly tenant: number;
  readonly topicName: string;
}

export interface PutWill {
  readonly kind: "putWill";
  readonly session: number;
  readonly will: Will;
  /** ms when it is to be published; 0 while its Client is connected. */
  readonly dueAt: number;
}

export interface DeleteWill {
  readonly kind: "deleteWill";
  readonly session: number;
}

/** The process was alive: after a crash this is when those that were online disconnected. */
export interface Alive {
  readonly kind: "alive";
  readonly at: number;
}

export type Mutation =
  | KeepMessage
  | BindPacketIdentifier
  | Settle
  | PutSession
  | DeleteSession
  | DeleteGroup
  | PutSubscription
  | DeleteSubscription
  | KeepReceived
  | ReleaseReceived
  | PutRetained
  | DeleteRetained
  | PutWill
  | DeleteWill
  | Alive;

/** A kept message at start: everything but its body, and only the targets that are not settled. */
export interface QueuedMessage {
  readonly kind: "queuedMessage";
  readonly number: number;
  /** As `messageBytes` counts. */
  readonly bytes: number;
  readonly targets: readonly Target[];
}

/** The counters, first of all that is recovered: they never start again, also when everything was settled. */
export interface RecoveredCounters {
  readonly kind: "counters";
  readonly lastNumber: number;
  readonly lastOwner: number;
}

/** What a store gives back at start: the state as the mutations that would make it, messages without their bodies. */
export type Recovered = Exclude<Mutation, KeepMessage> | QueuedMessage | RecoveredCounters;
