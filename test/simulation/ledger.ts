import type { Observation } from "../../src/broker/observation.ts";
import type { Packet, Publish } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "../../src/mqtt/packet-type.ts";
import type { Random } from "../../src/testing/random.ts";
import { matches } from "../../src/topics/match.ts";
import { messageOf } from "./client-receiver.ts";
import type { ClientTraits } from "./client-traits.ts";
import type { Link } from "./link.ts";
import {
  type DeliveryRecord,
  isLost,
  type MessageRecord,
  type SessionRecord,
  type Step,
  type SubscriptionRecord,
  Violation,
  type WillRecord,
} from "./records.ts";
import { beginSession } from "./session-check.ts";

/** A message with RETAIN 1 that the Server got. */
export interface RetainRecord {
  readonly message: MessageRecord;
  readonly step: Step;
}

/**
 * What happened, as everybody in the world knows it, and what must never happen, found at the moment it does. What can only
 * be said at the end is in the files named `…-check.ts`.
 */
export class Ledger {
  readonly messages: Map<string, MessageRecord> = new Map();
  readonly wills: Map<string, WillRecord> = new Map();
  readonly retains: RetainRecord[] = [];
  readonly sessions: SessionRecord[] = [];
  /** Accepted connections of each Client, in their order. */
  readonly accepted: Map<string, Link[]> = new Map();
  /** Clients and groups of whose queue something was dropped. */
  readonly overflowed: Set<string> = new Set();
  /** The store refused at some time. */
  hasRefused = false;
  isRefusing: () => boolean = () => false;
  index = 0;
  readonly #random: Random;
  readonly #sequences: Map<string, number> = new Map();
  readonly #order: Map<string, number> = new Map();

  constructor(random: Random) {
    this.#random = random;
  }

