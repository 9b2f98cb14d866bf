/**
 * Everything has a limit, the limit has a name, and passing it has a Reason Code. The same names are keys under `limits:`
 * in the configuration file.
 */
export interface Limits {
  readonly receiveMaximum: number;
  readonly inFlightMax: number;
  readonly topicAliasMaximum: number;
  readonly packetBytesMax: number;
  readonly connectBytesMax: number;
  readonly incompleteBytesMax: number;
  readonly linkBytesMax: number;
  readonly unsentBytesMax: number;
  readonly queueMessagesMax: number;
  readonly queueBytesMax: number;
  readonly queuedBytesMax: number;
  readonly subscriptionsMax: number;
  readonly subscriptionBytesPerSessionMax: number;
  readonly subscriptionBytesMax: number;
  readonly wildcardShapesPerSessionMax: number;
  readonly wildcardShapesMax: number;
  readonly topicLevelsMax: number;
  readonly topicBytesMax: number;
  readonly clientIdBytesMax: number;
  readonly sessionExpirySecondsMax: number;
  readonly retainedBytesMax: number;
  readonly willBytesMax: number;
  readonly connectTimeoutSeconds: number;
  readonly keepAliveSecondsMax: number;
  readonly connectionsMax: number;
  readonly sessionsMax: number;
  readonly unflushedBytesMax: number;
  readonly messageCacheBytesMax: number;
  readonly storeBytesMax: number;
  readonly storeFreeBytesMin: number;
  readonly sliceMax: number;
  readonly refusalsMax: number;
  readonly deadLettersMax: number;
  readonly deadLetterBytesMax: number;
  readonly deadLettersPerSecondMax: number;
}

/** One row of the table that `petstore-mqtt config` prints. */
export interface LimitRow {
  readonly name: keyof Limits;
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  /** What it bounds and what happens when it is passed, in one line. */
  readonly description: string;
}

const MiB = 1_048_576;

