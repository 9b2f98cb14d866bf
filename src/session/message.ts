import type { PublishProperties } from "../mqtt/packet.ts";
import type { QoS } from "../mqtt/packet-type.ts";

/**
 * An Application Message inside the Server (§1.2). Immutable; shared by every Session that it is for, never copied per
 * subscriber.
 */
export interface Message {
  readonly topicName: string;
  readonly payload: Uint8Array;
  /** As published; what a subscriber gets is the smaller of this and its granted QoS [MQTT-3.8.4-8]. */
  readonly qos: QoS;
  /** RETAIN as published (§3.3.1.3). */
  readonly retain: boolean;
  /** As published; the Message Expiry Interval that is sent on is counted from `expiresAt`. */
  readonly properties: PublishProperties;
  /** When it must no longer be sent (§3.3.2.3.3), ms; Infinity without Message Expiry Interval. */
  readonly expiresAt: number;
}

/** What one Message counts for in limits and caches: payload, Topic Name, Properties and a constant for the objects. */
export function messageBytes(message: Pick<Message, "topicName" | "payload" | "properties">): number {
  let bytes = 128 + message.topicName.length + message.payload.length;
  const { contentType, responseTopic, correlationData, userProperties } = message.properties;
  if (contentType !== undefined) bytes += contentType.length;
  if (responseTopic !== undefined) bytes += responseTopic.length;
  if (correlationData !== undefined) bytes += correlationData.length;
  for (const [name, value] of userProperties) bytes += 32 + name.length + value.length;
  return bytes;
}

/**
 * View while passing, copy when keeping: a decoded payload is a view that pins its whole chunk, so whatever outlives
 * the call that brought it goes through here.
 */
export function keep(message: Message): Message {
  const { properties } = message;
  return {
    topicName: message.topicName,
    payload: copyBytes(message.payload),
    qos: message.qos,
    retain: message.retain,
    properties:
      properties.correlationData === undefined
        ? properties
        : { ...properties, correlationData: copyBytes(properties.correlationData) },
    expiresAt: message.expiresAt,
  };
}

/** The bytes as a copy of their own; `slice` of a Buffer would be a view. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