  createMessage(traits: ClientTraits, topicName: string = this.#random.pick(traits.publishes)): MessageRecord {
    const random = this.#random;
    const sequence = (this.#sequences.get(traits.name) ?? 0) + 1;
    this.#sequences.set(traits.name, sequence);
    const id = `${traits.name}/${sequence}`;
    const mayRetain = topicName.startsWith("r/");
    const retain = mayRetain && random.chance(traits.retainChance);
    const isV5 = traits.protocolVersion === ProtocolVersion.V5;
    const message: MessageRecord = {
      id,
      publisher: traits.name,
      sequence,
      topicName,
      qos: random.pick(traits.publishQoS) as QoS,
      retain,
      payload: retain && random.chance(0.15) ? Buffer.alloc(0) : payloadOf(id, random.pick([0, 0, 0, 50, 700])),
      expirySeconds: isV5 && random.chance(traits.expiryChance) ? random.pick([1, 2, 5, 100_000]) : undefined,
      sent: 0,
      handed: [],
      taken: undefined,
      wasRefused: false,
      acknowledgedAt: undefined,
      settledBy: new Map(),
    };
    this.messages.set(id, message);
    return message;
  }

  createWill(link: Link, isV5: boolean): WillRecord {
    const random = this.#random;
    const client = link.owner.name;
    const id = `will-${client}/${link.number}`;
    const will: WillRecord = {
      id,
      client,
      topicName: `w/${client}`,
      qos: random.pick([0, 1, 2, 2] as const),
      retain: random.chance(0.2),
      payload: payloadOf(id, 0),
      delaySeconds: isV5 ? random.pick([0, 0, 1, 5, 20]) : 0,
      link,
    };
    this.wills.set(id, will);
    return will;
  }

  /** The Server got a PUBLISH. */
  handed(message: MessageRecord, step: Step): void {
    message.handed.push(step);
    if (this.isRefusing()) {
      message.wasRefused = true;
      return;
    }
    // A QoS 2 message that the Server has is no new one.
    if (message.qos === 2 && message.taken !== undefined && !isLost(message.taken)) return;
    message.taken = step;
    if (message.retain) this.retains.push({ message, step });
  }

  acknowledged(message: MessageRecord): void {
    message.acknowledgedAt ??= this.index;
  }

  /** The Server got an acknowledgement that ends a flow. */
  settled(session: SessionRecord, id: string, step: Step): void {
    const message = this.messages.get(id);
    if (message === undefined) return;
    for (const { isShared, topicFilter, matched } of session.subscriptions) {
      if (isShared && matches(matched, message.topicName)) message.settledBy.set(topicFilter, step);
    }
  }

  /** A Client's CONNECT was accepted. */
  welcomed(link: Link, step: Step): void {
    const connections = this.accepted.get(link.owner.name) ?? [];
    this.accepted.set(link.owner.name, connections);
    const session = beginSession(link, connections, step);
    if (!link.isResumed) this.sessions.push(session);
    connections.push(link);
  }

  observed(observation: Observation): void {
    if (observation.kind === "queueOverflow") this.overflowed.add(observation.clientId);
    if (observation.kind !== "protocolError") return;
    const { clientId, reason, statement } = observation;
    throw new Violation(`${clientId} is said to have broken the protocol: ${reason} (${statement})`, clientId);
  }

  /** The Server sends a packet, now or after a commit. */
  sending(link: Link, packet: Packet, now: number): void {
    if (packet.type !== PacketType.Publish) return;
    const message = this.messages.get(messageOf(packet));
    if (message === undefined) return;
    this.#checkExpiry(link, packet, message, now);
    if (packet.qos > 0) this.#checkSettled(link, message);
  }

  /** A Client got a message. */
  received(session: SessionRecord, publish: Publish, id: string, isNew: boolean): void {
    if (publish.payload.length === 0) return;
    const message = this.messages.get(id);
    const will = this.wills.get(id);
    const published = message ?? will;
    if (published === undefined) throw wrong(session, `${id}, which nobody published`, id);
    if (published.topicName !== publish.topicName) throw wrong(session, `${id} under ${publish.topicName}`, id);
    if (Buffer.compare(published.payload, publish.payload) !== 0) throw wrong(session, `${id} with other bytes`, id);
    const matching = session.subscriptions.filter((subscription) => mayBring(subscription, published));
    checkGranted(session, publish, published.qos, id, matching);
    const delivery = deliveryOf(session, id);
    const isFirst = delivery.unacknowledged + delivery.first + delivery.again === 0;
    if (publish.qos === 0) delivery.unacknowledged += 1;
    else if (publish.dup) delivery.again += 1;
    else delivery.first += 1;
    if (isNew && publish.qos === 2) delivery.applied += 1;
    if (publish.retain && !published.retain)
      throw wrong(session, `${id} with RETAIN 1, and it was published with 0`, id);
    if (message === undefined) return;
    checkEnded(session, message, matching);
    const isShared = matching.some((subscription) => subscription.isShared);
    const copies = message.retain ? matching.length : 0;
    checkCount(session, publish.qos, message, delivery, isShared, copies);
    const mayBeDropped = (publish.qos === 0 || this.overflowed.has(session.client)) && message.sent > 1;
    if (isFirst && !isShared && !publish.retain && !mayBeDropped && isInOrder(message, publish.qos, matching)) {
      this.#checkOrder(session, publish.qos, message);
    }
  }

  /** From one publisher, on one topic, at one QoS: in its order [MQTT-4.6.0-6]. */
  #checkOrder(session: SessionRecord, qos: QoS, { publisher, topicName, sequence, id }: MessageRecord): void {
    const key = `${this.sessions.indexOf(session)} ${publisher} ${topicName} ${qos}`;
    const last = this.#order.get(key) ?? 0;
    if (sequence < last)
      throw wrong(session, `${id} behind ${publisher}/${last} at QoS ${qos}`, id, `${publisher}/${last}`);
    this.#order.set(key, sequence);
  }

  #checkExpiry(link: Link, publish: Publish, message: MessageRecord, now: number): void {
    const { expirySeconds, handed, id, sent } = message;
    const [step] = handed;
    if (expirySeconds === undefined || step === undefined || sent > 1) return;
    const left = (step.at + expirySeconds * 1_000 - now) / 1_000;
    const client = link.owner.name;
    if (left < 0 && !publish.dup)
      throw new Violation(`${client} is sent ${id} ${-left} s after it expired`, client, id);
    if (link.protocolVersion === ProtocolVersion.V311) return;
    const said = publish.properties.messageExpiryIntervalSeconds;
    if (said === undefined || Math.abs(said - Math.max(0, left)) > 1.1) {
      throw new Violation(`${client} is sent ${id} with ${said} s to live, and it has ${left}`, client, id);
    }
  }

  /** What a shared group is done with goes to nobody [MQTT-4.8.2-6]. */
  #checkSettled(link: Link, message: MessageRecord): void {
    const { sessionRecord, owner } = link;
    if (sessionRecord === undefined || message.settledBy.size === 0) return;
    // Sent again at QoS 1 it is a message of its own.
    if (message.qos === 1 && message.sent > 1) return;
    for (const { topicFilter } of sessionRecord.subscriptions) {
      const step = message.settledBy.get(topicFilter);
      if (step === undefined || step.life.isDead) continue;
      throw new Violation(
        `${owner.name} is sent ${message.id}, with which ${topicFilter} is done`,
        owner.name,
        message.id,
      );
    }
  }
}

