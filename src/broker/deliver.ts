import { noSubscriptionIdentifiers } from "../mqtt/packet.ts";
import type { QoS } from "../mqtt/packet-type.ts";
import { keep, type Message, messageBytes } from "../session/message.ts";
import type { InFlight } from "../session/sender.ts";
import type { KeepMessage, Target } from "./mutation.ts";
import { enqueue } from "./queues.ts";
import { type Route, type Routes, routeFor } from "./routes.ts";
import type { Session, SessionSubscription } from "./session.ts";
import type { SharedGroup } from "./shared-group.ts";
import type { BrokerState } from "./state.ts";
import { Transmission } from "./transmit.ts";

/**
 * Brings a Message to everybody who subscribed to its Topic Name [MQTT-4.5.0-1]; `publisher` is the Session that sent
 * it, if one did. `kept`: something was persisted for it already, so what is promised waits for the commit.
 *
 * @returns whether anybody matched, and whether rows of it wait for the commit
 */
export function deliver(
  state: BrokerState,
  tenant: number,
  message: Message,
  publisher: Session | undefined,
  kept: boolean,
  now: number,
): { readonly matched: boolean; readonly kept: boolean } {
  // [MQTT-3.3.2-3] [MQTT311-3.3.2-3] [MQTT311-4.5.0-1] [MQTT-4.5.0-1]
  const routes = state.tenant(tenant).routes(message.topicName, state.policy);
  return deliverTo(state, routes, message, publisher, kept, now);
}

/** The same, to those only who stand in `routes`. */
export function deliverTo(
  state: BrokerState,
  routes: Routes,
  message: Message,
  publisher: Session | undefined,
  kept: boolean,
  now: number,
): { readonly matched: boolean; readonly kept: boolean } {
  if (routes.sessions.length === 0 && routes.groups.length === 0) return kept ? unmatchedKept : unmatched;
  const transmission = new Transmission(message, now);
  if (message.qos === 0) {
    const matched = deliverAtMostOnce(state, routes, transmission, publisher);
    if (matched) return kept ? matchedKept : matchedOnly;
    return kept ? unmatchedKept : unmatched;
  }
  return new Acknowledged(state, routes, transmission, kept).deliver(publisher);
}

const unmatched = { matched: false, kept: false } as const;
const unmatchedKept = { matched: false, kept: true } as const;
const matchedOnly = { matched: true, kept: false } as const;
const matchedKept = { matched: true, kept: true } as const;

/** QoS 0 (§4.3.1): to whoever is online and takes it. */
function deliverAtMostOnce(
  state: BrokerState,
  routes: Routes,
  transmission: Transmission,
  publisher: Session | undefined,
): boolean {
  let matched = routes.groups.length > 0;
  for (const merged of routes.sessions) {
    const route = routeFor(merged, publisher);
    if (route === undefined) continue;
    matched = true;
    // [MQTT-3.3.1-12] [MQTT-3.3.1-13] [MQTT311-3.3.1-9]
    const retain = route.retainAsPublished && transmission.message.retain;
    sendAtMostOnce(state, transmission, route.session, retain, route.subscriptionIdentifiers);
  }
  for (const group of routes.groups) {
    const member = group.choose(isReachable);
    if (member === undefined) state.counters.publishDropped += 1;
    else sendToMember(state, transmission, member);
  }
  return matched;
}

/** A slow connection's QoS 0 is dropped here, before it costs an alias or an encoding. */
function sendAtMostOnce(
  state: BrokerState,
  transmission: Transmission,
  session: Session,
  retain: boolean,
  identifiers: readonly number[],
): void {
  const connection = session.connection;
  if (connection === undefined) return;
  if (!connection.hasRoom || transmission.isTooLarge(connection, 0, retain, identifiers)) {
    state.counters.publishDropped += 1;
    return;
  }
  // [MQTT-4.3.1-1] [MQTT311-4.3.1-1]
  transmission.send(state, connection, 0, retain, identifiers, 0, false, false);
}

/** QoS 0 to the member of a shared group that was chosen. */
export function sendToMember(state: BrokerState, transmission: Transmission, member: SessionSubscription): void {
  const { session, subscription } = member;
  const retain = subscription.retainAsPublished && transmission.message.retain;
  sendAtMostOnce(state, transmission, session, retain, identifiersOf(member));
}

