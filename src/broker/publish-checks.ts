import type { Publish } from "../mqtt/packet.ts";
import { ProtocolVersion } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { Message } from "../session/message.ts";
import { topicNameProblem } from "../topics/topic-name.ts";
import type { Principal } from "./authentication.ts";
import type { Connection } from "./connection.ts";
import type { Refusal } from "./policy.ts";
import { retainedIsFull } from "./retained.ts";
import type { BrokerState } from "./state.ts";

/** No rule of a file: the server's own. */
const ownPlace = "";

/**
 * What a Client may never send, whoever it is: the connection ends.
 * @throws ProtocolError 0x82, 0x93, 0x9B or 0x9A
 */
export function checkProtocol(state: BrokerState, connection: Connection, publish: Publish): void {
  const { capabilities, limits } = state;
  if (publish.subscriptionIdentifiers.length > 0) {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      "MQTT-3.3.4-6",
      "A PUBLISH from a Client has no Subscription Identifier",
    );
  }
  // [MQTT-3.3.4-7]: QoS 1 is acknowledged at once, so what is open is QoS 2. 3.1.1 has no such bound.
  const isBounded = publish.qos > 0 && connection.protocolVersion === ProtocolVersion.V5;
  if (isBounded && (connection.receivedOpen?.size ?? 0) >= limits.receiveMaximum) {
    throw new ProtocolError(
      ReasonCode.ReceiveMaximumExceeded,
      "MQTT-3.3.4-7",
      `More than ${limits.receiveMaximum} messages without acknowledgement (receiveMaximum)`,
    );
  }
  // [MQTT-3.2.2-11]
  if (publish.qos > capabilities.maximumQoS) {
    throw new ProtocolError(ReasonCode.QoSNotSupported, "MQTT-3.2.2-11", "QoS above the Maximum QoS of CONNACK");
  }
  // [MQTT-3.2.2-14]
  if (publish.retain && !capabilities.retainAvailable) {
    throw new ProtocolError(ReasonCode.RetainNotSupported, "MQTT-3.2.2-14", "Retain is not available");
  }
}

/**
 * Why a legal message is refused, if it is; the first that applies. `principal` undefined is the Server itself.
 */
export function refusalOf(
  state: BrokerState,
  principal: Principal | undefined,
  tenant: number,
  message: Message,
): Refusal | undefined {
  const { topicName } = message;
  if (principal !== undefined) {
    const problem = topicNameProblem(topicName, state.limits);
    if (problem !== undefined)
      return { reasonCode: ReasonCode.TopicNameInvalid, reasonString: problem, place: ownPlace };
    // [MQTT-4.7.2-1]: topics with $ are not for Clients to exchange messages.
    if (topicName.charCodeAt(0) === dollar) return serverTopic;
    const refusal = state.policy.mayPublish(principal, message);
    if (refusal !== undefined) return refusal;
  }
  if (state.refusing && message.qos > 0) return storeFull;
  if (message.retain && retainedIsFull(state, tenant, message)) return retainedFull;
  return undefined;
}

const dollar = 0x24;

/** For topics that a Client may not publish to. */
export const serverTopic: Refusal = Object.freeze({
  reasonCode: ReasonCode.TopicNameInvalid,
  reasonString: "Topics that begin with $ are the server's",
  place: ownPlace,
});

const storeFull: Refusal = Object.freeze({
  reasonCode: ReasonCode.QuotaExceeded,
  reasonString: "The store takes nothing new",
  place: ownPlace,
});

const retainedFull: Refusal = Object.freeze({
  reasonCode: ReasonCode.QuotaExceeded,
  reasonString: "Retained messages are at their limit (retainedBytesMax)",
  place: ownPlace,
});
