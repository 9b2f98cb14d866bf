import type { Packet } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { type DisconnectReasonCode, ReasonCode } from "../mqtt/reason-code.ts";
import type { Message } from "../session/message.ts";
import type { Principal, Verdict } from "./authentication.ts";
import type { Broker, FetchedMessage } from "./broker.ts";
import { Connection } from "./connection.ts";
import { connectedElapsed } from "./connection-deadline.ts";
import { closeConnection, disconnect, failConnection, leaveConnection } from "./connections.ts";
import type { Counters } from "./counters.ts";
import { handlePuback, handlePubcomp, handlePubrec, handlePubrel } from "./handle-acknowledgement.ts";
import { handleAuth } from "./handle-auth.ts";
import { handleConnect, handleVerdict } from "./handle-connect.ts";
import { handleDisconnect } from "./handle-disconnect.ts";
import { handlePublish } from "./handle-publish.ts";
import { handleSubscribe } from "./handle-subscribe.ts";
import { handleUnsubscribe } from "./handle-unsubscribe.ts";
import { Inspection } from "./inspection.ts";
import type { Capabilities, Limits, QueueOverflow } from "./limits.ts";
import type { Recovered } from "./mutation.ts";
import type { Outbox, Ticket } from "./outbox.ts";
import type { Policy } from "./policy.ts";
import { refusalOf } from "./publish-checks.ts";
import { publish, withMessageExpiry } from "./publishing.ts";
import { pump, pumpGroup } from "./pump.ts";
import { queueRefusalOf } from "./queue-refusal.ts";
import type { Owner } from "./queues.ts";
import { Recovery } from "./recovery.ts";
import { type Lost, replay } from "./replay.ts";
import { resumeReading, send } from "./replies.ts";
import { expireRetained, sendRetained } from "./retained.ts";
import { changePolicy, holdOnlineToPolicy } from "./rights.ts";
import { Session } from "./session.ts";
import { aliveInterval, sessionElapsed } from "./sessions.ts";
import { BrokerState } from "./state.ts";

/** What a broker is made with. */
export interface BrokerOptions {
  readonly outbox: Outbox;
  readonly policy: Policy;
  readonly limits: Limits;
  readonly capabilities: Capabilities;
  /** `drop-oldest` when it is left out. */
  readonly queueOverflow?: QueueOverflow | undefined;
  /** Unique words for assigned Client Identifiers; randomness is the shell's [MQTT-3.1.3-6]. */
  readonly uniqueId: () => string;
  /** Response Information (§3.1.2.11.6), `%c` for the Client Identifier and `%u` for the Principal; undefined sends none. */
  readonly responseInformation: string | undefined;
  /** What is kept stays in memory too, so it counts there. */
  readonly storeIsInMemory?: boolean;
}

/** The protocol core: pure, synchronous, told everything by its verbs. */
export function createBroker(options: BrokerOptions): Broker {
  return new BrokerCore(new BrokerState(options));
}

class BrokerCore implements Broker {
  readonly #state: BrokerState;
  #recovery: Recovery | undefined = undefined;

  constructor(state: BrokerState) {
    this.#state = state;
  }

  get counters(): Counters {
    return this.#state.counters;
  }

  inspect(tenant: number): Inspection {
    return new Inspection(this.#state, tenant);
  }

  recover(rows: readonly Recovered[]): void {
    this.#recovery ??= new Recovery(this.#state);
    this.#recovery.apply(rows);
  }

  recovered(now: number): void {
    this.#recovery?.finish(now);
    this.#recovery = undefined;
  }

  opened(connection: Connection, now: number): void {
    const state = this.#state;
    state.connections.add(connection);
    state.counters.connectionsOpen += 1;
    connection.lastReceivedAt = now;
    state.deadlines.set(connection, now + (connection.limits ?? state.limits).connectTimeoutSeconds * 1_000);
  }

  received(connection: Connection, packet: Packet, now: number): void {
    this.#state.counters.packetsReceived += 1;
    connection.lastReceivedAt = now;
    try {
      const { session } = connection;
      if (session === undefined) this.#receivedBeforeSession(connection, packet, now);
      else this.#receivedConnected(connection, session, packet, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      failConnection(this.#state, connection, error, now);
    }
  }

  #receivedBeforeSession(connection: Connection, packet: Packet, now: number): void {
    const state = this.#state;
    // [MQTT-3.1.4-6] [MQTT311-3.1.4-5]
    if (connection.state === "Closed") return;
    if (packet.type === PacketType.Connect) {
      handleConnect(state, connection, packet);
      return;
    }
    if (connection.state === "AwaitingAuth") {
      if (packet.type === PacketType.Auth) {
        handleAuth(state, connection, packet);
        return;
      }
      if (packet.type === PacketType.Disconnect) {
        handleDisconnect(state, connection, packet, now);
        return;
      }
      // [MQTT-3.1.2-30]
      throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.1.2-30", "Only AUTH or DISCONNECT before CONNACK");
    }
    // [MQTT-3.1.0-1] [MQTT311-3.1.0-1]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.1.0-1", "The first packet must be CONNECT");
  }

