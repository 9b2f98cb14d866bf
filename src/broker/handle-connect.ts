import { noConnackProperties } from "../mqtt/connack.ts";
import type { Connect } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { type ConnackReasonCode, ReasonCode, reasonCodeName } from "../mqtt/reason-code.ts";
import { textLength } from "../mqtt/writer.ts";
import { grantedSessionExpirySeconds } from "../session/expiry.ts";
import { copyBytes } from "../session/message.ts";
import { InboundTopicAliases, OutboundTopicAliases } from "../session/topic-aliases.ts";
import { topicNameProblem } from "../topics/topic-name.ts";
import type { Acceptance, Principal, Verdict } from "./authentication.ts";
import type { Connection } from "./connection.ts";
import { armConnection, validUntil } from "./connection-deadline.ts";
import { disconnect, leaveConnection, refuseConnection } from "./connections.ts";
import { finishReauthentication, sendAuth } from "./handle-auth.ts";
import { willRefusal } from "./policy.ts";
import { pump } from "./pump.ts";
import { pauseReading, promise, resumeReading } from "./replies.ts";
import { holdToPolicy, takePrincipal } from "./rights.ts";
import type { Session } from "./session.ts";
import { attach, endSession, rejoinGroups, sessionElapsed } from "./sessions.ts";
import type { BrokerState } from "./state.ts";
import { keepWill, removeWill, setWill, willsAreFull } from "./wills.ts";

/** CONNECT (§3.1): checked, then asked who it is. */
export function handleConnect(state: BrokerState, connection: Connection, connect: Connect): void {
  // [MQTT-3.2.0-2] [MQTT311-3.1.0-2]
  if (connection.state !== "AwaitingConnect") {
    // [MQTT-3.1.0-2]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.1.0-2", "A second CONNECT on one Network Connection");
  }
  connection.protocolVersion = connect.protocolVersion;
  connection.connect = keepConnect(connect);
  // [MQTT-3.1.3-6] [MQTT311-3.1.3-6]
  connection.clientId = connect.clientId === "" ? state.uniqueId() : connect.clientId;
  connection.maximumPacketSize = connect.properties.maximumPacketSize ?? connection.maximumPacketSize;
  connection.requestProblemInformation = connect.properties.requestProblemInformation ?? true;
  const refusal = refusalOf(state, connect);
  if (refusal !== undefined) {
    refuseConnection(state, connection, refusal[0], refusal[1], state.serverReference);
    return;
  }
  const { authenticationMethod, authenticationData } = connection.connect.properties;
  connection.authenticationMethod = authenticationMethod;
  connection.state = "AwaitingVerdict";
  pauseReading(state, connection);
  state.outbox.authenticate(connection, {
    step: "connect",
    protocolVersion: connection.protocolVersion,
    clientId: connection.clientId,
    userName: connect.userName,
    password: connection.connect.password,
    authenticationMethod,
    authenticationData,
  });
}

/** What may outlive the call is copied out of the received chunk. */
function keepConnect(connect: Connect): Connect {
  const { password, properties } = connect;
  const { authenticationData } = properties;
  return {
    ...connect,
    will: connect.will === undefined ? undefined : keepWill(connect.will),
    password: password === undefined ? undefined : copyBytes(password),
    properties: {
      ...properties,
      authenticationData: authenticationData === undefined ? undefined : copyBytes(authenticationData),
    },
  };
}

