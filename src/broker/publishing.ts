import { messageExpiresAt } from "../session/expiry.ts";
import type { Message } from "../session/message.ts";
import { deliver } from "./deliver.ts";
import { isServerTopic, retain, retainedIsFull } from "./retained.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";

/**
 * An Application Message that was accepted, from whoever: it is retained if it says so and brought to its subscribers.
 * `kept`: something was persisted for it already.
 */
export function publish(
  state: BrokerState,
  tenant: number,
  message: Message,
  publisher: Session | undefined,
  kept: boolean,
  now: number,
): { readonly matched: boolean; readonly kept: boolean } {
  // [MQTT-3.3.1-8] [MQTT311-3.3.1-12] [MQTT311-3.3.1-5]: without RETAIN nothing is stored, removed or replaced.
  const retained = message.retain && mayRetain(state, tenant, message) && retain(state, tenant, message);
  return deliver(state, tenant, message, publisher, kept || retained, now);
}

/** What the law corrects: a message without Message Expiry Interval gets the one of its topic, if that has one. */
export function withMessageExpiry({ policy }: BrokerState, message: Message, now: number): Message {
  const { properties } = message;
  if (properties.messageExpiryIntervalSeconds !== undefined) return message;
  const seconds = policy.messageExpirySeconds?.(message.topicName);
  if (seconds === undefined) return message;
  return {
    ...message,
    properties: { ...properties, messageExpiryIntervalSeconds: seconds },
    expiresAt: messageExpiresAt(seconds, now),
  };
}

/**
 * Whoever can be told was refused before it came here. A Will cannot: its row was kept when the store took it, so it is
 * retained unless the bound is passed [MQTT-3.1.2-15]. QoS 0 cannot either, and waits for a store that takes new work.
 */
function mayRetain(state: BrokerState, tenant: number, message: Message): boolean {
  if (state.refusing && message.qos === 0 && !isServerTopic(message.topicName)) return false;
  return !retainedIsFull(state, tenant, message);
}