  #receivedConnected(connection: Connection, session: Session, packet: Packet, now: number): void {
    const state = this.#state;
    switch (packet.type) {
      case PacketType.Publish:
        handlePublish(state, connection, session, packet, now);
        return;
      case PacketType.Puback:
        handlePuback(state, session, packet, now);
        return;
      case PacketType.Pubrec:
        handlePubrec(state, connection, session, packet, now);
        return;
      case PacketType.Pubrel:
        handlePubrel(state, connection, session, packet);
        return;
      case PacketType.Pubcomp:
        handlePubcomp(state, session, packet, now);
        return;
      case PacketType.Subscribe:
        handleSubscribe(state, connection, session, packet, now);
        return;
      case PacketType.Unsubscribe:
        handleUnsubscribe(state, connection, session, packet, now);
        return;
      case PacketType.Pingreq:
        // [MQTT-3.12.4-1] [MQTT311-3.12.4-1]
        send(state, connection, { type: PacketType.Pingresp });
        return;
      case PacketType.Disconnect:
        handleDisconnect(state, connection, packet, now);
        return;
      case PacketType.Auth:
        handleAuth(state, connection, packet);
        return;
      case PacketType.Connect:
        handleConnect(state, connection, packet);
        return;
      case PacketType.Connack:
      case PacketType.Suback:
      case PacketType.Unsuback:
      case PacketType.Pingresp:
        throw new ProtocolError(ReasonCode.ProtocolError, "2.1.2", "A packet that only a Server sends");
    }
  }

  failed(connection: Connection, error: unknown, now: number): void {
    failConnection(this.#state, connection, error, now);
  }

  closed(connection: Connection, now: number): void {
    if (connection.state === "Closed") return;
    const reason = "The network connection was lost";
    leaveConnection(this.#state, connection, true, ReasonCode.UnspecifiedError, reason, now);
  }

  drained(connection: Connection, now: number): void {
    if (connection.state === "Closed") return;
    connection.hasRoom = true;
    if (connection.session === undefined) return;
    resumeReading(this.#state, connection);
    pump(this.#state, connection.session, now);
  }

  verdict(connection: Connection, verdict: Verdict, now: number): void {
    handleVerdict(this.#state, connection, verdict, now);
  }

  fetched(number: number, messages: readonly (FetchedMessage | undefined)[], now: number): void {
    const session = this.#state.sessions.get(number);
    if (session !== undefined) {
      if (session.connection === undefined) session.fetching = undefined;
      else takeFetched(session, messages);
      pump(this.#state, session, now);
      if (session.pending.length === 0 && session.sender.resend.length === 0) session.fetched.clear();
      return;
    }
    const group = this.#state.groups.get(number);
    if (group === undefined) return;
    takeFetched(group, messages);
    pumpGroup(this.#state, group, now);
    if (group.pending.length === 0) group.fetched.clear();
  }

  publish(principal: Principal | undefined, message: Message, ticket: Ticket | undefined, now: number): void {
    const state = this.#state;
    const tenant = principal?.tenant ?? 0;
    const refusal = refusalOf(state, principal, tenant, message) ?? queueRefusalOf(state, tenant, message, undefined);
    if (refusal !== undefined) {
      state.counters.publishRefused += 1;
      if (ticket !== undefined) state.outbox.confirmAfterCommit(ticket, refusal.reasonCode);
      return;
    }
    const lasting = withMessageExpiry(state, message, now);
    const { matched } = publish(state, tenant, lasting, undefined, false, now);
    const reasonCode = matched ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers;
    if (ticket !== undefined) state.outbox.confirmAfterCommit(ticket, reasonCode);
  }

  replay(tenant: number, lost: Lost, ticket: Ticket, now: number): string | undefined {
    return replay(this.#state, tenant, lost, ticket, now);
  }

  disconnect(
    tenant: number,
    clientId: string,
    reasonCode: DisconnectReasonCode,
    reasonString: string | undefined,
    now: number,
  ): boolean {
    const connection = this.#state.tenant(tenant).sessions.get(clientId)?.connection;
    if (connection === undefined) return false;
    disconnect(this.#state, connection, reasonCode, reasonString, now);
    return true;
  }

  disconnectConnection(
    connection: Connection,
    reasonCode: DisconnectReasonCode,
    reasonString: string | undefined,
    now: number,
  ): void {
    if (connection.state === "Connected") disconnect(this.#state, connection, reasonCode, reasonString, now);
    else if (connection.state !== "Closed") closeConnection(this.#state, connection);
  }

  disconnectPrincipals(
    tenant: number,
    names: ReadonlySet<string>,
    reasonCode: DisconnectReasonCode,
    reasonString: string | undefined,
    now: number,
  ): number {
    const state = this.#state;
    const theirs = [...state.connections].filter(({ principal }) => {
      return principal !== undefined && principal.tenant === tenant && names.has(principal.name);
    });
    for (const connection of theirs) disconnect(state, connection, reasonCode, reasonString, now);
    return theirs.length;
  }

  policyChanged(policy: Policy, now: number): void {
    changePolicy(this.#state, policy);
    holdOnlineToPolicy(this.#state, now);
  }

  storeState(storeState: "ready" | "refusing", _now: number): void {
    this.#state.refusing = storeState === "refusing";
  }

  drain(serverReference: string | undefined, now: number): void {
    const state = this.#state;
    state.draining = true;
    state.serverReference = serverReference;
    const reasonCode = serverReference === undefined ? ReasonCode.ServerShuttingDown : ReasonCode.UseAnotherServer;
    for (const connection of [...state.connections]) {
      if (connection.session === undefined) closeConnection(state, connection);
      else disconnect(state, connection, reasonCode, undefined, now, serverReference);
    }
  }

  elapsed(now: number): void {
    const state = this.#state;
    for (let step = 0; step < state.limits.sliceMax; step += 1) {
      const key = state.deadlines.take(now);
      if (key === undefined) break;
      if (key instanceof Session) sessionElapsed(state, key, now);
      else if (key instanceof Connection) this.#connectionElapsed(key, now);
      else expireRetained(state, key);
    }
    this.#sendSliced(now);
    if (state.unchecked.size > 0) holdOnlineToPolicy(state, now);
    if (state.aliveDueAt <= now) this.#sayAlive(now);
  }

  nextDeadline(): number {
    const state = this.#state;
    if (state.sliced.size > 0 || state.unchecked.size > 0) return 0;
    return Math.min(state.deadlines.next(), state.aliveDueAt);
  }

  /** One slice for all of them, in turn: thousands with a slice of their own each would be a stall. */
  #sendSliced(now: number): void {
    const state = this.#state;
    const budget = { steps: state.limits.sliceMax };
    for (const session of state.sliced) {
      if (budget.steps <= 0) return;
      sendRetained(state, session, now, budget);
    }
  }

  #connectionElapsed(connection: Connection, now: number): void {
    if (connection.state === "Connected") connectedElapsed(this.#state, connection, now);
    else closeConnection(this.#state, connection);
  }

  /** When the process is killed, this is when those that are online now disconnected. */
  #sayAlive(now: number): void {
    const state = this.#state;
    const isNeeded = state.durableConnected > 0;
    if (isNeeded) state.outbox.persist({ kind: "alive", at: now });
    state.aliveDueAt = isNeeded ? now + aliveInterval : Number.POSITIVE_INFINITY;
  }
}

/** What came before and was not used is asked for again where it is still wanted: no more is kept than one fetch brings. */
function takeFetched(owner: Owner, messages: readonly (FetchedMessage | undefined)[]): void {
  owner.fetched.clear();
  owner.fetching?.forEach((number, index) => {
    owner.fetched.set(number, messages[index]);
  });
  owner.fetching = undefined;
}
