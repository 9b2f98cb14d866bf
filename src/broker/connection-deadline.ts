import { ReasonCode } from "../mqtt/reason-code.ts";
import type { Connection } from "./connection.ts";
import { disconnect } from "./connections.ts";
import type { BrokerState } from "./state.ts";

/** Keep Alive is over after one and a half times its interval [MQTT-3.1.2-22]. */
const keepAliveFactor = 1.5;

/** Sets the one deadline of a connection that stands: its Keep Alive, or the end of what it authenticated with. */
export function armConnection(state: BrokerState, connection: Connection): void {
  const at = Math.min(keepAliveUntil(connection), connection.validUntil);
  if (at === Number.POSITIVE_INFINITY) state.deadlines.delete(connection);
  else state.deadlines.set(connection, at);
}

/** When what was shown stops being good, ms; Infinity for never. */
export function validUntil(validMilliseconds: number | undefined, now: number): number {
  return validMilliseconds === undefined ? Number.POSITIVE_INFINITY : now + validMilliseconds;
}

/** Its deadline has come: the Client may have spoken since it was set. */
export function connectedElapsed(state: BrokerState, connection: Connection, now: number): void {
  if (connection.validUntil <= now) {
    const reason = "What it authenticated with has expired; come back with something newer";
    disconnect(state, connection, ReasonCode.NotAuthorized, reason, now);
    return;
  }
  // [MQTT-3.1.2-22] [MQTT311-3.1.2-24]
  if (keepAliveUntil(connection) <= now) disconnect(state, connection, ReasonCode.KeepAliveTimeout, undefined, now);
  else armConnection(state, connection);
}

/** Without Keep Alive there is nothing to wait for. */
function keepAliveUntil({ keepAliveMilliseconds, lastReceivedAt }: Connection): number {
  if (keepAliveMilliseconds === 0) return Number.POSITIVE_INFINITY;
  return lastReceivedAt + keepAliveMilliseconds * keepAliveFactor;
}
