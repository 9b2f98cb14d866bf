import type { Auth } from "../mqtt/packet.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { copyBytes } from "../session/message.ts";
import type { Connection } from "./connection.ts";
import { pauseReading } from "./replies.ts";
import type { BrokerState } from "./state.ts";

/** AUTH (§3.15, §4.12): the next step of an exchange, or the first one of a re-authentication. */
export function handleAuth(state: BrokerState, connection: Connection, auth: Auth): void {
  const { authenticationMethod, authenticationData } = auth.properties;
  const isConnected = connection.state === "Connected";
  if (connection.authenticationMethod === undefined) {
    // [MQTT-4.12.0-7]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-4.12.0-7", "AUTH without Authentication Method in CONNECT");
  }
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
