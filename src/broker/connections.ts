import { noConnackProperties } from "../mqtt/connack.ts";
import type { Disconnect } from "../mqtt/packet.ts";
import { noUserProperties } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import {
  type ConnackReasonCode,
  type DisconnectReasonCode,
  isFailure,
  ReasonCode,
  reasonCodeName,
} from "../mqtt/reason-code.ts";
import type { Connection } from "./connection.ts";
import type { Refusal } from "./policy.ts";
import { send } from "./replies.ts";
import { detach } from "./sessions.ts";
import type { BrokerState } from "./state.ts";

/**
 * Refuses a CONNECT: CONNACK with the Reason Code, then the end [MQTT-3.1.4-2] [MQTT-3.2.2-7]. Session Present is 0
 * [MQTT-3.2.2-6]. `willRefusal`: it is its Will that is not allowed.
 */
export function refuseConnection(
  state: BrokerState,
  connection: Connection,
  reasonCode: ConnackReasonCode,
  reasonString: string,
  serverReference?: string,
  willRefusal?: Refusal,
): void {
  const properties = { ...noConnackProperties, reasonString, serverReference };
  const { clientId, connect } = connection;
  state.outbox.observe({
    kind: "connectRefused",
    clientId,
    userName: connect?.userName ?? "",
    reasonCode,
    reason: reasonString,
    place: willRefusal?.place ?? "",
    will: willRefusal === undefined ? undefined : connect?.will,
  });
  // [MQTT-3.2.2-6] [MQTT311-3.2.2-4]
  send(state, connection, { type: PacketType.Connack, sessionPresent: false, reasonCode, properties });
  // [MQTT-3.2.2-7] [MQTT-3.1.4-2] [MQTT311-3.2.2-5]
  closeConnection(state, connection);
}

/**
 * Ends a connection on our side. A Client of 5.0 that is connected hears why [MQTT-4.13.2-1]; 3.1.1 has no word for it.
 * The Session sees it as a lost connection: its Will is published.
 */
export function disconnect(
  state: BrokerState,
  connection: Connection,
  reasonCode: DisconnectReasonCode,
  reasonString: string | undefined,
  now: number,
  serverReference?: string,
): void {
  // [MQTT-3.14.0-1]
  if (connection.state === "Connected" && connection.protocolVersion === ProtocolVersion.V5) {
    // [MQTT-3.14.2-2]
    const properties = {
      sessionExpiryIntervalSeconds: undefined,
      reasonString,
      userProperties: noUserProperties,
      serverReference,
    };
    // [MQTT-4.13.2-1]
    const packet: Disconnect = { type: PacketType.Disconnect, reasonCode, properties };
    send(state, connection, packet);
  }
  const reason = reasonString ?? reasonCodeName(reasonCode);
  // [MQTT-3.14.4-1]
  leaveConnection(state, connection, true, reasonCode, reason, now);
  // [MQTT-3.14.4-2]
  state.outbox.close(connection);
}

/** The Network Connection is over, by whoever's doing: the Session goes on without it, or ends. */
export function leaveConnection(
  state: BrokerState,
  connection: Connection,
  keepsWill: boolean,
  reasonCode: number,
  reason: string,
  now: number,
): void {
  const { session } = connection;
  forgetConnection(state, connection);
  if (session === undefined || session.connection !== connection) return;
  connection.session = undefined;
  detach(state, session, keepsWill, now);
  state.outbox.observe({ kind: "disconnected", clientId: session.clientId, reasonCode, reason });
}

/** Ends a connection that has no Session (yet). */
export function closeConnection(state: BrokerState, connection: Connection): void {
  forgetConnection(state, connection);
  state.outbox.close(connection);
}

/**
 * A Malformed Packet or Protocol Error (§4.13), or a bug of ours: the one place where what was thrown becomes an answer
 * [MQTT-4.13.1-1].
 */
export function failConnection(state: BrokerState, connection: Connection, error: unknown, now: number): void {
  if (connection.state === "Closed") return;
  const isProtocolError = error instanceof ProtocolError;
  const reasonCode = isProtocolError ? error.reasonCode : ReasonCode.UnspecifiedError;
  const reason = isProtocolError ? error.message : "The server made a mistake";
  const statement = isProtocolError ? error.statement : "";
  state.outbox.observe({ kind: "protocolError", clientId: connection.clientId, statement, reason, reasonCode });
  if (connection.state === "Connected") {
    // [MQTT-4.13.1-1] [MQTT311-4.8.0-1]
    disconnect(state, connection, disconnectReasonCodeOf(reasonCode), reason, now);
    return;
  }
  const isFirst = connection.connect === undefined;
  const namesVersion = isProtocolError && error.protocolVersion !== undefined;
  if (isFirst && namesVersion) connection.protocolVersion = error.protocolVersion;
  if ((!isFirst || namesVersion) && mayAnswer(connection.protocolVersion, reasonCode)) {
    // [MQTT-3.1.4-1]
    refuseConnection(state, connection, reasonCode as ConnackReasonCode, reason);
  } else {
    // [MQTT-3.1.0-1] [MQTT311-3.1.4-1] [MQTT311-3.2.2-6] [MQTT311-3.1.0-1]
    closeConnection(state, connection);
  }
}

/** A second CONNECT may be of another version: DISCONNECT has no word for that, and it is wrong anyway [MQTT-3.1.0-2]. */
function disconnectReasonCodeOf(reasonCode: ReasonCode): DisconnectReasonCode {
  if (reasonCode === ReasonCode.UnsupportedProtocolVersion) return ReasonCode.ProtocolError;
  return reasonCode as DisconnectReasonCode;
}

/** 3.1.1 has a return code for few failures; a malformed CONNECT is closed without one [MQTT311-3.1.4-1]. */
function mayAnswer(protocolVersion: ProtocolVersion, reasonCode: ReasonCode): boolean {
  if (protocolVersion === ProtocolVersion.V5) return isFailure(reasonCode);
  return reasonCode === ReasonCode.UnsupportedProtocolVersion || reasonCode === ReasonCode.ClientIdentifierNotValid;
}

function forgetConnection(state: BrokerState, connection: Connection): void {
  if (connection.state === "Closed") return;
  connection.state = "Closed";
  connection.connect = undefined;
  state.deadlines.delete(connection);
  state.connections.delete(connection);
  state.counters.connectionsOpen -= 1;
}
