import { type Delivery, deliveryBytes } from "../session/pending-queue.ts";
import type { InFlight } from "../session/sender.ts";
import type { Subscription } from "../session/subscription.ts";
import { type ParsedTopicFilter, parseTopicFilter } from "../topics/topic-filter.ts";
import { bindingOf, settle } from "./queues.ts";
import type { Session, SessionSubscription } from "./session.ts";
import { SharedGroup } from "./shared-group.ts";
import type { BrokerState } from "./state.ts";
import { SubscriptionUse } from "./subscription-use.ts";

/**
 * Adds a subscription or replaces the one with the same Topic Filter [MQTT-3.8.4-3].
 *
 * @param topicFilter as the Client wrote it
 * @returns the subscription, and whether it is a new one
 */
export function addSubscription(
  state: BrokerState,
  session: Session,
  topicFilter: string,
  parsed: ParsedTopicFilter,
  subscription: Subscription,
): { readonly member: SessionSubscription; readonly isNew: boolean } {
  const replaced = session.subscriptions.get(topicFilter);
  const group =
    parsed.shareName === undefined
      ? undefined
      : (replaced?.group ?? groupNamed(state, session.tenant, topicFilter, parsed));
  // [MQTT-3.8.4-3] [MQTT311-3.8.4-3]
  if (replaced !== undefined) leave(state, replaced);
  const member: SessionSubscription = { session, topicFilter, subscription, group };
  enter(state, member, parsed);
  if (session.durable) {
    const number = group?.number ?? 0;
    state.outbox.persist({
      kind: "putSubscription",
      session: session.number,
      topicFilter,
      subscription,
      group: number,
    });
  }
  return { member, isNew: replaced === undefined };
}

/** A subscription as it was before a restart. */
export function restoreSubscription(
  state: BrokerState,
  session: Session,
  topicFilter: string,
  subscription: Subscription,
  groupNumber: number,
): void {
  const parsed = parseTopicFilter(topicFilter);
  const group =
    parsed.shareName === undefined ? undefined : groupNamed(state, session.tenant, topicFilter, parsed, groupNumber);
  enter(state, { session, topicFilter, subscription, group }, parsed);
}

function enter(state: BrokerState, member: SessionSubscription, parsed: ParsedTopicFilter): void {
  const { session, topicFilter, group } = member;
  session.subscriptions.set(topicFilter, member);
  useOf(state, session).add(parsed.topicFilter);
  if (group === undefined) {
    state.tenant(session.tenant).addRoute(parsed.topicFilter, member);
    state.counters.subscriptions += 1;
  } else {
    join(state, session, group, member);
    state.counters.sharedSubscriptions += 1;
  }
}

/** What the subscriptions of this Session count for. */
export function useOf(state: BrokerState, session: Session): SubscriptionUse {
  session.subscriptionUse ??= new SubscriptionUse(state.subscriptionTotals);
  return session.subscriptionUse;
}

/** [MQTT-3.10.4-1]: exactly this filter. What is in flight is completed, of a shared group too [MQTT-3.10.4-3]. */
export function removeSubscription(state: BrokerState, session: Session, topicFilter: string): boolean {
  // [MQTT-3.10.4-1] [MQTT311-3.10.4-1]
  const member = session.subscriptions.get(topicFilter);
  if (member === undefined) return false;
  // [MQTT-3.10.4-2] [MQTT311-3.10.4-2]
  session.subscriptions.delete(topicFilter);
  leave(state, member);
  if (member.group !== undefined) {
    // [MQTT-3.10.4-3] [MQTT311-3.10.4-3]
    if (holds(session, member.group)) member.group.former.add(session);
    endIfEmpty(state, member.group);
  }
  if (session.durable) state.outbox.persist({ kind: "deleteSubscription", session: session.number, topicFilter });
  return true;
}

/**
 * The Session ends: so do its subscriptions. What it had of its groups goes back to them.
 *
 * @returns the groups that got something back
 */
export function removeAllSubscriptions(state: BrokerState, session: Session): ReadonlySet<SharedGroup> {
  const held = heldGroups(state, session);
  for (const member of session.subscriptions.values()) leave(state, member);
  for (const group of held) {
    takeBack(state, session, group);
    group.former.delete(session);
  }
  for (const { group } of session.subscriptions.values()) if (group !== undefined) endIfEmpty(state, group);
  session.subscriptions.clear();
  return held;
}

