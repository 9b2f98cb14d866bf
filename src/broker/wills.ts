import type { Will } from "../mqtt/packet.ts";
import { messageExpiresAt } from "../session/expiry.ts";
import { copyBytes, messageBytes } from "../session/message.ts";
import { publish } from "./publishing.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";

/** A copy of a CONNECT's Will that may outlive the call [MQTT-3.1.2-7]. */
export function keepWill(will: Will): Will {
  const { properties } = will;
  const correlationData = properties.correlationData === undefined ? undefined : copyBytes(properties.correlationData);
  return { ...will, payload: copyBytes(will.payload), properties: { ...properties, correlationData } };
}

/** Stores the Will of a new Network Connection with its Session. */
export function setWill(state: BrokerState, session: Session, will: Will | undefined): void {
  if (will === undefined) {
    removeWill(state, session);
    return;
  }
  // [MQTT-3.1.2-7] [MQTT311-3.1.2-8]
  restoreWill(state, session, will);
  session.willDueAt = Number.POSITIVE_INFINITY;
  if (session.durable) state.outbox.persist({ kind: "putWill", session: session.number, will, dueAt: 0 });
}

/** The Session has this Will, as it was kept. */
export function restoreWill(state: BrokerState, session: Session, will: Will): void {
  if (session.will !== undefined) state.willBytes -= messageBytes(session.will);
  session.will = will;
  state.willBytes += messageBytes(will);
}

/** Whether one more Will would pass the bound for all of them; the one that it replaces makes room. */
export function willsAreFull(state: BrokerState, session: Session | undefined, will: Will): boolean {
  const replaced = session?.will === undefined ? 0 : messageBytes(session.will);
  return state.willBytes - replaced + messageBytes(will) > state.limits.willBytesMax;
}

/** [MQTT-3.1.2-10] [MQTT-3.14.4-3] */
export function removeWill(state: BrokerState, session: Session): void {
  session.willDueAt = Number.POSITIVE_INFINITY;
  if (session.will === undefined) return;
  state.willBytes -= messageBytes(session.will);
  // [MQTT-3.1.2-10] [MQTT311-3.1.2-10]
  session.will = undefined;
  if (session.durable) state.outbox.persist({ kind: "deleteWill", session: session.number });
}

/** The Network Connection ended and the Will stays: it is published now or after its delay [MQTT-3.1.2-8]. */
export function scheduleWill(state: BrokerState, session: Session, now: number): void {
  const { will } = session;
  if (will === undefined) return;
  // [MQTT-3.1.2-8] [MQTT311-3.1.2-8]
  if (will.delayIntervalSeconds === 0 || session.sessionExpirySeconds === 0) {
    publishWill(state, session, now);
    return;
  }
  session.willDueAt = now + will.delayIntervalSeconds * 1_000;
  if (session.durable) {
    state.outbox.persist({ kind: "putWill", session: session.number, will, dueAt: session.willDueAt });
  }
}

/** Publishes the Will, once: what keeps it is removed in the same commit [MQTT-3.1.2-10]. */
export function publishWill(state: BrokerState, session: Session, now: number): void {
  const { will } = session;
  if (will === undefined) return;
  removeWill(state, session);
  const message = {
    topicName: will.topicName,
    payload: will.payload,
    qos: will.qos,
    // [MQTT-3.1.2-14] [MQTT-3.1.2-15] [MQTT311-3.1.2-16] [MQTT311-3.1.2-17]
    retain: will.retain,
    // [MQTT-3.1.3-10]
    properties: will.properties,
    expiresAt: messageExpiresAt(will.properties.messageExpiryIntervalSeconds, now),
  };
  publish(state, session.tenant, message, session, session.durable, now);
}