/** The checks before anybody is asked, in this order [MQTT-3.1.4-2]. */
function refusalOf(state: BrokerState, connect: Connect): readonly [ConnackReasonCode, string] | undefined {
  const { limits, capabilities, counters } = state;
  if (state.draining) {
    const code = state.serverReference === undefined ? ReasonCode.ServerUnavailable : ReasonCode.UseAnotherServer;
    return [code, "The server is shutting down"];
  }
  if (state.refusing) return [ReasonCode.ServerUnavailable, "The store takes nothing new"];
  if (counters.connectionsOpen > limits.connectionsMax) {
    return [ReasonCode.QuotaExceeded, `More than ${limits.connectionsMax} connections (connectionsMax)`];
  }
  const { clientId, will } = connect;
  // [MQTT311-3.1.3-7]
  if (clientId === "" && connect.protocolVersion === ProtocolVersion.V311 && !connect.cleanStart) {
    // [MQTT311-3.1.3-8]
    return [ReasonCode.ClientIdentifierNotValid, "An empty Client Identifier needs Clean Session 1"];
  }
  // [MQTT-3.1.3-5] [MQTT311-3.1.3-5] [MQTT311-3.1.3-9]
  if (textLength(clientId) > limits.clientIdBytesMax) {
    // [MQTT-3.1.3-8]
    return [ReasonCode.ClientIdentifierNotValid, `Longer than ${limits.clientIdBytesMax} bytes (clientIdBytesMax)`];
  }
  if (will === undefined) return undefined;
  // [MQTT-3.2.2-12]
  if (will.qos > capabilities.maximumQoS) return [ReasonCode.QoSNotSupported, "The Will's QoS is above Maximum QoS"];
  // [MQTT-3.2.2-13]
  if (will.retain && !capabilities.retainAvailable) return [ReasonCode.RetainNotSupported, "Retain is not available"];
  const problem = topicNameProblem(will.topicName, limits);
  if (problem !== undefined) return [ReasonCode.TopicNameInvalid, `Will Topic: ${problem}`];
  if (will.topicName.startsWith("$")) {
    return [ReasonCode.TopicNameInvalid, "Will Topic: topics that begin with $ are the server's"];
  }
  return undefined;
}

/** The answer to `authenticate`: the Session stands, or there is one more step, or none. */
export function handleVerdict(state: BrokerState, connection: Connection, verdict: Verdict, now: number): void {
  if (connection.state === "Connected" && connection.reauthentication === "AwaitingVerdict") {
    finishReauthentication(state, connection, verdict, now);
    return;
  }
  if (connection.state !== "AwaitingVerdict" || connection.connect === undefined) return;
  switch (verdict.kind) {
    case "refuse": {
      const { reasonCode, reasonString, serverReference } = verdict;
      // [MQTT-4.12.0-4]
      refuseConnection(state, connection, reasonCode, reasonString ?? reasonCodeName(reasonCode), serverReference);
      return;
    }
    case "continue":
      connection.state = "AwaitingAuth";
      sendAuth(state, connection, ReasonCode.ContinueAuthentication, verdict.authenticationData);
      resumeReading(state, connection);
      return;
    case "accept":
      accept(state, connection, connection.connect, verdict, now);
      return;
  }
}