/** The groups of which this Session has messages in flight; it may have left them. */
export function heldGroups(state: BrokerState, session: Session): ReadonlySet<SharedGroup> {
  const groups = new Set<SharedGroup>();
  for (const { owner } of session.sender.inFlight.values()) {
    const group = owner === session.number ? undefined : state.groups.get(owner);
    if (group !== undefined) groups.add(group);
  }
  return groups;
}

function holds(session: Session, group: SharedGroup): boolean {
  for (const { owner } of session.sender.inFlight.values()) if (owner === group.number) return true;
  return false;
}

/**
 * QoS 1 messages of the group that this member has and did not acknowledge return to the head of the group's queue, in
 * their order, so that others get them. QoS 2 begun stays [MQTT-4.8.2-4] [MQTT-4.8.2-5].
 *
 * @returns whether any did
 */
export function takeBack(state: BrokerState, session: Session, group: SharedGroup): boolean {
  const entries = [...session.sender.inFlight.values()].filter(
    // [MQTT-4.8.2-4]
    (entry) => entry.owner === group.number && entry.qos === 1,
  );
  for (const entry of entries.reverse()) {
    session.sender.finish(entry);
    const waiting = waitingAgain(entry);
    group.pending.unshift(waiting.entry, waiting.bytes);
    if (entry.number > 0) state.outbox.persist({ ...bindingOf(session, entry), session: 0, packetIdentifier: 0 });
  }
  return entries.length > 0;
}

/** What a message that is taken back waits as: by number when it has a row, else itself. */
function waitingAgain({ message, number }: InFlight): { readonly entry: number | Delivery; readonly bytes: number } {
  // Only what has a row is ever without its body.
  if (message === undefined) return { entry: number, bytes: 0 };
  const delivery: Delivery = { message, qos: 1, retain: message.retain, subscriptionIdentifiers: [], kept: true };
  return { entry: number > 0 ? number : delivery, bytes: deliveryBytes(delivery) };
}

/** The group of this name, a new one if there is none; `number` is the one it had before a restart. */
function groupNamed(
  state: BrokerState,
  tenant: number,
  name: string,
  parsed: ParsedTopicFilter,
  number?: number,
): SharedGroup {
  const { groups } = state.tenant(tenant);
  let group = groups.get(name);
  if (group === undefined) {
    if (number === undefined) state.lastOwner += 1;
    group = new SharedGroup(number ?? state.lastOwner, tenant, name, parsed.topicFilter);
    group.pending.sharesIn(state.queueMemory);
    groups.set(name, group);
    state.groups.set(group.number, group);
    state.tenant(tenant).addRoute(group.topicFilter, group);
  }
  return group;
}

function join(state: BrokerState, session: Session, group: SharedGroup, member: SessionSubscription): void {
  group.add(member);
  session.groups ??= new Set();
  session.groups.add(group);
  if (session.connection !== undefined) reclaim(state, group, session);
}

/** A member came online: what offline members hold of the group un-acknowledged at QoS 1 is for it to have. */
export function reclaim(state: BrokerState, group: SharedGroup, online: Session): void {
  for (const { session } of group.members) {
    if (session !== online && session.connection === undefined) takeBack(state, session, group);
  }
}

function leave(state: BrokerState, member: SessionSubscription): void {
  const { session, group, topicFilter } = member;
  useOf(state, session).remove(group?.topicFilter ?? topicFilter);
  if (group === undefined) {
    state.tenant(session.tenant).removeRoute(topicFilter, member);
    state.counters.subscriptions -= 1;
    return;
  }
  group.remove(session);
  session.groups?.delete(group);
  if (session.groups?.size === 0) session.groups = undefined;
  state.counters.sharedSubscriptions -= 1;
}

/**
 * A group without members is no more; what waited for it waits for nobody. What a former member still has in flight is
 * completed, and its rows stay for that.
 */
function endIfEmpty(state: BrokerState, group: SharedGroup): void {
  if (!group.isEmpty) return;
  const tenant = state.tenant(group.tenant);
  tenant.removeRoute(group.topicFilter, group);
  tenant.groups.delete(group.name);
  state.groups.delete(group.number);
  state.counters.queuedMessages -= group.pending.length;
  if (!group.wasDurable) {
    group.pending.clear();
    return;
  }
  if (![...group.former].some((session) => holds(session, group))) {
    state.outbox.persist({ kind: "deleteGroup", group: group.number });
    group.pending.clear();
    return;
  }
  for (let entry = group.pending.shift(); entry !== undefined; entry = group.pending.shift()) {
    if (typeof entry === "number") settle(state, group.number, entry);
  }
}
