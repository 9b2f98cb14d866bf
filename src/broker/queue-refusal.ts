import { ReasonCode } from "../mqtt/reason-code.ts";
import { type Message, messageBytes } from "../session/message.ts";
import type { Refusal } from "./policy.ts";
import type { Owner } from "./queues.ts";
import { routeFor } from "./routes.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";

/**
 * Where full queues refuse: why a QoS 1 or 2 message is not taken, if a durable Session or shared group that it is for has
 * no place for it. Nothing of it was kept or sent by then, so that its publisher may send it again.
 */
export function queueRefusalOf(
  state: BrokerState,
  tenant: number,
  message: Message,
  publisher: Session | undefined,
): Refusal | undefined {
  if (state.queueOverflow !== "refuse" || message.qos === 0) return undefined;
  const { sessions, groups } = state.tenant(tenant).routes(message.topicName, state.policy);
  const bytes = messageBytes(message);
  for (const merged of sessions) {
    const route = routeFor(merged, publisher);
    if (route === undefined || route.qos === 0 || !route.session.durable) continue;
    if (isFull(state, route.session, bytes)) return queueFull;
  }
  return groups.some((group) => group.durable && isFull(state, group, bytes)) ? queueFull : undefined;
}

/** Whether a message of this size would have to push out another one. */
export function isFull({ limits }: BrokerState, { pending }: Owner, bytes: number): boolean {
  if (pending.isFull(bytes, limits.queueMessagesMax, limits.queueBytesMax)) return true;
  return pending.length > 0 && !pending.hasMemory(numbered, bytes);
}

/** What waits for a durable owner is a number; which one makes no difference. */
const numbered = 0;

/** Whose queue it is, is nothing for publishers to know. */
const queueFull: Refusal = Object.freeze({
  reasonCode: ReasonCode.QuotaExceeded,
  reasonString: "The queue of a subscriber is full (queueMessagesMax, queueBytesMax)",
  place: "",
});