/** Every limit with its default, range, unit and meaning. */
export const limitTable: readonly LimitRow[] = [
  {
    name: "receiveMaximum",
    default: 100,
    minimum: 1,
    maximum: 65_535,
    unit: "messages",
    description: "QoS 2 messages a 5.0 client may have unfinished, its receive maximum; more is DISCONNECT 0x93",
  },
  {
    name: "inFlightMax",
    default: 100,
    minimum: 1,
    maximum: 65_535,
    unit: "messages",
    description: "QoS 1 and 2 messages sent to one client before acknowledgement; the rest waits in its queue",
  },
  {
    name: "topicAliasMaximum",
    default: 32,
    minimum: 0,
    maximum: 65_535,
    unit: "aliases",
    description:
      "topic aliases a client may set per connection, and the most we set towards it; above is DISCONNECT 0x94",
  },
  {
    name: "packetBytesMax",
    default: MiB,
    minimum: 128,
    maximum: 268_435_460,
    unit: "bytes",
    description: "largest packet accepted; a larger one is DISCONNECT 0x95 before its body is read",
  },
  {
    name: "connectBytesMax",
    // A Will with the largest payload, and as much again for the rest.
    default: 131_072,
    minimum: 128,
    maximum: 268_435_460,
    unit: "bytes",
    description: "largest packet accepted before a client is authenticated; a larger one closes the connection",
  },
  {
    name: "incompleteBytesMax",
    default: 256 * MiB,
    minimum: MiB,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description:
      "bytes of all packets that came in part, those up to 4,096 not counted; above it the one begun first is DISCONNECT 0x97",
  },
  {
    name: "linkBytesMax",
    default: MiB,
    minimum: 1_024,
    maximum: 1_024 * MiB,
    unit: "bytes",
    description: "un-sent bytes per connection; above it QoS 0 is dropped and QoS 1 and 2 wait in the queue",
  },
  {
    name: "unsentBytesMax",
    default: 256 * MiB,
    minimum: MiB,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description:
      "un-sent bytes of all connections; above it those that hold more than an even part are at their linkBytesMax",
  },
  {
    name: "queueMessagesMax",
    default: 10_000,
    minimum: 1,
    maximum: 100_000_000,
    unit: "messages",
    description: "messages waiting per session; above it queueOverflow says what is done",
  },
  {
    name: "queueBytesMax",
    default: 64 * MiB,
    minimum: 1_024,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description: "bytes of the messages waiting per session; above it queueOverflow says what is done",
  },
  {
    name: "queuedBytesMax",
    default: 512 * MiB,
    minimum: MiB,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description:
      "bytes of all messages waiting in memory, not those on disk; above it queues with more than an even part drop their oldest; with a store in memory, twice as much kept refuses new work",
  },
  {
    name: "subscriptionsMax",
    default: 10_000,
    minimum: 1,
    maximum: 10_000_000,
    unit: "subscriptions",
    description: "subscriptions per session, and topic filters per SUBSCRIBE; above it SUBACK says 0x97",
  },
  {
    name: "subscriptionBytesPerSessionMax",
    default: 16 * MiB,
    minimum: 1_024,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description:
      "bytes of a session's subscriptions: text, 256 for each, 160 for each level if it has wildcards; above it SUBACK says 0x97",
  },
  {
    name: "subscriptionBytesMax",
    default: 1_024 * MiB,
    minimum: 1_024,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description:
      "the same over all sessions; above it SUBACK says 0x97 to those that have more than an even part already",
  },
  {
    name: "wildcardShapesPerSessionMax",
    default: 100,
    minimum: 1,
    maximum: 1_000_000,
    unit: "shapes",
    description:
      "arrangements of wildcards (a/+/b and x/+/y have the same) in a session's subscriptions; above it SUBACK says 0x97",
  },
  {
    name: "wildcardShapesMax",
    default: 1_000,
    minimum: 1,
    maximum: 1_000_000,
    unit: "shapes",
    description:
      "the same over all sessions: to find who gets a message takes no more look-ups a level; above it SUBACK says 0x97",
  },
  {
    name: "topicLevelsMax",
    default: 200,
    minimum: 1,
    maximum: 32_768,
    unit: "levels",
    description: "levels of a topic name or filter; above it a PUBLISH is refused with 0x90, a subscription with 0x8F",
  },
  {
    name: "topicBytesMax",
    // From 16,384 characters on V8 hashes a string by its length alone: a Map of many such is as slow as a list.
    default: 16_000,
    minimum: 1,
    maximum: 65_535,
    unit: "bytes",
    description:
      "UTF-8 bytes of a topic name or filter; above it a PUBLISH is refused with 0x90, a subscription with 0x8F",
  },
  {
    name: "clientIdBytesMax",
    default: 1_024,
    minimum: 23,
    maximum: 65_535,
    unit: "bytes",
    description: "UTF-8 bytes of a client identifier; above it CONNACK says 0x85",
  },
  {
    name: "sessionExpirySecondsMax",
    default: 604_800,
    minimum: 0,
    maximum: 4_294_967_295,
    unit: "seconds",
    description:
      "longest session expiry interval granted, also to 3.1.1 clients with clean session 0; CONNACK says what was granted",
  },
  {
    name: "retainedBytesMax",
    default: 256 * MiB,
    minimum: 0,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description: "bytes of all retained messages; a message that would pass it is refused with 0x97",
  },
  {
    name: "willBytesMax",
    default: 256 * MiB,
    minimum: 0,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description: "bytes of all wills that are not published yet; above it CONNACK says 0x97 to a client with a will",
  },
  {
    name: "connectTimeoutSeconds",
    default: 10,
    minimum: 1,
    maximum: 3_600,
    unit: "seconds",
    description: "time from the network connection to a finished CONNECT; then it is closed",
  },
  {
    name: "keepAliveSecondsMax",
    default: 65_535,
    minimum: 1,
    maximum: 65_535,
    unit: "seconds",
    description: "longest keep alive of a 5.0 client; below 65,535, one that asks for more or for none is given this",
  },
  {
    name: "connectionsMax",
    default: 100_000,
    minimum: 1,
    maximum: 10_000_000,
    unit: "connections",
    description: "network connections at one time; above it CONNACK says 0x97",
  },
  {
    name: "sessionsMax",
    default: 1_000_000,
    minimum: 1,
    maximum: 100_000_000,
    unit: "sessions",
    description: "sessions at one time, those of absent clients too; above it CONNACK says 0x97",
  },
  {
    name: "unflushedBytesMax",
    default: 64 * MiB,
    minimum: MiB,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description: "bytes waiting for the disk; above it publishers are no longer read until it falls",
  },
  {
    name: "messageCacheBytesMax",
    default: 64 * MiB,
    minimum: 0,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description: "message bodies kept in memory for sessions that are behind; others are read from the store",
  },
  {
    name: "storeBytesMax",
    default: 64 * 1_024 * MiB,
    minimum: MiB,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description: "bytes in use in the store on disk; above it new work is refused with 0x97, CONNACK says 0x88",
  },
  {
    name: "storeFreeBytesMin",
    default: 256 * MiB,
    minimum: 0,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description:
      "bytes that must stay free on the store's disk; below it new work is refused with 0x97, CONNACK says 0x88",
  },
  {
    name: "sliceMax",
    default: 1_000,
    minimum: 1,
    maximum: 1_000_000,
    unit: "steps",
    description: "steps of a long job (retained messages, expiries, clean start) before others get their turn",
  },
  {
    name: "refusalsMax",
    default: 1_000,
    minimum: 1,
    maximum: 1_000_000,
    unit: "refusals",
    description: "last refusals remembered for petstore-mqtt refusals; above it the one longest ago is forgotten",
  },
  {
    name: "deadLettersMax",
    default: 10_000,
    minimum: 0,
    maximum: 10_000_000,
    unit: "messages",
    description: "dead letters kept; above it the oldest goes",
  },
  {
    name: "deadLetterBytesMax",
    default: 64 * MiB,
    minimum: MiB,
    maximum: 1_048_576 * MiB,
    unit: "bytes",
    description: "bytes of all dead letters, as they are written; above it the oldest go",
  },
  {
    name: "deadLettersPerSecondMax",
    default: 100,
    minimum: 1,
    maximum: 100_000,
    unit: "messages",
    description: "new dead letters a second of each cause; above it they are counted and not kept",
  },
];

/** The defaults, with some replaced. */
export function createLimits(replaced: Partial<Limits> = {}): Limits {
  const defaults = Object.fromEntries(limitTable.map((row) => [row.name, row.default])) as unknown as Limits;
  return { ...defaults, ...replaced };
}

/** What becomes of a QoS 1 or 2 message for a durable Session or shared group whose queue is full. */
export const queueOverflows = ["drop-oldest", "refuse"] as const;

/** `drop-oldest`: the oldest un-sent one goes. `refuse`: the new one is refused with 0x97 to its publisher. */
export type QueueOverflow = (typeof queueOverflows)[number];

/** What the Server offers (§3.2.2.3); everything unless switched off. */
export interface Capabilities {
  readonly maximumQoS: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly subscriptionIdentifierAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;
}

/** All of MQTT 5.0. */
export const allCapabilities: Capabilities = {
  maximumQoS: 2,
  retainAvailable: true,
  wildcardSubscriptionAvailable: true,
  subscriptionIdentifierAvailable: true,
  sharedSubscriptionAvailable: true,
};
