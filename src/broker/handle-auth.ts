import type { Auth } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { copyBytes } from "../session/message.ts";
import type { Verdict } from "./authentication.ts";
import type { Connection } from "./connection.ts";
import { armConnection, validUntil } from "./connection-deadline.ts";
import { disconnect } from "./connections.ts";
import { pauseReading, send } from "./replies.ts";
import { holdOnline, takePrincipal } from "./rights.ts";
import { persistSession } from "./sessions.ts";
import type { BrokerState } from "./state.ts";

/** AUTH (§3.15, §4.12): the next step of an exchange, or the first one of a re-authentication. */
export function handleAuth(state: BrokerState, connection: Connection, auth: Auth): void {
  const { authenticationMethod, authenticationData } = auth.properties;
  const isConnected = connection.state === "Connected";
  if (connection.authenticationMethod === undefined) {
    // [MQTT-4.12.0-7]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-4.12.0-7", "AUTH without Authentication Method in CONNECT");
  }
  // [MQTT-4.12.0-5] [MQTT-4.12.1-1]
  if (authenticationMethod !== connection.authenticationMethod) {
    // [MQTT-4.12.0-5] [MQTT-4.12.1-1]
    const reasonCode = isConnected ? ReasonCode.ProtocolError : ReasonCode.BadAuthenticationMethod;
    throw new ProtocolError(reasonCode, "MQTT-4.12.0-5", "AUTH with another Authentication Method");
  }
  const opens = isConnected && connection.reauthentication === "none";
  if (connection.reauthentication === "AwaitingVerdict") {
    throw new ProtocolError(ReasonCode.ProtocolError, "4.12.1", "AUTH before the last one was answered");
  }
  const expected = opens ? ReasonCode.Reauthenticate : ReasonCode.ContinueAuthentication;
  // [MQTT-4.12.0-3] [MQTT-4.12.1-1]
  if (auth.reasonCode !== expected) {
    const statement = opens ? "MQTT-4.12.1-1" : "MQTT-4.12.0-3";
    throw new ProtocolError(ReasonCode.ProtocolError, statement, `AUTH must say 0x${expected.toString(16)} here`);
  }
  if (isConnected) {
    connection.reauthentication = "AwaitingVerdict";
  } else {
    connection.state = "AwaitingVerdict";
    pauseReading(state, connection);
  }
  state.outbox.authenticate(connection, {
    step: opens ? "reauthenticate" : "continue",
    protocolVersion: connection.protocolVersion,
    clientId: connection.clientId,
    userName: connection.connect?.userName,
    password: connection.connect?.password,
    authenticationMethod,
    authenticationData: authenticationData === undefined ? undefined : copyBytes(authenticationData),
  });
}

/** Re-authentication of a live connection (§4.12.1); a failure ends it [MQTT-4.12.1-2]. */
export function finishReauthentication(
  state: BrokerState,
  connection: Connection,
  verdict: Verdict,
  now: number,
): void {
  if (verdict.kind === "continue") {
    connection.reauthentication = "AwaitingAuth";
    sendAuth(state, connection, ReasonCode.ContinueAuthentication, verdict.authenticationData);
    return;
  }
  connection.reauthentication = "none";
  if (verdict.kind === "refuse") {
    disconnect(state, connection, ReasonCode.NotAuthorized, verdict.reasonString, now);
    return;
  }
  const { principal, authenticationData, validMilliseconds } = verdict;
  if (principal.name !== connection.principal?.name || principal.tenant !== connection.principal.tenant) {
    disconnect(state, connection, ReasonCode.NotAuthorized, "Re-authentication as somebody else", now);
    return;
  }
  connection.principal = principal;
  connection.validUntil = validUntil(validMilliseconds, now);
  armConnection(state, connection);
  sendAuth(state, connection, ReasonCode.Success, authenticationData);
  const { session } = connection;
  if (session === undefined || !takePrincipal(state, session, principal)) return;
  persistSession(state, session, 0);
  holdOnline(state, session, connection, now);
}

/** [MQTT-4.12.0-2] [MQTT-4.12.0-5] */
export function sendAuth(
  state: BrokerState,
  connection: Connection,
  reasonCode: typeof ReasonCode.ContinueAuthentication | typeof ReasonCode.Success,
  authenticationData: Uint8Array | undefined,
): void {
  send(state, connection, {
    type: PacketType.Auth,
    reasonCode,
    properties: {
      authenticationMethod: connection.authenticationMethod,
      authenticationData,
      reasonString: undefined,
      userProperties: [],
    },
  });
}
