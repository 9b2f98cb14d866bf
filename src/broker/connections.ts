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
import { send } from "./replies.ts";
import { detach } from "./sessions.ts";
import type { BrokerState } from "./state.ts";

/**
 * Refuses a CONNECT: CONNACK with the Reason Code, then the end [MQTT-3.1.4-2] [MQTT-3.2.2-7]. Session Present is 0
 * [MQTT-3.2.2-6].
 */
export function refuseConnection(
  state: BrokerState,
  connection: Connection,
  reasonCode: ConnackReasonCode,
  reasonString: string,
  serverReference?: string,
): void {
  const properties = { ...noConnackProperties, reasonString, serverReference };
  state.outbox.observe({ kind: "connectRefused", clientId: connection.clientId, reasonCode, reason: reasonString });
  send(state, connection, { type: PacketType.Connack, sessionPresent: false, reasonCode, properties });
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
    const packet: Disconnect = { type: PacketType.Disconnect, reasonCode, properties };
    send(state, connection, packet);
  }
  const reason = reasonString ?? reasonCodeName(reasonCode);
  leaveConnection(state, connection, true, reasonCode, reason, now);
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
    disconnect(state, connection, reasonCode as DisconnectReasonCode, reason, now);
    return;
  }
  if (isProtocolError && error.protocolVersion !== undefined) connection.protocolVersion = error.protocolVersion;
  const isConnect = connection.connect !== undefined || (isProtocolError && error.protocolVersion !== undefined);
  if (isConnect && mayAnswer(connection.protocolVersion, reasonCode)) {
    refuseConnection(state, connection, reasonCode as ConnackReasonCode, reason);
  } else {
    // [MQTT-3.1.0-1]
    closeConnection(state, connection);
  }
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
