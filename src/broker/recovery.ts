import { sessionExpiresAt } from "../session/expiry.ts";
import { IdentifierSet } from "../session/identifier-set.ts";
import { identifiersOf } from "./deliver.ts";
import type { PrincipalRights, PutSession, QueuedMessage, Recovered, Target } from "./mutation.ts";
import { settle } from "./queues.ts";
import { storeRetained } from "./retained.ts";
import { Session } from "./session.ts";
import { aliveInterval, armSession, endSession, persistSession } from "./sessions.ts";
import type { SharedGroup } from "./shared-group.ts";
import type { BrokerState } from "./state.ts";
import { restoreSubscription } from "./subscriptions.ts";
import { restoreWill } from "./wills.ts";

/**
 * Brings back what a store kept, batch after batch, before the first Network Connection. Rows of Sessions and groups
 * that are no more are passed over.
 */
export class Recovery {
  readonly #state: BrokerState;
  /** Their Client was connected when the process ended. */
  readonly #connected: Session[] = [];
  #aliveAt = 0;

  constructor(state: BrokerState) {
    this.#state = state;
  }

  apply(rows: readonly Recovered[]): void {
    for (const row of rows) this.#apply(row);
  }

  /**
   * All was brought back: the clocks of the Sessions go on as if they had never stopped. Those that were connected lost
   * their connection some time after we last said that we are alive; the latest that can be, so that no Session ends and
   * no Will is published before its time.
   */
  finish(now: number): void {
    const state = this.#state;
    for (const session of this.#connected) {
      const lostAt = Math.min(now, this.#aliveAt === 0 ? now : this.#aliveAt + aliveInterval);
      session.expiresAt = sessionExpiresAt(session.sessionExpirySeconds, lostAt);
      persistSession(state, session, lostAt);
      this.#loseWill(session, lostAt);
    }
    // Before any Session ends: what that takes away is counted off.
    for (const group of state.groups.values()) state.counters.queuedMessages += group.pending.length;
    for (const session of state.sessions.values()) {
      state.counters.queuedMessages += session.pending.length + session.sender.inFlight.size;
    }
    for (const session of [...state.sessions.values()]) {
      if (session.sessionExpirySeconds === 0) endSession(state, session, now);
      else armSession(state, session);
    }
  }

  #apply(row: Recovered): void {
    const state = this.#state;
    switch (row.kind) {
      case "counters":
        state.lastNumber = row.lastNumber;
        state.lastOwner = row.lastOwner;
        break;
      case "alive":
        this.#aliveAt = row.at;
        break;
      case "putSession":
        this.#session(row);
        break;
      case "putSubscription": {
        const session = state.sessions.get(row.session);
        if (session !== undefined) restoreSubscription(state, session, row.topicFilter, row.subscription, row.group);
        break;
      }
      case "keepReceived": {
        const session = state.sessions.get(row.session);
        if (session === undefined) break;
        session.received ??= new IdentifierSet();
        session.received.add(row.packetIdentifier);
        break;
      }
      case "putWill": {
        const session = state.sessions.get(row.session);
        if (session === undefined) break;
        restoreWill(state, session, row.will);
        if (row.dueAt > 0) session.willDueAt = row.dueAt;
        break;
      }
      case "putRetained":
        storeRetained(state, row.tenant, row.message);
        break;
      case "queuedMessage":
        this.#message(row);
        break;
    }
  }

  #session(row: PutSession): void {
    const { session: number, tenant, clientId, principalName, sessionExpiryIntervalSeconds, disconnectedAt } = row;
    const { roles, claims } = row.principalRights ?? noRights;
    const principal = { tenant, name: principalName, roles, clientId, claims: new Map(claims) };
    const session = new Session(number, tenant, clientId, principal, sessionExpiryIntervalSeconds, true);
    this.#state.addSession(session);
    if (disconnectedAt === 0) this.#connected.push(session);
    else session.expiresAt = sessionExpiresAt(sessionExpiryIntervalSeconds, disconnectedAt);
  }

  /** The Will of a connection that was lost with the process [MQTT-3.1.2-8]. */
  #loseWill(session: Session, lostAt: number): void {
    const { will } = session;
    if (will === undefined) return;
    session.willDueAt = lostAt + will.delayIntervalSeconds * 1_000;
    this.#state.outbox.persist({ kind: "putWill", session: session.number, will, dueAt: session.willDueAt });
  }

  #message({ number, bytes, targets }: QueuedMessage): void {
    for (const target of targets) {
      if (target.kind === "session") this.#toSession(number, bytes, target);
      else this.#toGroup(number, bytes, target);
    }
  }

  #toSession(number: number, bytes: number, target: Target): void {
    const session = this.#state.sessions.get(target.owner);
    if (session === undefined) settle(this.#state, target.owner, number);
    else if (target.packetIdentifier === 0) session.pending.push(number, bytes);
    else recoverInFlight(session, number, target);
  }

  #toGroup(number: number, bytes: number, target: Target): void {
    const group = this.#state.groups.get(target.owner);
    const session = target.packetIdentifier === 0 ? undefined : this.#state.sessions.get(target.session);
    const isBegun = target.packetIdentifier > 0 && target.qos === 2;
    if (session !== undefined && (isBegun || group === undefined || session.groups?.has(group))) {
      recoverInFlight(session, number, group === undefined ? target : asMember(group, session, target));
    } else if (group === undefined || isBegun) {
      // Its group is no more, or its member was not durable: QoS 2 begun goes with that [MQTT-4.8.2-5].
      settle(this.#state, target.owner, number);
    } else {
      // QoS 1 of a member that is gone is for others, and its Packet Identifier is free.
      group.pending.push(number, bytes);
      if (target.packetIdentifier > 0) this.#unbind(number, target);
    }
  }

  #unbind(number: number, { owner, qos }: Target): void {
    const none = { session: 0, packetIdentifier: 0, stage: "published" } as const;
    this.#state.outbox.persist({ kind: "bindPacketIdentifier", number, owner, qos, ...none });
  }
}

/** What the row of a group does not say is the member's. */
function asMember(group: SharedGroup, session: Session, target: Target): Target {
  const member = group.members.find((candidate) => candidate.session === session);
  if (member === undefined) {
    group.former.add(session);
    return target;
  }
  const retain = target.retain && member.subscription.retainAsPublished;
  return { ...target, retain, subscriptionIdentifiers: identifiersOf(member) };
}

function recoverInFlight(session: Session, number: number, target: Target): void {
  const { packetIdentifier, owner, qos, retain, subscriptionIdentifiers, stage } = target;
  if (qos === 0) return;
  session.sender.recover({
    packetIdentifier,
    owner,
    number,
    message: undefined,
    qos,
    retain,
    subscriptionIdentifiers,
    stage,
    counted: false,
  });
}

const noRights: PrincipalRights = { roles: [], claims: [] };
