import { noSubscriptionIdentifiers } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import type { Delivery } from "../session/pending-queue.ts";
import type { InFlight } from "../session/sender.ts";
import type { Connection } from "./connection.ts";
import { effectiveQoS, identifiersOf, memberTakes, sendToMember } from "./deliver.ts";
import type { Target } from "./mutation.ts";
import {
  bindingOf,
  dropHead,
  fetchHead,
  fetchResend,
  headOf,
  isBodyMissing,
  keepFor,
  messageOf,
  type Owner,
  observeLost,
  settle,
  takeHead,
} from "./queues.ts";
import { release } from "./replies.ts";
import { sendRetained } from "./retained.ts";
import { Session, type SessionSubscription } from "./session.ts";
import type { SharedGroup } from "./shared-group.ts";
import type { BrokerState } from "./state.ts";
import { Transmission } from "./transmit.ts";

/**
 * Sends what waits for this Session as far as quota and room go: first again what was in flight before, in its order
 * (§4.4, §4.6), then the queue, then its shared groups, then Retained Messages of new subscriptions. Called whenever
 * quota, room, a Client or a body has come.
 */
export function pump(state: BrokerState, session: Session, now: number): void {
  const connection = session.connection;
  if (connection === undefined) return;
  if (session.sender.resend.length > 0) sendAgain(state, session, connection, now);
  if (session.sender.resend.length > 0) return;
  if (session.pending.length > 0) sendPending(state, session, connection, now);
  if (session.pending.length > 0) return;
  session.hasLostRights = false;
  if (session.groups !== undefined) for (const group of session.groups) pumpGroup(state, group, now);
  if (session.retainedDeliveries !== undefined) sendRetained(state, session, now);
}

/** [MQTT-4.4.0-1]: with the original Packet Identifiers, in the original order. */
function sendAgain(state: BrokerState, session: Session, connection: Connection, now: number): void {
  const { sender } = session;
  for (let entry = sender.resend.peek(); entry !== undefined; entry = sender.resend.peek()) {
    if (sender.inFlight.get(entry.packetIdentifier) !== entry) {
      sender.resend.shift();
      continue;
    }
    if (entry.stage === "received") {
      sender.resend.shift();
      // [MQTT-4.3.3-6] [MQTT-3.3.4-10] [MQTT-4.9.0-3] [MQTT311-4.4.0-1]
      release(state, connection, PacketType.Pubrel, entry.packetIdentifier, 0, entry.number > 0);
      continue;
    }
    if (sender.quota === 0 || !connection.hasRoom) return;
    if (isBodyMissing(entry)) {
      const message = messageOf(state, session, entry.number);
      if (message === "missing") {
        fetchResend(state, session);
        return;
      }
      if (message === "gone") {
        sender.resend.shift();
        sender.finish(entry);
        state.counters.queuedMessages -= 1;
        continue;
      }
      entry.message = message;
      session.fetched.delete(entry.number);
    }
    sender.resend.shift();
    resendOne(state, session, connection, entry, now);
  }
}

/** Begun is completed, also when it expired meanwhile [MQTT-4.3.3-7]. */
function resendOne(state: BrokerState, session: Session, connection: Connection, entry: InFlight, now: number): void {
  const { message, qos, retain, subscriptionIdentifiers, packetIdentifier, number, owner } = entry;
  if (message === undefined) return;
  const transmission = new Transmission(message, now);
  if (transmission.isTooLarge(connection, qos, retain, subscriptionIdentifiers)) {
    session.sender.finish(entry);
    settle(state, owner, number);
    state.counters.queuedMessages -= 1;
    state.counters.publishDropped += 1;
    return;
  }
  session.sender.count(entry);
  // [MQTT-3.3.1-1] [MQTT311-3.3.1-1]
  transmission.send(state, connection, qos, retain, subscriptionIdentifiers, packetIdentifier, true, number > 0);
  // What has a row is read again if need be: 100 large ones in flight of each of many Sessions are too much to hold.
  if (number > 0) entry.message = undefined;
}

function sendPending(state: BrokerState, session: Session, connection: Connection, now: number): void {
  while (session.sender.quota > 0 && connection.hasRoom) {
    const head = headOf(state, session);
    if (head === undefined) return;
    if (head === "missing") {
      fetchHead(state, session);
      return;
    }
    if (isDropped(state, session, head, now)) continue;
    const delivery = head as Delivery;
    const transmission = new Transmission(delivery.message, now);
    const { qos, retain, subscriptionIdentifiers } = delivery;
    if (transmission.isTooLarge(connection, qos, retain, subscriptionIdentifiers)) {
      dropHead(state, session);
      state.counters.publishDropped += 1;
      continue;
    }
    const number = numberOf(takeHead(session));
    startAndSend(state, session, connection, transmission, delivery.kept, {
      packetIdentifier: session.sender.takePacketIdentifier(),
      owner: session.number,
      number,
      message: undefined,
      qos,
      retain,
      subscriptionIdentifiers,
      stage: "published",
      counted: false,
    });
  }
}

