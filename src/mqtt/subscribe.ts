import type { RetainHandling, Subscribe, SubscriptionRequest, UserProperty } from "./packet.ts";
import { noUserProperties } from "./packet.ts";
import { fixedHeaderFlags, PacketType, ProtocolVersion, type QoS } from "./packet-type.ts";
import { propertiesLength, propertyLayout, readProperties, withPropertyLength, writeProperties } from "./properties.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode } from "./reason-code.ts";
import { encodedTextLength, textLength, type Writer } from "./writer.ts";

interface SubscribeProperties {
  readonly subscriptionIdentifier: number | undefined;
  readonly userProperties: readonly UserProperty[];
}

const layout = propertyLayout<SubscribeProperties>(PacketType.Subscribe, {
  subscriptionIdentifier: undefined,
  userProperties: noUserProperties,
});

/** Bits of the Subscription Options (§3.8.3.1). */
const Option = { NoLocal: 4, RetainAsPublished: 8, ReservedInV5: 0xc0, ReservedInV311: 0xfc } as const;

/**
 * Reads a SUBSCRIBE (§3.8). Whether its Topic Filters are valid is not looked at, but that they are not empty.
 * @throws ProtocolError 0x82 for Packet Identifier 0, no Topic Filter, and QoS or Retain Handling 3; 0x81 for reserved
 * bits, which QoS 3 is in MQTT 3.1.1
 */
export function decodeSubscribe(reader: Reader, protocolVersion: ProtocolVersion): Subscribe {
  const packetIdentifier = reader.packetIdentifier();
  const block = protocolVersion === ProtocolVersion.V5 ? readProperties(reader, layout) : layout.none;
  const subscriptions: SubscriptionRequest[] = [];
  while (reader.remaining > 0) subscriptions.push(readRequest(reader, protocolVersion));
  if (subscriptions.length === 0) {
    // [MQTT-3.8.3-2] [MQTT311-3.8.3-3]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.8.3-2", "A SUBSCRIBE has no Topic Filter");
  }
  return {
    type: PacketType.Subscribe,
    packetIdentifier,
    subscriptions,
    subscriptionIdentifier: block.subscriptionIdentifier,
    userProperties: block.userProperties,
  };
}

/**
 * Reads a Topic Filter of SUBSCRIBE or UNSUBSCRIBE.
 * @throws ProtocolError 0x81 for an empty one
 */
export function readTopicFilter(reader: Reader): string {
  // [MQTT-3.8.3-1] [MQTT-3.10.3-1] [MQTT311-3.8.3-1] [MQTT311-3.10.3-1]
  const topicFilter = reader.text();
  if (topicFilter !== "") return topicFilter;
  // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]
  throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-4.7.3-1", "A Topic Filter is empty");
}

/** The Remaining Length of a SUBSCRIBE. */
export function subscribeLength(subscribe: Subscribe, protocolVersion: ProtocolVersion): number {
  let length = 2;
  if (protocolVersion === ProtocolVersion.V5) length += withPropertyLength(propertiesLength(layout, subscribe));
  for (const { topicFilter } of subscribe.subscriptions) length += encodedTextLength(topicFilter) + 1;
  return length;
}

/** Writes a SUBSCRIBE; of the Subscription Options 3.1.1 has the QoS alone. */
export function encodeSubscribe(subscribe: Subscribe, protocolVersion: ProtocolVersion, writer: Writer): void {
  const { type } = subscribe;
  const isV5 = protocolVersion === ProtocolVersion.V5;
  writer.fixedHeader((type << 4) | fixedHeaderFlags[type]!, subscribeLength(subscribe, protocolVersion));
  writer.twoByte(subscribe.packetIdentifier);
  if (isV5) writeProperties(writer, layout, subscribe, propertiesLength(layout, subscribe));
  for (const request of subscribe.subscriptions) {
    writer.text(request.topicFilter, textLength(request.topicFilter));
    writer.byte(isV5 ? optionsOf(request) : request.qos);
  }
}

function readRequest(reader: Reader, protocolVersion: ProtocolVersion): SubscriptionRequest {
  const topicFilter = readTopicFilter(reader);
  const options = reader.byte();
  const qos = options & 3;
  const retainHandling = (options >> 4) & 3;
  if (protocolVersion === ProtocolVersion.V311) {
    // [MQTT311-3.8.3-4]
    if ((options & Option.ReservedInV311) !== 0 || qos === 3) throw reservedOption("MQTT311-3.8.3-4");
  } else {
    // [MQTT-3.8.3-5]
    if ((options & Option.ReservedInV5) !== 0) throw reservedOption("MQTT-3.8.3-5");
    if (qos === 3 || retainHandling === 3) {
      throw new ProtocolError(ReasonCode.ProtocolError, "3.8.3.1", "The QoS or Retain Handling of a Subscription is 3");
    }
  }
  return {
    topicFilter,
    qos: qos as QoS,
    noLocal: (options & Option.NoLocal) !== 0,
    retainAsPublished: (options & Option.RetainAsPublished) !== 0,
    retainHandling: retainHandling as RetainHandling,
  };
}

function reservedOption(statement: string): ProtocolError {
  return new ProtocolError(ReasonCode.MalformedPacket, statement, "Reserved Subscription Options are set");
}

function optionsOf({ qos, noLocal, retainAsPublished, retainHandling }: SubscriptionRequest): number {
  const flags = (noLocal ? Option.NoLocal : 0) | (retainAsPublished ? Option.RetainAsPublished : 0);
  return qos | flags | (retainHandling << 4);
}