/** The Subscription Identifier of one subscription, as a list. */
export function identifiersOf(member: SessionSubscription): readonly number[] {
  const { subscriptionIdentifier } = member.subscription;
  return subscriptionIdentifier === 0 ? noSubscriptionIdentifiers : [subscriptionIdentifier];
}

/** The smaller of what was published and what was granted [MQTT-3.8.4-8]. */
export function effectiveQoS(published: QoS, granted: QoS): QoS {
  // [MQTT-3.8.4-8] [MQTT311-3.8.4-6]
  return published < granted ? published : granted;
}

function isReachable(member: SessionSubscription): boolean {
  return member.session.connection?.hasRoom === true;
}

/** Whether a QoS 1 or 2 message may go to this Session at once: it has a Client, room and quota, and nothing waits. */
function takesAtOnce(session: Session): boolean {
  return (
    session.connection?.hasRoom === true &&
    session.sender.quota > 0 &&
    // [MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT311-4.6.0-5] [MQTT311-4.6.0-6]
    session.pending.length === 0 &&
    session.sender.resend.length === 0
  );
}

/** Whether a member can take a message of its group now. */
export function memberTakes(member: SessionSubscription): boolean {
  return takesAtOnce(member.session);
}

interface Started {
  readonly session: Session;
  readonly entry: InFlight;
}

/**
 * One QoS 1 or 2 Message on its way (§4.3.2, §4.3.3). First everybody's share of it is decided, then the one row is
 * persisted, then the PUBLISHes go out.
 */
class Acknowledged {
  readonly #state: BrokerState;
  readonly #routes: Routes;
  readonly #transmission: Transmission;
  readonly #message: Message;
  readonly #targets: Target[] = [];
  readonly #started: Started[] = [];
  #body: Message | undefined = undefined;
  #bytes = 0;
  #number = 0;
  #waiting = false;
  #rows: boolean | undefined = undefined;
  #kept: boolean;

  constructor(state: BrokerState, routes: Routes, transmission: Transmission, kept: boolean) {
    this.#state = state;
    this.#routes = routes;
    this.#transmission = transmission;
    this.#message = transmission.message;
    this.#kept = kept;
  }

