import { noUserProperties, type Packet, type SubscriptionRequest } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "../../src/mqtt/packet-type.ts";
import { isFailure, type ReasonCode } from "../../src/mqtt/reason-code.ts";
import type { Random } from "../../src/testing/random.ts";
import { parseTopicFilter } from "../../src/topics/topic-filter.ts";
import type { ClientTraits } from "./client-traits.ts";
import { type SessionRecord, type Step, type SubscriptionRecord, Violation } from "./records.ts";

/** How a Client asks for subscriptions. */
export interface SubscriberPort {
  readonly name: string;
  send(packet: Packet, handed?: (step: Step) => void): void;
  takePacketIdentifier(): number | undefined;
}

interface Asked {
  readonly kind: "subscribe" | "unsubscribe";
  readonly subscriptions: readonly SubscriptionRecord[];
}

/** A Client's subscriptions: what it asked for, what was granted, what it gave up (§3.8, §3.10). */
export class ClientSubscriptions {
  readonly #port: SubscriberPort;
  readonly #traits: ClientTraits;
  readonly #random: Random;
  readonly #asked: Map<number, Asked> = new Map();
  #session: SessionRecord | undefined = undefined;

  constructor(port: SubscriberPort, traits: ClientTraits, random: Random) {
    this.#port = port;
    this.#traits = traits;
    this.#random = random;
  }

  uses(packetIdentifier: number): boolean {
    return this.#asked.has(packetIdentifier);
  }

  /** What it waits for, if for anything. */
  get awaits(): string | undefined {
    for (const [packetIdentifier, { kind }] of this.#asked) return `the answer to ${kind} #${packetIdentifier}`;
    return undefined;
  }

  /** A connection stands; what is missing is asked for. */
  begin(session: SessionRecord): void {
    this.#session = session;
    this.#asked.clear();
    const missing = this.#traits.subscribes.filter((topicFilter) => this.#granted(topicFilter) === undefined);
    if (missing.length > 0) this.#subscribe(missing);
  }

  /** It asks for the end of its Session: from here on nothing is promised. */
  giveUp(): void {
    for (const record of this.#session?.subscriptions ?? []) record.isGivenUp = true;
  }

  /** Changes something: gives one up, or asks for one anew. */
  change(): void {
    if (this.#session === undefined || this.#traits.subscribes.length === 0) return;
    const topicFilter = this.#random.pick(this.#traits.subscribes);
    const granted = this.#granted(topicFilter);
    if (granted === undefined || this.#random.chance(0.3)) this.#subscribe([topicFilter]);
    else this.#unsubscribe(granted);
  }

  suback(packetIdentifier: number, reasonCodes: readonly ReasonCode[]): void {
    const { subscriptions } = this.#answered(packetIdentifier, "subscribe");
    if (subscriptions.length !== reasonCodes.length) throw this.#wrong("SUBACK with another number of Reason Codes");
    for (const [index, subscription] of subscriptions.entries()) {
      const reasonCode = reasonCodes[index] as ReasonCode;
      if (isFailure(reasonCode)) continue;
      if (reasonCode !== subscription.qos) throw this.#wrong(`SUBACK ${reasonCode} for QoS ${subscription.qos}`);
      subscription.isGranted = true;
    }
  }

  unsuback(packetIdentifier: number, reasonCodes: readonly ReasonCode[]): void {
    const { subscriptions } = this.#answered(packetIdentifier, "unsubscribe");
    if (reasonCodes.some((reasonCode) => isFailure(reasonCode))) return;
    for (const subscription of subscriptions) subscription.isEndConfirmed = true;
  }

  #granted(topicFilter: string): SubscriptionRecord | undefined {
    return this.#session?.subscriptions.find(
      (subscription) => subscription.topicFilter === topicFilter && subscription.isGranted && !subscription.isGivenUp,
    );
  }

  #subscribe(topicFilters: readonly string[]): void {
    const session = this.#session;
    const packetIdentifier = this.#port.takePacketIdentifier();
    if (session === undefined || packetIdentifier === undefined) return;
    const isV5 = this.#traits.protocolVersion === ProtocolVersion.V5;
    const subscriptionIdentifier = isV5 && this.#random.chance(0.4) ? this.#random.integer(1, 200) : undefined;
    const requests = topicFilters.map((topicFilter): SubscriptionRequest => {
      const isShared = topicFilter.startsWith("$share/");
      return {
        topicFilter,
        qos: this.#random.pick(this.#traits.subscribeQoS) as QoS,
        noLocal: isV5 && !isShared && this.#random.chance(0.1),
        retainAsPublished: isV5 && this.#random.chance(0.3),
        retainHandling: this.#random.pick(this.#traits.retainHandlings),
      };
    });
    const records = requests.map((request) => subscriptionOf(session, request, subscriptionIdentifier ?? 0));
    for (const { topicFilter } of requests) this.#giveUp(session, topicFilter);
    session.subscriptions.push(...records);
    this.#asked.set(packetIdentifier, { kind: "subscribe", subscriptions: records });
    this.#port.send(
      {
        type: PacketType.Subscribe,
        packetIdentifier,
        subscriptions: requests,
        subscriptionIdentifier,
        userProperties: noUserProperties,
      },
      (step) => {
        for (const record of records) record.begun = step;
      },
    );
  }

  #unsubscribe(subscription: SubscriptionRecord): void {
    const packetIdentifier = this.#port.takePacketIdentifier();
    if (packetIdentifier === undefined) return;
    const { session, topicFilter } = subscription;
    const subscriptions = session.subscriptions.filter((record) => record.topicFilter === topicFilter);
    this.#giveUp(session, topicFilter);
    this.#asked.set(packetIdentifier, { kind: "unsubscribe", subscriptions });
    this.#port.send(
      { type: PacketType.Unsubscribe, packetIdentifier, topicFilters: [topicFilter], userProperties: noUserProperties },
      (step) => {
        for (const record of subscriptions) record.ended = step;
      },
    );
  }

  #giveUp(session: SessionRecord | undefined, topicFilter: string): void {
    for (const record of session?.subscriptions ?? []) if (record.topicFilter === topicFilter) record.isGivenUp = true;
  }

  #answered(packetIdentifier: number, kind: Asked["kind"]): Asked {
    const asked = this.#asked.get(packetIdentifier);
    this.#asked.delete(packetIdentifier);
    if (asked?.kind !== kind) throw this.#wrong(`an answer to a ${kind} that it did not send`);
    return asked;
  }

  #wrong(what: string): Violation {
    return new Violation(`${this.#port.name} got ${what}`, this.#port.name);
  }
}

function subscriptionOf(
  session: SessionRecord,
  request: SubscriptionRequest,
  subscriptionIdentifier: number,
): SubscriptionRecord {
  const { topicFilter, qos, noLocal, retainAsPublished } = request;
  const parsed = parseTopicFilter(topicFilter);
  return {
    session,
    topicFilter,
    matched: parsed.topicFilter,
    isShared: parsed.shareName !== undefined,
    qos,
    noLocal,
    retainAsPublished,
    subscriptionIdentifier,
    begun: undefined,
    isGranted: false,
    isGivenUp: false,
    ended: undefined,
    isEndConfirmed: false,
  };
}