/** Whether this subscription, if it stands, may bring the message. */
export function mayBring(subscription: SubscriptionRecord, published: MessageRecord | WillRecord): boolean {
  if (subscription.begun === undefined || !matches(subscription.matched, published.topicName)) return false;
  // Whose a Retained Message was is not kept.
  return published.retain || !isOwn(subscription, published);
}

/** Whether it is the subscriber's own, and does not want those. */
export function isOwn({ noLocal, session }: SubscriptionRecord, published: MessageRecord | WillRecord): boolean {
  return noLocal && session.client === ("publisher" in published ? published.publisher : published.client);
}

function checkGranted(
  session: SessionRecord,
  publish: Publish,
  published: QoS,
  id: string,
  matching: readonly SubscriptionRecord[],
): void {
  if (matching.length === 0) throw wrong(session, `${id}, which matches nothing that it subscribed to`, id);
  const granted = Math.max(...matching.map(({ qos }) => qos));
  if (publish.qos > Math.min(published, granted)) {
    throw wrong(session, `${id} at QoS ${publish.qos}: published at ${published}, granted ${granted}`, id);
  }
  for (const identifier of publish.subscriptionIdentifiers) {
    if (matching.some(({ subscriptionIdentifier }) => subscriptionIdentifier === identifier)) continue;
    throw wrong(session, `${id} for Subscription Identifier ${identifier}, which does not match it`, id);
  }
}

/**
 * Sent again it comes behind what was sent after it, to those who subscribed in between or for whom it had expired, and to
 * all when it was refused at first.
 */
function isInOrder(
  { sent, handed, expirySeconds, wasRefused }: MessageRecord,
  received: QoS,
  matching: readonly SubscriptionRecord[],
): boolean {
  const [step] = handed;
  if (sent === 1 || step === undefined) return true;
  if (expirySeconds !== undefined || wasRefused) return false;
  return matching.some(
    ({ begun, qos, isGranted, isGivenUp }) =>
      begun !== undefined && begun.index < step.index && qos >= received && isGranted && !isGivenUp,
  );
}

/** Nothing that came behind an UNSUBSCRIBE [MQTT-3.10.4-2]. */
function checkEnded(session: SessionRecord, message: MessageRecord, matching: readonly SubscriptionRecord[]): void {
  if (message.handed.length === 0 || message.retain) return;
  const isOver = matching.every(
    ({ ended, isEndConfirmed }) =>
      isEndConfirmed && ended !== undefined && message.handed.every((step) => step.index > ended.index),
  );
  if (isOver) throw wrong(session, `${message.id}, which came behind its UNSUBSCRIBE`, message.id);
}

/** How often it may come: at QoS 2 once, at QoS 1 as often as it was published, at QoS 0 too. */
function checkCount(
  session: SessionRecord,
  qos: QoS,
  message: MessageRecord,
  delivery: DeliveryRecord,
  isShared: boolean,
  copies: number,
): void {
  const { id, handed } = message;
  const { unacknowledged, applied } = delivery;
  const first = qos === 0 ? unacknowledged : delivery.first;
  if (qos === 2 && applied > 1 + copies) throw wrong(session, `${id} ${applied} times at QoS 2`, id);
  if (isShared) return;
  const most = message.qos === 2 && qos > 0 ? 1 : Math.max(1, handed.length);
  if (first > most + copies)
    throw wrong(session, `${id} ${first} times without DUP, published ${handed.length} times`, id);
}

function deliveryOf(session: SessionRecord, id: string): DeliveryRecord {
  let delivery = session.deliveries.get(id);
  if (delivery === undefined) {
    delivery = { unacknowledged: 0, first: 0, again: 0, applied: 0 };
    session.deliveries.set(id, delivery);
  }
  return delivery;
}

function payloadOf(id: string, padding: number): Buffer {
  return Buffer.from(`${id} ${"_".repeat(padding)}`);
}

function wrong(session: SessionRecord, what: string, ...about: readonly string[]): Violation {
  return new Violation(`${session.client} got ${what}`, session.client, ...about);
}
