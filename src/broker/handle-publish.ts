import type { Publish } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { type PublishReasonCode, ReasonCode } from "../mqtt/reason-code.ts";
import { messageExpiresAt } from "../session/expiry.ts";
import { IdentifierSet } from "../session/identifier-set.ts";
import type { Message } from "../session/message.ts";
import type { Connection } from "./connection.ts";
import { disconnect } from "./connections.ts";
import type { Refusal } from "./policy.ts";
import { checkProtocol, refusalOf } from "./publish-checks.ts";
import { publish as publishMessage, withMessageExpiry } from "./publishing.ts";
import { queueRefusalOf } from "./queue-refusal.ts";
import { acknowledge } from "./replies.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";

/** PUBLISH from a Client (§3.3): checked, routed, answered as its QoS demands [MQTT-3.3.4-1]. */
export function handlePublish(
  state: BrokerState,
  connection: Connection,
  session: Session,
  publish: Publish,
  now: number,
): void {
  state.counters.publishReceived += 1;
  state.counters.publishBytesReceived += publish.payload.length;
  const topicName = topicNameOf(connection, publish);
  const { packetIdentifier, qos } = publish;
  // Recognised before Receive Maximum is counted: it is no new message.
  // [MQTT-4.3.2-5] [MQTT311-4.3.2-2] [MQTT311-4.3.3-2]
  if (qos === 2 && session.received?.has(packetIdentifier)) {
    // [MQTT-4.3.3-10]
    acknowledge(state, connection, PacketType.Pubrec, packetIdentifier, ReasonCode.Success, undefined, session.durable);
    return;
  }
  checkProtocol(state, connection, publish);
  const message: Message = {
    topicName,
    payload: publish.payload,
    qos,
    retain: publish.retain,
    // [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
    properties: publish.properties,
    expiresAt: messageExpiresAt(publish.properties.messageExpiryIntervalSeconds, now),
  };
  const refusal =
    refusalOf(state, connection.principal, session.tenant, message) ??
    queueRefusalOf(state, session.tenant, message, session);
  if (refusal !== undefined) {
    refuse(state, connection, session, message, packetIdentifier, refusal, now);
    return;
  }
  // [MQTT-4.3.3-8]: the identifier and the message are kept in one commit.
  const received = qos === 2 && receive(state, connection, session, packetIdentifier);
  const lasting = withMessageExpiry(state, message, now);
  const { matched, kept } = publishMessage(state, session.tenant, lasting, session, received, now);
  if (qos === 0) return;
  const reasonCode = matched ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers;
  // [MQTT-4.3.2-4] [MQTT-2.2.1-5] [MQTT-3.3.4-1] [MQTT311-3.3.4-1]
  const type = qos === 1 ? PacketType.Puback : PacketType.Pubrec;
  // [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT311-4.6.0-2] [MQTT311-4.6.0-3]
  acknowledge(state, connection, type, packetIdentifier, reasonCode, undefined, kept);
}

/** The Topic Name itself, or what its Topic Alias stands for. */
function topicNameOf(connection: Connection, publish: Publish): string {
  const { topicAlias, topicName } = publish;
  if (topicAlias === undefined) return topicName;
  if (connection.inboundTopicAliases !== undefined)
    return connection.inboundTopicAliases.resolve(topicAlias, topicName);
  throw new ProtocolError(ReasonCode.TopicAliasInvalid, "MQTT-3.2.2-18", "Topic Alias Maximum is 0");
}

/** QoS 2 as receiver: the identifier is taken until PUBREL (§4.3.3). Returns whether that was persisted. */
function receive(state: BrokerState, connection: Connection, session: Session, packetIdentifier: number): boolean {
  session.received ??= new IdentifierSet();
  session.received.add(packetIdentifier);
  connection.receivedOpen ??= new IdentifierSet();
  connection.receivedOpen.add(packetIdentifier);
  if (!session.durable) return false;
  state.outbox.persist({ kind: "keepReceived", session: session.number, packetIdentifier });
  return true;
}

/**
 * A legal message that is not wanted. 5.0 says why in PUBACK or PUBREC; the refused identifier is free again
 * [MQTT-4.3.3-9]. 3.1.1 has no such word: closing would make the Client send it for ever, so it is acknowledged, dropped
 * and reported as dead letter; only a full store closes.
 */
function refuse(
  state: BrokerState,
  connection: Connection,
  session: Session,
  message: Message,
  packetIdentifier: number,
  refusal: Refusal,
  now: number,
): void {
  const { qos, topicName } = message;
  const { reasonCode, reasonString, place } = refusal;
  const isSilent = connection.protocolVersion === ProtocolVersion.V311;
  state.counters.publishRefused += 1;
  state.outbox.observe({
    kind: "publishRefused",
    clientId: session.clientId,
    userName: session.principal.name,
    topicName,
    reasonCode,
    reason: reasonString,
    place,
    // While the store is full nothing is acknowledged that is not kept: its publisher has it still.
    deadLetter: qos > 0 && !state.refusing,
    principal: session.principal,
    message,
  });
  if (qos === 0) return;
  if (isSilent && state.refusing) {
    // [MQTT311-4.8.0-2]
    disconnect(state, connection, ReasonCode.QuotaExceeded, reasonString, now);
    return;
  }
  // [MQTT311-3.3.5-2]
  const said: PublishReasonCode = isSilent ? ReasonCode.Success : reasonCode;
  const kept = isSilent && qos === 2 && receive(state, connection, session, packetIdentifier);
  const type = qos === 1 ? PacketType.Puback : PacketType.Pubrec;
  acknowledge(state, connection, type, packetIdentifier, said, isSilent ? undefined : reasonString, kept);
}
