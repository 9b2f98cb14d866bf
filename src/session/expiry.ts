import { fourByteMax } from "../mqtt/limits.ts";
import { ProtocolVersion } from "../mqtt/packet-type.ts";
import type { Message } from "./message.ts";

/**
 * The Session Expiry Interval that is granted (§3.1.2.11.2), seconds. MQTT 3.1.1 has none: Clean Session 1 ends with its
 * Network Connection, Clean Session 0 is kept as long as we keep any.
 */
export function grantedSessionExpirySeconds(
  protocolVersion: ProtocolVersion,
  cleanStart: boolean,
  requestedSeconds: number | undefined,
  maximumSeconds: number,
): number {
  // [MQTT311-3.1.2-4] [MQTT311-3.1.2-6]
  if (protocolVersion === ProtocolVersion.V311) return cleanStart ? 0 : maximumSeconds;
  return Math.min(requestedSeconds ?? 0, maximumSeconds);
}

/** When a Session that was left at `now` ends, ms; 0xFFFFFFFF seconds never (§3.1.2.11.2). */
export function sessionExpiresAt(expirySeconds: number, now: number): number {
  return expirySeconds === fourByteMax ? Number.POSITIVE_INFINITY : now + expirySeconds * 1_000;
}

/** When a Message with this Message Expiry Interval expires (§3.3.2.3.3), ms. */
export function messageExpiresAt(intervalSeconds: number | undefined, now: number): number {
  return intervalSeconds === undefined ? Number.POSITIVE_INFINITY : now + intervalSeconds * 1_000;
}

/** The Message Expiry Interval to send now: what was received less the time it waited here [MQTT-3.3.2-6]. */
export function remainingExpirySeconds(message: Message, now: number): number | undefined {
  if (message.expiresAt === Number.POSITIVE_INFINITY) return undefined;
  return Math.max(0, Math.ceil((message.expiresAt - now) / 1_000));
}
