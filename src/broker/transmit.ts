import { encodedLength } from "../mqtt/codec.ts";
import { packetBytesMax } from "../mqtt/limits.ts";
import { noSubscriptionIdentifiers, type Publish } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "../mqtt/packet-type.ts";
import { SharedPublish } from "../mqtt/shared-publish.ts";
import { remainingExpirySeconds } from "../session/expiry.ts";
import type { Message } from "../session/message.ts";
import type { OutboundTopicAliases } from "../session/topic-aliases.ts";
import type { Connection } from "./connection.ts";
import type { BrokerState } from "./state.ts";

/**
 * One Message on its way to any number of Clients. Those that get the same bytes share them: one encoding per protocol
 * version, QoS and RETAIN, and one for each list of Subscription Identifiers.
 */
export class Transmission {
  readonly message: Message;
  readonly #expirySeconds: number | undefined;
  /** The last one, and what it is for: most messages need no other. */
  #last: SharedPublish | undefined = undefined;
  #lastSlot = -1;
  #lastIdentifiers: readonly number[] = noSubscriptionIdentifiers;
  /** By version, QoS and RETAIN, without Subscription Identifiers; made when there is a second one. */
  #bySlot: (SharedPublish | undefined)[] | undefined = undefined;

  constructor(message: Message, now: number) {
    this.message = message;
    this.#expirySeconds = remainingExpirySeconds(message, now);
  }

  /** Whether this Client's Maximum Packet Size forbids it: then it counts as delivered [MQTT-3.1.2-25]. */
  isTooLarge(connection: Connection, qos: QoS, retain: boolean, identifiers: readonly number[]): boolean {
    if (connection.maximumPacketSize >= packetBytesMax) return false;
    // [MQTT-3.1.2-24]
    return this.#share(connection.protocolVersion, qos, retain, identifiers).byteLength > connection.maximumPacketSize;
  }

  /**
   * Sends it to one Client, that it fits. `kept`: the message has rows in an open commit.
   */
  send(
    state: BrokerState,
    connection: Connection,
    qos: QoS,
    retain: boolean,
    identifiers: readonly number[],
    packetIdentifier: number,
    dup: boolean,
    kept: boolean,
  ): void {
    const { counters, outbox } = state;
    counters.packetsSent += 1;
    counters.publishSent += 1;
    counters.publishBytesSent += this.message.payload.length;
    const aliases = connection.outboundTopicAliases;
    if (aliases !== undefined) {
      const packet = this.#aliased(connection, aliases, qos, retain, identifiers, packetIdentifier, dup);
      connection.hasRoom = kept ? outbox.sendAfterCommit(connection, packet) : outbox.send(connection, packet);
      return;
    }
    const shared = this.#share(connection.protocolVersion, qos, retain, identifiers);
    connection.hasRoom = kept
      ? outbox.deliverAfterCommit(connection, shared, packetIdentifier, dup)
      : outbox.deliver(connection, shared, packetIdentifier, dup);
  }

  #share(version: ProtocolVersion, qos: QoS, retain: boolean, all: readonly number[]): SharedPublish {
    const slot = (version === ProtocolVersion.V5 ? 6 : 0) + qos * 2 + (retain ? 1 : 0);
    const identifiers = version === ProtocolVersion.V311 ? noSubscriptionIdentifiers : all;
    const last = this.#last;
    if (last !== undefined && this.#lastSlot === slot && this.#lastIdentifiers === identifiers) return last;
    if (last !== undefined && this.#lastIdentifiers.length === 0) {
      this.#bySlot ??= [];
      this.#bySlot[this.#lastSlot] = last;
    }
    const known = identifiers.length === 0 ? this.#bySlot?.[slot] : undefined;
    const shared = known ?? this.#encoded(version, qos, retain, identifiers);
    this.#last = shared;
    this.#lastSlot = slot;
    this.#lastIdentifiers = identifiers;
    return shared;
  }

  #encoded(version: ProtocolVersion, qos: QoS, retain: boolean, identifiers: readonly number[]): SharedPublish {
    const { topicName, properties, payload } = this.message;
    return new SharedPublish(version, qos, retain, topicName, properties, this.#expirySeconds, identifiers, payload);
  }

  /** The same with a Topic Alias, where this Client has or can get one for the Topic Name (§3.3.2.3.4). */
  #aliased(
    connection: Connection,
    aliases: OutboundTopicAliases,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[],
    packetIdentifier: number,
    dup: boolean,
  ): Publish {
    const { topicName, payload } = this.message;
    const properties = { ...this.message.properties, messageExpiryIntervalSeconds: this.#expirySeconds };
    const known = aliases.known(topicName);
    const topicAlias = known ?? aliases.next();
    const packet: Publish = {
      type: PacketType.Publish,
      dup,
      qos,
      retain,
      topicName: known === undefined ? topicName : "",
      packetIdentifier,
      topicAlias,
      subscriptionIdentifiers,
      properties,
      payload,
    };
    if (topicAlias === undefined) return packet;
    const { maximumPacketSize, protocolVersion } = connection;
    // An alias may take more bytes than it saves [MQTT-3.1.2-24].
    if (maximumPacketSize < packetBytesMax && encodedLength(packet, protocolVersion) > maximumPacketSize) {
      return { ...packet, topicName, topicAlias: undefined };
    }
    if (known === undefined) aliases.set(topicName, topicAlias);
    return packet;
  }
}