  deliver(publisher: Session | undefined): { readonly matched: boolean; readonly kept: boolean } {
    const routes = this.#routes;
    let matched = routes.groups.length > 0;
    for (const merged of routes.sessions) {
      const route = routeFor(merged, publisher);
      if (route === undefined) continue;
      matched = true;
      this.#toSession(route);
    }
    for (const group of routes.groups) this.#toGroup(group);
    if (this.#targets.length > 0) this.#persist();
    for (const { session, entry } of this.#started) this.#send(session, entry);
    return { matched, kept: this.#kept };
  }

  #toSession(route: Route): void {
    const { session, subscriptionIdentifiers } = route;
    const qos = effectiveQoS(this.#message.qos, route.qos);
    // [MQTT-3.3.1-12] [MQTT-3.3.1-13] [MQTT311-3.3.1-9]
    const retain = route.retainAsPublished && this.#message.retain;
    if (qos === 0) {
      sendAtMostOnce(this.#state, this.#transmission, session, retain, subscriptionIdentifiers);
      return;
    }
    const connection = session.connection;
    if (connection !== undefined && this.#transmission.isTooLarge(connection, qos, retain, subscriptionIdentifiers)) {
      this.#state.counters.publishDropped += 1;
      return;
    }
    const owner = session.number;
    const number = session.durable ? this.#takeNumber() : 0;
    let packetIdentifier = 0;
    if (takesAtOnce(session)) {
      packetIdentifier = this.#start(session, owner, number, undefined, qos, retain, subscriptionIdentifiers);
    } else if (session.durable) {
      // [MQTT311-3.1.2-5]
      this.#wait(session, session.clientId, number);
    } else {
      const delivery = { message: this.#keep(), qos, retain, subscriptionIdentifiers, kept: this.#hasRows() };
      enqueue(this.#state, session, session.clientId, delivery, this.#bytes);
    }
    if (!session.durable) return;
    this.#target("session", owner, qos, retain, subscriptionIdentifiers, owner, packetIdentifier);
  }

  /** A shared group is one target, whoever of its members gets the message. */
  #toGroup(group: SharedGroup): void {
    const member = group.pending.length === 0 ? group.choose(memberTakes) : undefined;
    const published = this.#message.qos as 1 | 2;
    if (member === undefined) {
      const number = group.durable ? this.#takeNumber() : 0;
      if (group.durable) {
        this.#wait(group, group.name, number);
        this.#target("group", group.number, published, this.#message.retain, [], 0, 0);
      } else {
        const delivery = {
          message: this.#keep(),
          qos: published,
          retain: this.#message.retain,
          subscriptionIdentifiers: noSubscriptionIdentifiers,
          kept: this.#hasRows(),
        };
        enqueue(this.#state, group, group.name, delivery, this.#bytes);
      }
      return;
    }
    // [MQTT-4.8.2-3]
    const qos = effectiveQoS(published, member.subscription.qos);
    if (qos === 0) {
      sendToMember(this.#state, this.#transmission, member);
      return;
    }
    const { session, subscription } = member;
    const retain = subscription.retainAsPublished && this.#message.retain;
    const identifiers = identifiersOf(member);
    if (
      session.connection !== undefined &&
      this.#transmission.isTooLarge(session.connection, qos, retain, identifiers)
    ) {
      this.#state.counters.publishDropped += 1;
      return;
    }
    const number = group.durable ? this.#takeNumber() : 0;
    const message = group.durable ? undefined : this.#keep();
    const packetIdentifier = this.#start(session, group.number, number, message, qos, retain, identifiers);
    if (!group.durable) return;
    this.#target("group", group.number, qos, this.#message.retain, [], session.number, packetIdentifier);
  }

  /** It goes out at once: it is in flight from here on. */
  #start(
    session: Session,
    owner: number,
    number: number,
    message: Message | undefined,
    qos: 1 | 2,
    retain: boolean,
    subscriptionIdentifiers: readonly number[],
  ): number {
    // [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT311-2.3.1-4]
    const packetIdentifier = session.sender.takePacketIdentifier();
    const entry: InFlight = {
      packetIdentifier,
      owner,
      number,
      message,
      qos,
      retain,
      subscriptionIdentifiers,
      stage: "published",
      counted: false,
    };
    // [MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT311-4.3.2-1] [MQTT311-4.3.3-1]
    session.sender.start(entry);
    this.#state.counters.queuedMessages += 1;
    this.#started.push({ session, entry });
    return packetIdentifier;
  }

  #wait(owner: Session | SharedGroup, name: string, number: number): void {
    this.#keep();
    this.#waiting = true;
    enqueue(this.#state, owner, name, number, this.#bytes);
  }

  #target(
    kind: Target["kind"],
    owner: number,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[],
    session: number,
    packetIdentifier: number,
  ): void {
    const bound = packetIdentifier === 0 ? 0 : session;
    this.#targets.push({
      kind,
      owner,
      qos,
      retain,
      subscriptionIdentifiers,
      session: bound,
      packetIdentifier,
      stage: "published",
    });
  }

  /** Whether it has rows in the open commit, or will have when this call is over. */
  #hasRows(): boolean {
    const { sessions, groups } = this.#routes;
    this.#rows ??=
      this.#kept || sessions.some(({ session }) => session.durable) || groups.some(({ durable }) => durable);
    return this.#rows;
  }

  #takeNumber(): number {
    if (this.#number === 0) {
      this.#state.lastNumber += 1;
      this.#number = this.#state.lastNumber;
    }
    return this.#number;
  }

  /** The copy that outlives this call, made once. */
  #keep(): Message {
    if (this.#body === undefined) {
      this.#body = keep(this.#message);
      this.#bytes = messageBytes(this.#body);
    }
    return this.#body;
  }

  #persist(): void {
    const kept: KeepMessage = {
      kind: "keepMessage",
      number: this.#number,
      message: this.#keep(),
      targets: this.#targets,
    };
    this.#state.outbox.persist(kept);
    if (this.#waiting) this.#state.cache.add(kept);
    this.#kept = true;
  }

  #send(session: Session, entry: InFlight): void {
    const connection = session.connection;
    if (connection === undefined) return;
    const { qos, retain, subscriptionIdentifiers, packetIdentifier } = entry;
    // [MQTT-3.3.1-3] [MQTT-4.3.2-2] [MQTT-4.3.3-2] [MQTT311-3.3.1-3]
    this.#transmission.send(
      this.#state,
      connection,
      qos,
      retain,
      subscriptionIdentifiers,
      packetIdentifier,
      false,
      this.#kept,
    );
  }
}
