import { noAcknowledgementProperties } from "../mqtt/acknowledgement.ts";
import type { Unsubscribe } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import { ReasonCode, type UnsubackReasonCode } from "../mqtt/reason-code.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import type { Connection } from "./connection.ts";
import { disconnect } from "./connections.ts";
import { promise, reason, send } from "./replies.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";
import { removeSubscription } from "./subscriptions.ts";

const storeFull = "The store takes nothing new";

/**
 * UNSUBSCRIBE (§3.10): each Topic Filter for itself, one UNSUBACK [MQTT-3.10.4-6], also when nothing was there. A full store
 * refuses; 3.1.1 has no word for that, so its connection ends.
 */
export function handleUnsubscribe(
  state: BrokerState,
  connection: Connection,
  session: Session,
  unsubscribe: Unsubscribe,
  now: number,
): void {
  for (const topicFilter of unsubscribe.topicFilters) parseTopicFilter(topicFilter);
  const isRefused = state.refusing && session.durable;
  if (isRefused && connection.protocolVersion === ProtocolVersion.V311) {
    disconnect(state, connection, ReasonCode.QuotaExceeded, storeFull, now);
    return;
  }
  let isKept = false;
  const reasonCodes = unsubscribe.topicFilters.map((topicFilter): UnsubackReasonCode => {
    if (isRefused) return ReasonCode.ImplementationSpecificError;
    if (!removeSubscription(state, session, topicFilter)) return ReasonCode.NoSubscriptionExisted;
    isKept = session.durable;
    return ReasonCode.Success;
  });
  const properties = isRefused ? reason(storeFull) : noAcknowledgementProperties;
  const { packetIdentifier } = unsubscribe;
  // [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.11.3-1] [MQTT-2.2.1-6] [MQTT311-2.3.1-7] [MQTT311-3.10.4-4]
  // [MQTT311-3.10.4-5] [MQTT311-3.10.4-6] [MQTT-3.10.4-6]
  const packet = { type: PacketType.Unsuback, packetIdentifier, reasonCodes, properties } as const;
  if (isKept) promise(state, connection, packet);
  else send(state, connection, packet);
}