/** We know who it is: the Session is found or made, and CONNACK promises it (§3.1.4). */
function accept(
  state: BrokerState,
  connection: Connection,
  connect: Connect,
  { principal, authenticationData, validMilliseconds }: Acceptance,
  now: number,
): void {
  if (state.draining || state.refusing) {
    refuseConnection(state, connection, ReasonCode.ServerUnavailable, "The server takes nothing new");
    return;
  }
  const refusal = connect.will === undefined ? undefined : willRefusal(state.policy, principal, connect.will);
  if (refusal !== undefined) {
    const { reasonCode, reasonString } = refusal;
    refuseConnection(state, connection, reasonCode, `Will: ${reasonString}`, undefined, refusal);
    return;
  }
  // [MQTT-3.1.3-2] [MQTT311-3.1.3-2]
  const existing = state.tenant(principal.tenant).sessions.get(connection.clientId);
  if (existing !== undefined && existing.principal.name !== principal.name) {
    refuseConnection(
      state,
      connection,
      ReasonCode.NotAuthorized,
      "The Session of this Client Identifier is another account's",
    );
    return;
  }
  if (existing === undefined && state.counters.sessions >= state.limits.sessionsMax) {
    const reason = `More than ${state.limits.sessionsMax} sessions (sessionsMax)`;
    refuseConnection(state, connection, ReasonCode.QuotaExceeded, reason);
    return;
  }
  if (connect.will !== undefined && willsAreFull(state, existing, connect.will)) {
    const reason = `Wills of more than ${state.limits.willBytesMax} bytes (willBytesMax)`;
    refuseConnection(state, connection, ReasonCode.QuotaExceeded, reason);
    return;
  }
  connection.principal = principal;
  const resumed = takeOver(state, existing, connect.cleanStart, now);
  const session = resumed ?? createSession(state, connection, connect, principal);
  takePrincipal(state, session, principal);
  connection.state = "Connected";
  connection.connect = undefined;
  connection.session = session;
  session.connection = connection;
  session.sessionExpirySeconds = expiryOf(state, connect);
  negotiate(state, connection, connect);
  attach(state, session, now);
  setWill(state, session, connect.will);
  session.sender.resume(Math.min(connection.receiveMaximum, state.limits.inFlightMax));
  connection.lastReceivedAt = now;
  connection.validUntil = validUntil(validMilliseconds, now);
  armConnection(state, connection);
  // [MQTT-3.2.0-1] [MQTT311-3.2.0-1] [MQTT-3.1.4-5] [MQTT311-3.1.4-4]
  if (!welcome(state, connection, connect, session, resumed !== undefined, authenticationData)) {
    // Nothing may come before CONNACK [MQTT-3.2.0-1], and this Client takes none of its size.
    const reason = "CONNACK is larger than its Maximum Packet Size";
    leaveConnection(state, connection, true, ReasonCode.PacketTooLarge, reason, now);
    state.outbox.close(connection);
    return;
  }
  if (connection.hasRoom) resumeReading(state, connection);
  holdToPolicy(state, session);
  rejoinGroups(state, session);
  pump(state, session, now);
}

/**
 * The Session to go on with, if any. Another Network Connection of it is ended first [MQTT-3.1.4-3]; its Will goes out
 * unless the Client comes back before the delay with Clean Start 0 [MQTT-3.1.3-9].
 */
function takeOver(
  state: BrokerState,
  existing: Session | undefined,
  cleanStart: boolean,
  now: number,
): Session | undefined {
  if (existing === undefined) return undefined;
  // Its clock may have come and not been looked at yet: then it is too late to come back.
  sessionElapsed(state, existing, now);
  if (state.sessions.get(existing.number) !== existing) return undefined;
  if (existing.connection !== undefined) {
    // [MQTT-3.1.4-3] [MQTT311-3.1.4-2]
    disconnect(state, existing.connection, ReasonCode.SessionTakenOver, undefined, now);
    // Without expiry the Session ended with its connection.
    if (existing.sessionExpirySeconds === 0) return undefined;
  }
  // [MQTT-3.1.4-4] [MQTT311-3.1.4-3] [MQTT311-3.1.2-6]
  if (cleanStart) {
    // [MQTT-3.1.2-4]
    endSession(state, existing, now);
    return undefined;
  }
  // [MQTT-3.1.3-9]
  removeWill(state, existing);
  // [MQTT-3.1.2-5] [MQTT311-3.1.2-4] [MQTT311-3.2.2-2]
  return existing;
}

/** [MQTT-3.1.2-6] */
function createSession(state: BrokerState, connection: Connection, connect: Connect, principal: Principal): Session {
  return state.createSession(connection.clientId, principal, expiryOf(state, connect));
}

function expiryOf(state: BrokerState, connect: Connect): number {
  return grantedSessionExpirySeconds(
    connect.protocolVersion,
    connect.cleanStart,
    connect.properties.sessionExpiryIntervalSeconds,
    state.limits.sessionExpirySecondsMax,
  );
}

