import { noSubscriptionIdentifiers } from "../mqtt/packet.ts";
import type { QoS } from "../mqtt/packet-type.ts";
import type { Session, SessionSubscription } from "./session.ts";
import type { SharedGroup } from "./shared-group.ts";

/** What one Session gets of a Topic Name: all its matching subscriptions as one delivery (§3.3.4). */
export interface Route {
  readonly session: Session;
  /** The highest granted [MQTT-3.3.4-2]. */
  readonly qos: QoS;
  /** If any of them has it. */
  readonly retainAsPublished: boolean;
  /** Of all of them [MQTT-3.3.4-3] [MQTT-3.3.4-4]. */
  readonly subscriptionIdentifiers: readonly number[];
  /** Some of them have No Local: what the Session itself publishes goes by `own` instead [MQTT-3.8.3-3]. */
  readonly noLocal: boolean;
  /** The Route of those without No Local; undefined when nothing goes back to the publisher. */
  readonly own: Route | undefined;
}

/** Everybody who gets the messages of one Topic Name. */
export interface Routes {
  readonly sessions: readonly Route[];
  readonly groups: readonly SharedGroup[];
}

/** The Route of this Session for a message of this publisher: without No Local subscriptions for its own. */
export function routeFor(route: Route, publisher: Session | undefined): Route | undefined {
  // [MQTT-3.8.3-3]
  return route.noLocal && route.session === publisher ? route.own : route;
}

/** What the subscription trie holds: plain subscriptions, and shared groups once each. */
export type RouteEntry = SessionSubscription | SharedGroup;

/** Merges what the trie found for one Topic Name. */
export function createRoutes(entries: readonly RouteEntry[]): Routes {
  const groups: SharedGroup[] = [];
  const bySession = new Map<Session, SessionSubscription[]>();
  for (const entry of entries) {
    if (!("subscription" in entry)) {
      groups.push(entry);
      continue;
    }
    const found = bySession.get(entry.session);
    if (found === undefined) bySession.set(entry.session, [entry]);
    else found.push(entry);
  }
  const sessions: Route[] = [];
  for (const [session, subscriptions] of bySession) {
    const foreign = subscriptions.filter((entry) => !entry.subscription.noLocal);
    const noLocal = foreign.length < subscriptions.length;
    const own = noLocal && foreign.length > 0 ? createRoute(session, foreign, false, undefined) : undefined;
    sessions.push(createRoute(session, subscriptions, noLocal, own));
  }
  return { sessions, groups };
}

function createRoute(
  session: Session,
  subscriptions: readonly SessionSubscription[],
  noLocal: boolean,
  own: Route | undefined,
): Route {
  let qos: QoS = 0;
  let retainAsPublished = false;
  const identifiers: number[] = [];
  for (const { subscription } of subscriptions) {
    // [MQTT-3.3.4-2] [MQTT311-3.3.5-1]
    if (subscription.qos > qos) qos = subscription.qos;
    if (subscription.retainAsPublished) retainAsPublished = true;
    // [MQTT-3.3.4-3] [MQTT-3.3.4-4]
    if (subscription.subscriptionIdentifier !== 0) identifiers.push(subscription.subscriptionIdentifier);
  }
  return {
    session,
    qos,
    retainAsPublished,
    subscriptionIdentifiers: identifiers.length === 0 ? noSubscriptionIdentifiers : identifiers,
    noLocal,
    own,
  };
}
