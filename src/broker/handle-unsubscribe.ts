import { noAcknowledgementProperties } from "../mqtt/acknowledgement.ts";
import type { Unsubscribe } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { ReasonCode, type UnsubackReasonCode } from "../mqtt/reason-code.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import type { Connection } from "./connection.ts";
import { pumpGroup } from "./pump.ts";
import { promise, reason, send } from "./replies.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";
import { removeSubscription } from "./subscriptions.ts";

/** UNSUBSCRIBE (§3.10): each Topic Filter for itself, one UNSUBACK [MQTT-3.10.4-6], also when nothing was there. */
export function handleUnsubscribe(
  state: BrokerState,
  connection: Connection,
  session: Session,
  unsubscribe: Unsubscribe,
  now: number,
): void {
  for (const topicFilter of unsubscribe.topicFilters) parseTopicFilter(topicFilter);
  const isRefused = state.refusing && session.durable;
  let isKept = false;
  const reasonCodes = unsubscribe.topicFilters.map((topicFilter): UnsubackReasonCode => {
    if (isRefused) return ReasonCode.ImplementationSpecificError;
    const group = session.subscriptions.get(topicFilter)?.group;
    if (!removeSubscription(state, session, topicFilter)) return ReasonCode.NoSubscriptionExisted;
    if (group !== undefined) pumpGroup(state, group, now);
    isKept = session.durable;
    return ReasonCode.Success;
  });
  const properties = isRefused ? reason("The store takes nothing new") : noAcknowledgementProperties;
  // [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.11.3-1]
  const { packetIdentifier } = unsubscribe;
  const packet = { type: PacketType.Unsuback, packetIdentifier, reasonCodes, properties } as const;
  if (isKept) promise(state, connection, packet);
  else send(state, connection, packet);
}
