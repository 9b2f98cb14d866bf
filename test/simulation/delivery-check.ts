import { isOwn, type Ledger, mayBring } from "./ledger.ts";
import type { Link } from "./link.ts";
import { type MessageRecord, type SessionRecord, type SubscriptionRecord, Violation } from "./records.ts";

/** The Sessions that stand at the end: the one of each Client's last connection. */
export function standingSessions(ledger: Ledger): SessionRecord[] {
  return [...ledger.accepted.values()].flatMap(
    (connections: readonly Link[]) => connections.at(-1)?.sessionRecord ?? [],
  );
}

/**
 * No acknowledged QoS 1 or 2 message is lost to a subscription that stood before it was published and stands at the end.
 */
export function checkNothingIsLost(ledger: Ledger, now: number): void {
  for (const session of standingSessions(ledger)) {
    if (ledger.overflowed.has(session.client)) continue;
    const subscriptions = session.subscriptions.filter(
      (subscription) => isSure(subscription) && !subscription.isShared,
    );
    if (subscriptions.length === 0) continue;
    for (const message of ledger.messages.values()) {
      if (!isOwed(message, now) || isDelivered(session, message)) continue;
      const subscription = subscriptions.find(
        (candidate) => isBefore(candidate, message) && mayBring(candidate, message) && !isOwn(candidate, message),
      );
      if (subscription === undefined || subscription.qos === 0) continue;
      const { client } = session;
      const sentence = `${client} never got ${message.id}, which was acknowledged and which it subscribed to with ${subscription.topicFilter}`;
      throw new Violation(sentence, client, message.id, message.publisher);
    }
  }
}

/**
 * A message goes to one member of a shared group: at QoS 2 to no other ever, at QoS 1 to one at least. It goes to nobody
 * only if a member that had it is gone.
 */
export function checkShared(ledger: Ledger, now: number): void {
  const groups = new Map<string, SubscriptionRecord[]>();
  for (const session of ledger.sessions) {
    for (const subscription of session.subscriptions) {
      if (!subscription.isShared) continue;
      const members = groups.get(subscription.topicFilter);
      if (members === undefined) groups.set(subscription.topicFilter, [subscription]);
      else members.push(subscription);
    }
  }
  const standing = new Set(standingSessions(ledger));
  for (const [name, members] of groups) {
    if (ledger.overflowed.has(name)) continue;
    for (const message of ledger.messages.values()) checkGroup(name, members, message, standing, now);
  }
}

function checkGroup(
  name: string,
  members: readonly SubscriptionRecord[],
  message: MessageRecord,
  standing: ReadonlySet<SessionRecord>,
  now: number,
): void {
  const [first] = members;
  if (
    first === undefined ||
    message.qos === 0 ||
    !mayBring({ ...first, begun: first.begun ?? message.handed[0] }, message)
  ) {
    return;
  }
  const sessions = new Set(members.map(({ session }) => session));
  const holders = [...sessions].filter((session) => session.deliveries.has(message.id));
  const isAllQoS2 = message.qos === 2 && members.every(({ qos }) => qos === 2);
  if (isAllQoS2 && holders.length > 1) {
    const names = holders.map(({ client }) => client);
    throw new Violation(`${name} gave ${message.id} to ${names.join(" and ")} at QoS 2`, message.id, ...names);
  }
  if (holders.length > 0 || !isOwed(message, now) || members.some(({ qos }) => qos === 0)) return;
  const faithful = members.find(
    (member) => isSure(member) && standing.has(member.session) && member.session.isDurable && isBefore(member, message),
  );
  const isAnyGone = members.some((member) => !standing.has(member.session) || member.isGivenUp);
  if (faithful === undefined || (isAnyGone && message.qos === 2)) return;
  const { client } = faithful.session;
  throw new Violation(`${name} gave ${message.id} to nobody, and ${client} is its member`, message.id, client);
}

/** At QoS 1 or 2: at QoS 0 it may have been before the crash that lost it. */
function isDelivered({ deliveries }: SessionRecord, { id }: MessageRecord): boolean {
  const delivery = deliveries.get(id);
  return delivery !== undefined && delivery.first + delivery.again > 0;
}

/** It was granted, and nothing was done since to end it. */
function isSure(subscription: SubscriptionRecord): boolean {
  return subscription.isGranted && !subscription.isGivenUp;
}

function isBefore(subscription: SubscriptionRecord, message: MessageRecord): boolean {
  const [step] = message.handed;
  return step !== undefined && subscription.begun !== undefined && subscription.begun.index < step.index;
}

/** Acknowledged, and not expired on the way. */
function isOwed(message: MessageRecord, now: number): boolean {
  const { qos, acknowledgedAt, expirySeconds, handed, payload } = message;
  const [step] = handed;
  if (qos === 0 || acknowledgedAt === undefined || step === undefined || payload.length === 0) return false;
  return expirySeconds === undefined || step.at + expirySeconds * 1_000 > now;
}
