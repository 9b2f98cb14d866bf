import { ReasonCode } from "../mqtt/reason-code.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import type { Principal } from "./authentication.ts";
import type { Connection } from "./connection.ts";
import { disconnect } from "./connections.ts";
import type { Policy } from "./policy.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";
import { addSubscription, removeSubscription } from "./subscriptions.ts";

/** Another law is in force: every Session that is online is held to it, slice by slice, the others when they come back. */
export function changePolicy(state: BrokerState, policy: Policy): void {
  state.policy = policy;
  state.policyVersion += 1;
  state.forgetRoutes();
  for (const { session } of state.connections) if (session !== undefined) state.unchecked.add(session);
}

/**
 * Holds Sessions to a new law until a slice is over. Who lost a subscription is told with DISCONNECT 0x87, so that no
 * Client waits for what will not come.
 */
export function holdOnlineToPolicy(state: BrokerState, now: number): void {
  let steps = state.limits.sliceMax;
  for (const session of state.unchecked) {
    if (steps <= 0) return;
    state.unchecked.delete(session);
    steps -= 1 + session.subscriptions.size;
    if (session.connection !== undefined) holdOnline(state, session, session.connection, now);
  }
}

/** The same for one Session, and its connection. */
export function holdOnline(state: BrokerState, session: Session, connection: Connection, now: number): void {
  const lost = holdToPolicy(state, session);
  if (lost === undefined) return;
  const reason = `The right to ${lost} was withdrawn`;
  disconnect(state, connection, ReasonCode.NotAuthorized, reason, now);
}

/**
 * Holds the subscriptions of a Session to the law, if that changed since it was done last. What may no longer be had ends;
 * what waits for the Session is then asked for message by message.
 *
 * @returns the first Topic Filter that it lost
 */
export function holdToPolicy(state: BrokerState, session: Session): string | undefined {
  if (session.policyVersion === state.policyVersion) return undefined;
  session.policyVersion = state.policyVersion;
  let lost: string | undefined;
  for (const { topicFilter, subscription } of [...session.subscriptions.values()]) {
    const parsed = parseTopicFilter(topicFilter);
    const isFiltered = state.policy.isFiltered?.(session.principal, parsed.topicFilter) ?? false;
    const isRefused = state.policy.maySubscribe(session.principal, parsed.topicFilter) !== undefined;
    if (isRefused || (isFiltered && parsed.shareName !== undefined)) {
      removeSubscription(state, session, topicFilter);
      lost ??= topicFilter;
    } else if (isFiltered !== subscription.isFiltered) {
      addSubscription(state, session, topicFilter, parsed, { ...subscription, isFiltered });
      session.hasLostRights ||= isFiltered;
    }
  }
  if (lost !== undefined) session.hasLostRights = true;
  return lost;
}

/**
 * A Session's Client came back, or authenticated again. With other rights its subscriptions are to be held to the law, and
 * what waits for it is asked for message by message.
 *
 * @returns whether it has other rights
 */
export function takePrincipal(state: BrokerState, session: Session, principal: Principal): boolean {
  const hasOthers = !hasSameRights(session.principal, principal);
  if (hasOthers) {
    session.policyVersion = 0;
    session.hasLostRights = true;
    state.forgetRoutes();
  }
  session.principal = principal;
  return hasOthers;
}

/** Whether what one may do, the other may do: a Client can come back with other roles. */
export function hasSameRights(first: Principal, second: Principal): boolean {
  if (first === second) return true;
  if (!sameTexts(first.roles, second.roles)) return false;
  const claims = first.claims ?? noClaims;
  const others = second.claims ?? noClaims;
  return claims.size === others.size && [...claims].every(([name, values]) => sameTexts(values, others.get(name)));
}

const noClaims: NonNullable<Principal["claims"]> = new Map();

function sameTexts(first: readonly string[], second: readonly string[] | undefined): boolean {
  return first.length === second?.length && first.every((text, index) => text === second[index]);
}
