import { keep, type Message, messageBytes } from "../session/message.ts";
import type { RetainedCursor, StepBudget } from "../topics/retained-trie.ts";
import { levelCount } from "../topics/topic-name.ts";
import { effectiveQoS, identifiersOf } from "./deliver.ts";
import { keepFor } from "./queues.ts";
import type { Session, SessionSubscription } from "./session.ts";
import type { BrokerState } from "./state.ts";
import { Transmission } from "./transmit.ts";

/** Topic Names of the Server itself, made anew by every process: never in the store. */
export function isServerTopic(topicName: string): boolean {
  return topicName.startsWith("$SYS/");
}

/** The Retained Message of one Topic Name (§3.3.1.3). */
export interface Retained {
  readonly tenant: number;
  readonly message: Message;
  readonly bytes: number;
}

/** Retained Messages on their way to a new subscription, one slice after the other. */
export interface RetainedDelivery {
  readonly member: SessionSubscription;
  readonly cursor: RetainedCursor<Retained>;
}

/** What one level of its Topic Name counts for: a node of the trie. */
const levelBytes = 160;

/** Whether keeping this message would pass the bound for all Retained Messages. */
export function retainedIsFull(state: BrokerState, tenant: number, message: Message): boolean {
  if (message.payload.length === 0) return false;
  const replaced = state.tenant(tenant).retained.get(message.topicName)?.bytes ?? 0;
  return state.counters.retainedBytes - replaced + bytesOf(message) > state.limits.retainedBytesMax;
}

/**
 * A message with RETAIN 1 replaces the Retained Message of its Topic Name [MQTT-3.3.1-5]; with an empty payload it only
 * takes it away [MQTT-3.3.1-6] [MQTT-3.3.1-7].
 *
 * @returns whether something was persisted
 */
export function retain(state: BrokerState, tenant: number, message: Message): boolean {
  const { topicName } = message;
  const isOurs = isServerTopic(topicName);
  // [MQTT-3.3.1-6] [MQTT-3.3.1-7] [MQTT311-3.3.1-10] [MQTT311-3.3.1-11]
  if (message.payload.length === 0) return forget(state, tenant, topicName) && !isOurs;
  const kept = keep(message);
  // [MQTT-3.3.1-5] [MQTT311-3.3.1-5] [MQTT311-3.3.1-7] [MQTT311-3.1.2-7]
  storeRetained(state, tenant, kept);
  if (isOurs) return false;
  state.lastNumber += 1;
  state.outbox.persist({ kind: "putRetained", tenant, message: kept, stamp: state.lastNumber });
  return true;
}

/** Puts a message that is ours to keep in the place of its Topic Name; from a restart it comes straight here. */
export function storeRetained(state: BrokerState, tenant: number, message: Message): void {
  const retained: Retained = { tenant, message, bytes: bytesOf(message) };
  forgetReplaced(state, state.tenant(tenant).retained.set(message.topicName, retained));
  state.counters.retainedMessages += 1;
  state.counters.retainedBytes += retained.bytes;
  if (message.expiresAt !== Number.POSITIVE_INFINITY) state.deadlines.set(retained, message.expiresAt);
}

/** Its Message Expiry Interval has passed. */
export function expireRetained(state: BrokerState, retained: Retained): void {
  const { topicName } = retained.message;
  if (state.tenant(retained.tenant).retained.get(topicName) !== retained) return;
  forget(state, retained.tenant, topicName);
  state.counters.publishExpired += 1;
}

function forget(state: BrokerState, tenant: number, topicName: string): boolean {
  const removed = state.tenant(tenant).retained.delete(topicName);
  if (removed === undefined) return false;
  forgetReplaced(state, removed);
  if (!isServerTopic(topicName)) state.outbox.persist({ kind: "deleteRetained", tenant, topicName });
  return true;
}

function forgetReplaced(state: BrokerState, replaced: Retained | undefined): void {
  if (replaced === undefined) return;
  state.counters.retainedMessages -= 1;
  state.counters.retainedBytes -= replaced.bytes;
  state.deadlines.delete(replaced);
}

/** A new subscription is to get the Retained Messages that match it (§3.3.1.3) [MQTT-3.3.1-9]. */
export function startRetained(state: BrokerState, member: SessionSubscription, topicFilter: string): void {
  const { session } = member;
  const cursor = state.tenant(session.tenant).retained.cursor(topicFilter);
  session.retainedDeliveries ??= new Map();
  session.retainedDeliveries.set(member.topicFilter, { member, cursor });
}

/**
 * Sends Retained Messages as far as room and quota go, and no more than a slice of the walk at a time, so that a filter
 * over a million of them stalls nobody.
 */
export function sendRetained(
  state: BrokerState,
  session: Session,
  now: number,
  budget: StepBudget = { steps: state.limits.sliceMax },
): void {
  const deliveries = session.retainedDeliveries;
  state.sliced.delete(session);
  if (deliveries === undefined) return;
  for (const { member, cursor } of deliveries.values()) {
    while (session.subscriptions.get(member.topicFilter) === member) {
      if (!canTakeRetained(member)) return;
      const retained = cursor.next(budget);
      if (retained === undefined) break;
      const { message } = retained;
      if (message.expiresAt > now && mayHave(state, member, message)) sendOne(state, member, message, now);
    }
    if (session.subscriptions.get(member.topicFilter) === member && !cursor.done) {
      state.sliced.add(session);
      return;
    }
    deliveries.delete(member.topicFilter);
  }
  session.retainedDeliveries = undefined;
}

function bytesOf(message: Message): number {
  return messageBytes(message) + levelBytes * levelCount(message.topicName);
}

function canTakeRetained({ session, subscription }: SessionSubscription): boolean {
  const { connection, sender, pending } = session;
  if (connection?.hasRoom !== true) return false;
  return subscription.qos === 0 || (sender.quota > 0 && pending.length === 0 && sender.resend.length === 0);
}

function mayHave({ policy }: BrokerState, { session, subscription }: SessionSubscription, message: Message): boolean {
  return !subscription.isFiltered || policy.mayReceive?.(session.principal, message.topicName) === true;
}

/** RETAIN is 1: it is sent because of the subscription, not because it was just published. */
function sendOne(state: BrokerState, member: SessionSubscription, message: Message, now: number): void {
  const { session, subscription } = member;
  const { connection, sender } = session;
  if (connection === undefined) return;
  const transmission = new Transmission(message, now);
  const qos = effectiveQoS(message.qos, subscription.qos);
  const subscriptionIdentifiers = identifiersOf(member);
  if (transmission.isTooLarge(connection, qos, true, subscriptionIdentifiers)) {
    state.counters.publishDropped += 1;
    return;
  }
  if (qos === 0) {
    transmission.send(state, connection, 0, true, subscriptionIdentifiers, 0, false, false);
    return;
  }
  const packetIdentifier = sender.takePacketIdentifier();
  const owner = session.number;
  const number = session.durable
    ? keepFor(state, message, {
        kind: "session",
        owner,
        qos,
        retain: true,
        subscriptionIdentifiers,
        session: owner,
        packetIdentifier,
        stage: "published",
      })
    : 0;
  sender.start({
    packetIdentifier,
    owner,
    number,
    message: undefined,
    qos,
    retain: true,
    subscriptionIdentifiers,
    stage: "published",
    counted: false,
  });
  state.counters.queuedMessages += 1;
  // [MQTT311-3.3.1-8]
  transmission.send(state, connection, qos, true, subscriptionIdentifiers, packetIdentifier, false, number > 0);
}