/** What the Client asked for, for this Network Connection. */
function negotiate(state: BrokerState, connection: Connection, connect: Connect): void {
  const { limits } = state;
  const { receiveMaximum, topicAliasMaximum } = connect.properties;
  connection.receiveMaximum = receiveMaximum ?? connection.receiveMaximum;
  connection.keepAliveMilliseconds = grantedKeepAliveSeconds(state, connect) * 1_000;
  if (limits.topicAliasMaximum === 0 || connect.protocolVersion === ProtocolVersion.V311) return;
  connection.inboundTopicAliases = new InboundTopicAliases(limits.topicAliasMaximum);
  // [MQTT-3.1.2-26] [MQTT-3.1.2-27]
  const outbound = Math.min(topicAliasMaximum ?? 0, limits.topicAliasMaximum);
  if (outbound > 0) connection.outboundTopicAliases = new OutboundTopicAliases(outbound);
}

/** What the Client asked for, unless we bound it (§3.2.2.3.14); 3.1.1 cannot be told, so it keeps its own. */
function grantedKeepAliveSeconds(state: BrokerState, connect: Connect): number {
  const { keepAliveSecondsMax } = state.limits;
  const asked = connect.keepAliveSeconds;
  if (connect.protocolVersion === ProtocolVersion.V311 || keepAliveSecondsMax === 65_535) return asked;
  return asked === 0 || asked > keepAliveSecondsMax ? keepAliveSecondsMax : asked;
}

/**
 * CONNACK with everything that differs from what the Client asked for or may assume (§3.2.2.3) [MQTT-3.1.4-5]; false when
 * the Client takes no packet of its size.
 */
function welcome(
  state: BrokerState,
  connection: Connection,
  connect: Connect,
  session: Session,
  sessionPresent: boolean,
  authenticationData: Uint8Array | undefined,
): boolean {
  const { limits, capabilities, outbox } = state;
  const asked = connect.properties.sessionExpiryIntervalSeconds ?? 0;
  const keepAlive = connection.keepAliveMilliseconds / 1_000;
  const isOffered = (available: boolean): false | undefined => (available ? undefined : false);
  const properties = {
    ...noConnackProperties,
    sessionExpiryIntervalSeconds: session.sessionExpirySeconds === asked ? undefined : session.sessionExpirySeconds,
    receiveMaximum: limits.receiveMaximum,
    // [MQTT-3.2.2-9]
    maximumQoS: capabilities.maximumQoS === 2 ? undefined : capabilities.maximumQoS,
    retainAvailable: isOffered(capabilities.retainAvailable),
    maximumPacketSize: (connection.limits ?? limits).packetBytesMax,
    // [MQTT-3.1.3-7] [MQTT-3.2.2-16]
    assignedClientId: connect.clientId === "" ? connection.clientId : undefined,
    topicAliasMaximum: limits.topicAliasMaximum,
    wildcardSubscriptionAvailable: isOffered(capabilities.wildcardSubscriptionAvailable),
    subscriptionIdentifierAvailable: isOffered(capabilities.subscriptionIdentifierAvailable),
    sharedSubscriptionAvailable: isOffered(capabilities.sharedSubscriptionAvailable),
    // [MQTT-3.2.2-22]
    serverKeepAliveSeconds: keepAlive === connect.keepAliveSeconds ? undefined : keepAlive,
    // [MQTT-3.1.2-28]
    responseInformation: connect.properties.requestResponseInformation
      ? responseInformation(state, connection)
      : undefined,
    // [MQTT-4.12.0-5] [MQTT-4.12.0-6]
    authenticationMethod: connection.authenticationMethod,
    authenticationData: connection.authenticationMethod === undefined ? undefined : authenticationData,
  };
  // [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT311-3.2.2-1] [MQTT311-3.2.2-2] [MQTT311-3.2.2-3]
  const packet = { type: PacketType.Connack, sessionPresent, reasonCode: ReasonCode.Success, properties } as const;
  // It promises what was kept, and what is gone.
  const isSent = promise(state, connection, packet);
  outbox.observe({
    kind: "connected",
    clientId: session.clientId,
    userName: session.principal.name,
    protocolVersion: connection.protocolVersion,
    sessionPresent,
  });
  return isSent;
}

function responseInformation(state: BrokerState, connection: Connection): string | undefined {
  return state.responseInformation
    ?.replaceAll("%c", () => connection.clientId)
    .replaceAll("%u", () => connection.principal?.name ?? "");
}
