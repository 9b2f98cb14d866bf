import { sessionExpiresAt } from "../session/expiry.ts";
import type { Principal } from "./authentication.ts";
import type { PutSession } from "./mutation.ts";
import { pumpGroup } from "./pump.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";
import { heldGroups, reclaim, removeAllSubscriptions, takeBack } from "./subscriptions.ts";
import { publishWill, removeWill, scheduleWill } from "./wills.ts";

/** How often a durable Session's being online is written down, ms. */
export const aliveInterval = 5_000;

/** Writes the Session's row; `disconnectedAt` is 0 while its Client is connected. */
export function persistSession(state: BrokerState, session: Session, disconnectedAt: number): void {
  if (!session.durable) return;
  state.outbox.persist({
    kind: "putSession",
    session: session.number,
    tenant: session.tenant,
    clientId: session.clientId,
    principalName: session.principal.name,
    ...rightsOf(session.principal),
    sessionExpiryIntervalSeconds: session.sessionExpirySeconds,
    disconnectedAt,
  });
}

function rightsOf({ roles, claims }: Principal): Pick<PutSession, "principalRights"> {
  if (roles.length === 0 && (claims === undefined || claims.size === 0)) return {};
  return { principalRights: { roles, claims: [...(claims ?? [])] } };
}

/** A Network Connection begins on this Session; its clocks stop. */
export function attach(state: BrokerState, session: Session, now: number): void {
  session.expiresAt = Number.POSITIVE_INFINITY;
  state.deadlines.delete(session);
  state.counters.clientsConnected += 1;
  state.counters.clientsMaximum = Math.max(state.counters.clientsMaximum, state.counters.clientsConnected);
  persistSession(state, session, 0);
  if (session.durable) {
    // What was said before nobody was connected is too old for a crash to come.
    if (state.durableConnected === 0) state.outbox.persist({ kind: "alive", at: now });
    state.durableConnected += 1;
    state.aliveDueAt = Math.min(state.aliveDueAt, now + aliveInterval);
  }
}

/** Its members' place in shared groups: what offline ones hold comes back, and the backlog flows. */
export function rejoinGroups(state: BrokerState, session: Session): void {
  if (session.groups !== undefined) for (const group of session.groups) reclaim(state, group, session);
}

/**
 * The Network Connection of this Session ended [MQTT-3.1.2-23]. The Will is published, now or after its delay, unless
 * `keepsWill` is false; a Session without expiry ends.
 */
export function detach(state: BrokerState, session: Session, keepsWill: boolean, now: number): void {
  session.connection = undefined;
  session.sender.suspend();
  session.fetched.clear();
  state.counters.clientsConnected -= 1;
  if (session.durable) state.durableConnected -= 1;
  giveUpGroups(state, session, now);
  // [MQTT311-3.1.2-12]
  if (keepsWill) scheduleWill(state, session, now);
  else removeWill(state, session);
  if (session.sessionExpirySeconds === 0) {
    // [MQTT-4.1.0-2]
    endSession(state, session, now);
    return;
  }
  // [MQTT-3.1.2-23] [MQTT311-3.1.2-4]
  session.expiresAt = sessionExpiresAt(session.sessionExpirySeconds, now);
  armSession(state, session);
  persistSession(state, session, now);
}

/** Others of its shared groups that are online get what it did not acknowledge; so do groups that it has left. */
function giveUpGroups(state: BrokerState, session: Session, now: number): void {
  for (const group of heldGroups(state, session)) {
    const isMember = session.groups?.has(group) === true;
    const others = group.members.some((member) => member.session.connection !== undefined);
    if ((others || !isMember) && takeBack(state, session, group)) pumpGroup(state, group, now);
  }
}

/** Sets the clock of a Session without a Client: its Will, then its end. */
export function armSession(state: BrokerState, session: Session): void {
  const at = Math.min(session.willDueAt, session.expiresAt);
  if (at === Number.POSITIVE_INFINITY) state.deadlines.delete(session);
  else state.deadlines.set(session, at);
}

/** A Session's clock has come. */
export function sessionElapsed(state: BrokerState, session: Session, now: number): void {
  // [MQTT-4.1.0-1] [MQTT311-4.1.0-1] [MQTT311-4.1.0-2]
  if (session.connection !== undefined) return;
  if (session.expiresAt <= now) {
    state.counters.clientsExpired += 1;
    endSession(state, session, now);
    return;
  }
  if (session.willDueAt <= now) publishWill(state, session, now);
  armSession(state, session);
}

/**
 * The Session ends [MQTT-3.1.2-4] [MQTT-4.1.0-2]: a Will that still waits is published, subscriptions and queue are gone.
 */
export function endSession(state: BrokerState, session: Session, now: number): void {
  publishWill(state, session, now);
  for (const group of removeAllSubscriptions(state, session)) pumpGroup(state, group, now);
  // [MQTT-4.8.2-5]
  for (const entry of session.sender.inFlight.values()) {
    if (entry.owner !== session.number && entry.number > 0) {
      state.outbox.persist({ kind: "settle", number: entry.number, owner: entry.owner });
    }
  }
  state.counters.queuedMessages -= session.pending.length + session.sender.inFlight.size;
  session.pending.clear();
  state.counters.sessions -= 1;
  state.deadlines.delete(session);
  state.sliced.delete(session);
  state.sessions.delete(session.number);
  const { sessions } = state.tenant(session.tenant);
  if (sessions.get(session.clientId) === session) sessions.delete(session.clientId);
  if (session.durable) state.outbox.persist({ kind: "deleteSession", session: session.number });
}
