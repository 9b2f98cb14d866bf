import { Buffer } from "node:buffer";
import { noSubscriptionIdentifiers, type Publish, type PublishProperties, type Will } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { noPublishProperties } from "../mqtt/publish-properties.ts";
import { messageExpiresAt } from "../session/expiry.ts";
import type { Message } from "../session/message.ts";
import type { OutgoingMessage, OutgoingWill } from "./in-process.ts";

const noPayload: Uint8Array = Buffer.alloc(0);

/** The PUBLISH that brings a message of the program. */
export function publishOf(message: OutgoingMessage, packetIdentifier: number): Publish {
  return {
    type: PacketType.Publish,
    dup: false,
    qos: message.qos ?? 0,
    retain: message.retain ?? false,
    topicName: message.topicName,
    packetIdentifier,
    topicAlias: undefined,
    subscriptionIdentifiers: noSubscriptionIdentifiers,
    properties: propertiesOf(message),
    payload: payloadOf(message),
  };
}

/** The Will of a CONNECT. */
export function willOf(will: OutgoingWill): Will {
  return {
    topicName: will.topicName,
    payload: payloadOf(will),
    qos: will.qos ?? 0,
    retain: will.retain ?? false,
    delayIntervalSeconds: will.delayIntervalSeconds ?? 0,
    properties: propertiesOf(will),
  };
}

/** The Application Message that a PUBLISH brings at this time, ms. */
export function messageOf({ topicName, payload, qos, retain, properties }: Publish, now: number): Message {
  const expiresAt = messageExpiresAt(properties.messageExpiryIntervalSeconds, now);
  return { topicName, payload, qos, retain, properties, expiresAt };
}

function propertiesOf({ properties }: OutgoingMessage): PublishProperties {
  return properties === undefined ? noPublishProperties : { ...noPublishProperties, ...properties };
}

function payloadOf({ payload }: OutgoingMessage): Uint8Array {
  return typeof payload === "string" ? Buffer.from(payload) : (payload ?? noPayload);
}
