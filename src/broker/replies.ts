import { noAcknowledgementProperties } from "../mqtt/acknowledgement.ts";
import { encodedLength, fitTo } from "../mqtt/codec.ts";
import type { Acknowledgement, AcknowledgementProperties, Packet } from "../mqtt/packet.ts";
import { noUserProperties } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import type { PublishReasonCode, ReleaseReasonCode } from "../mqtt/reason-code.ts";
import type { Connection } from "./connection.ts";
import type { BrokerState } from "./state.ts";

/** The longest acknowledgement without Properties: fixed header, Packet Identifier, Reason Code. */
const acknowledgementBytes = 5;

/** Sends a packet that promises nothing; false when the Client takes none of this size. */
export function send(state: BrokerState, connection: Connection, packet: Packet): boolean {
  const fitting = fitPacket(connection, packet);
  if (fitting === undefined) return false;
  state.counters.packetsSent += 1;
  if (!state.outbox.send(connection, fitting)) answersNotTaken(state, connection);
  return true;
}

/** The same for one that promises something: it leaves after the commit of all that was persisted. */
export function promise(state: BrokerState, connection: Connection, packet: Packet): boolean {
  const fitting = fitPacket(connection, packet);
  if (fitting === undefined) return false;
  state.counters.packetsSent += 1;
  if (!state.outbox.sendAfterCommit(connection, fitting)) answersNotTaken(state, connection);
  return true;
}

/** PUBACK or PUBREC; `kept` when something was persisted for it. */
export function acknowledge(
  state: BrokerState,
  connection: Connection,
  type: typeof PacketType.Puback | typeof PacketType.Pubrec,
  packetIdentifier: number,
  reasonCode: PublishReasonCode,
  reasonString: string | undefined,
  kept: boolean,
): void {
  const packet = { type, packetIdentifier, reasonCode, properties: reason(reasonString) };
  if (kept) promise(state, connection, packet);
  else send(state, connection, packet);
}

/** PUBREL or PUBCOMP; `kept` when something was persisted for it. */
export function release(
  state: BrokerState,
  connection: Connection,
  type: typeof PacketType.Pubrel | typeof PacketType.Pubcomp,
  packetIdentifier: number,
  reasonCode: ReleaseReasonCode,
  kept: boolean,
): void {
  const packet: Acknowledgement = { type, packetIdentifier, reasonCode, properties: noAcknowledgementProperties };
  if (kept) promise(state, connection, packet);
  else send(state, connection, packet);
}

/** Hands in nothing more of this connection until {@link resumeReading}. */
export function pauseReading(state: BrokerState, connection: Connection): void {
  if (connection.paused) return;
  connection.paused = true;
  state.outbox.pause(connection);
}

export function resumeReading(state: BrokerState, connection: Connection): void {
  if (!connection.paused) return;
  connection.paused = false;
  state.outbox.resume(connection);
}

/** Properties with a Reason String for people (§3.4.2.2.2), or the shared empty ones. */
export function reason(reasonString: string | undefined): AcknowledgementProperties {
  if (reasonString === undefined) return noAcknowledgementProperties;
  return { reasonString, userProperties: noUserProperties };
}

/**
 * The packet as this Client may get it: without Reason String and User Properties when it asked for no problem
 * information [MQTT-3.1.2-29] or when they would pass its Maximum Packet Size [MQTT-3.1.2-24]; undefined when it cannot
 * be sent at all [MQTT-3.1.2-25].
 */
function fitPacket(connection: Connection, packet: Packet): Packet | undefined {
  if (connection.protocolVersion === ProtocolVersion.V311) return packet;
  const { maximumPacketSize } = connection;
  if (isBare(packet) && maximumPacketSize >= acknowledgementBytes) return packet;
  const wanted = connection.requestProblemInformation ? packet : withoutProblemInformation(packet);
  if (encodedLength(wanted, connection.protocolVersion) <= maximumPacketSize) return wanted;
  return fitTo(wanted, connection.protocolVersion, maximumPacketSize);
}

function isBare(packet: Packet): boolean {
  return "properties" in packet && packet.properties === noAcknowledgementProperties && !("reasonCodes" in packet);
}

function withoutProblemInformation(packet: Packet): Packet {
  switch (packet.type) {
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
    case PacketType.Suback:
    case PacketType.Unsuback:
      return { ...packet, properties: noAcknowledgementProperties };
    case PacketType.Auth:
      return {
        ...packet,
        properties: { ...packet.properties, reasonString: undefined, userProperties: noUserProperties },
      };
    default:
      return packet;
  }
}

/** It does not take our answers, so what it sends is not read until it does: nothing grows without bound. */
function answersNotTaken(state: BrokerState, connection: Connection): void {
  connection.hasRoom = false;
  pauseReading(state, connection);
}
