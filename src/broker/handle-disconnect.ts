import type { Disconnect } from "../mqtt/packet.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode, reasonCodeName } from "../mqtt/reason-code.ts";
import type { Connection } from "./connection.ts";
import { closeConnection, leaveConnection } from "./connections.ts";
import type { BrokerState } from "./state.ts";

/** DISCONNECT from a Client (§3.14): it goes; its Will stays behind unless it said Normal disconnection. */
export function handleDisconnect(
  state: BrokerState,
  connection: Connection,
  disconnect: Disconnect,
  now: number,
): void {
  const { session } = connection;
  if (session === undefined) {
    // Instead of an AUTH: the exchange is given up [MQTT-3.1.2-30].
    closeConnection(state, connection);
    return;
  }
  const expiry = disconnect.properties.sessionExpiryIntervalSeconds;
  if (expiry !== undefined) {
    if (session.sessionExpirySeconds === 0 && expiry > 0) {
      throw new ProtocolError(
        ReasonCode.ProtocolError,
        "3.14.2.2.2",
        "Session Expiry Interval of 0 in CONNECT cannot be changed in DISCONNECT",
      );
    }
    session.sessionExpirySeconds = Math.min(expiry, state.limits.sessionExpirySecondsMax);
  }
  // [MQTT-3.14.4-3] [MQTT-3.1.2-10] [MQTT311-3.14.4-3]
  const keepsWill = disconnect.reasonCode !== ReasonCode.Success;
  const reason = disconnect.properties.reasonString ?? reasonCodeName(disconnect.reasonCode);
  // [MQTT311-3.14.4-2]
  leaveConnection(state, connection, keepsWill, disconnect.reasonCode, reason, now);
  state.outbox.close(connection);
}