/** Hands a group's queue to its members, in turn, as far as they can take it (§4.8.2). */
export function pumpGroup(state: BrokerState, group: SharedGroup, now: number): void {
  while (group.pending.length > 0) {
    const member = group.choose(memberTakes);
    if (member === undefined) return;
    const head = headOf(state, group);
    if (head === undefined) return;
    if (head === "missing") {
      fetchHead(state, group);
      return;
    }
    if (isDropped(state, group, head, now)) continue;
    sendFromGroup(state, group, member, head as Delivery, now);
  }
}

function sendFromGroup(
  state: BrokerState,
  group: SharedGroup,
  member: SessionSubscription,
  delivery: Delivery,
  now: number,
): void {
  const { session, subscription } = member;
  const connection = session.connection;
  if (connection === undefined) return;
  const transmission = new Transmission(delivery.message, now);
  // [MQTT-4.8.2-3]
  const qos = effectiveQoS(delivery.qos, subscription.qos);
  if (qos === 0) {
    dropHead(state, group);
    sendToMember(state, transmission, member);
    return;
  }
  const retain = subscription.retainAsPublished && delivery.message.retain;
  const subscriptionIdentifiers = identifiersOf(member);
  if (transmission.isTooLarge(connection, qos, retain, subscriptionIdentifiers)) {
    dropHead(state, group);
    state.counters.publishDropped += 1;
    return;
  }
  const kept = numberOf(takeHead(group));
  // It waited while no member was durable: this one's Client may know its Packet Identifier longer than we live.
  const number = kept === 0 && session.durable ? keepFor(state, delivery.message, targetOf(group, delivery)) : kept;
  startAndSend(state, session, connection, transmission, delivery.kept, {
    packetIdentifier: session.sender.takePacketIdentifier(),
    owner: group.number,
    number,
    message: number > 0 ? undefined : delivery.message,
    qos,
    retain,
    subscriptionIdentifiers,
    stage: "published",
    counted: false,
  });
}

function targetOf(group: SharedGroup, { message, qos }: Delivery): Target {
  return {
    kind: "group",
    owner: group.number,
    qos,
    retain: message.retain,
    subscriptionIdentifiers: noSubscriptionIdentifiers,
    session: 0,
    packetIdentifier: 0,
    stage: "published",
  };
}

/** The first sending of a message that waited: its Packet Identifier is kept before it leaves [MQTT-4.4.0-1]. */
function startAndSend(
  state: BrokerState,
  session: Session,
  connection: Connection,
  transmission: Transmission,
  kept: boolean,
  entry: InFlight,
): void {
  const { qos, retain, subscriptionIdentifiers, packetIdentifier, number } = entry;
  session.sender.start(entry);
  if (number > 0) state.outbox.persist(bindingOf(session, entry));
  const waits = kept || number > 0;
  // [MQTT-3.3.1-3] [MQTT-4.3.2-2] [MQTT-4.3.3-2] [MQTT311-3.3.1-3]
  transmission.send(state, connection, qos, retain, subscriptionIdentifiers, packetIdentifier, false, waits);
}

/** Takes a head away that is not to be sent: settled meanwhile, or expired before its flow began [MQTT-3.3.2-5]. */
function isDropped(state: BrokerState, owner: Session | SharedGroup, head: Delivery | "gone", now: number): boolean {
  if (head === "gone") {
    takeHead(owner);
    state.counters.queuedMessages -= 1;
    return true;
  }
  if (head.message.expiresAt <= now) {
    observeLost(state, owner, nameOf(owner), "expired");
    dropHead(state, owner);
    state.counters.publishExpired += 1;
    return true;
  }
  if (!isForbidden(state, owner, head)) return false;
  dropHead(state, owner);
  state.counters.publishDropped += 1;
  return true;
}

function nameOf(owner: Session | SharedGroup): string {
  return owner instanceof Session ? owner.clientId : owner.name;
}

/** It waited, and meanwhile its subscriber lost the right to it. */
function isForbidden({ policy }: BrokerState, owner: Owner, { message }: Delivery): boolean {
  if (!(owner instanceof Session) || !owner.hasLostRights) return false;
  return policy.mayReceive?.(owner.principal, message.topicName) === false;
}

function numberOf(entry: number | Delivery | undefined): number {
  return typeof entry === "number" ? entry : 0;
}
