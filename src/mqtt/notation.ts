import {
  acknowledgementFields,
  authFields,
  connackFields,
  connectFields,
  credentialFields,
  delayIntervalField,
  disconnectFields,
  type Field,
  formatFields,
  keepAliveField,
  payloadField,
  publishFields,
  subscribeFields,
  transmissionFields,
  unsubscribeFields,
} from "./notation-fields.ts";
import { packetParsers } from "./notation-parse.ts";
import { Tokens, unexpected } from "./notation-tokens.ts";
import type { Connect, Packet, Publish, SubscriptionRequest, Will } from "./packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "./packet-type.ts";

export { NotationError } from "./notation-tokens.ts";

/*
 * Control Packets as lines that people read and write: in scenarios, in logs, on the command line.
 *
 * ```
 * CONNECT c1 clean keepAlive=30 will("w" q1 delayInterval=5 payload="gone") sessionExpiryInterval=100
 * CONNACK 0x00 sessionPresent receiveMaximum=100
 * PUBLISH q1 #7 dup retain "a/b" topicAlias=1 subscriptionIdentifier=5 contentType="x" payload="hi"
 * PUBACK #7 0x10 reasonString="nobody listens" userProperty="name":"value"
 * SUBSCRIBE #1 subscriptionIdentifier=5 "a/+" q1 noLocal retainAsPublished retainHandling=2, "b" q0
 * SUBACK #1 0x01 0x87
 * UNSUBSCRIBE #2 "a/+", "b"
 * DISCONNECT 0x04 reasonString="bye"
 * AUTH 0x18 authenticationMethod="SCRAM" authenticationData=x'00ff'
 * ```
 *
 * The name comes first, then what its place names (the Client Identifier of CONNECT, bare where it is a plain word) and
 * then, in any order, flags as words, QoS as q0 q1 q2, Packet Identifiers as #7, Reason Codes as 0x87, texts as in JSON
 * and everything else as name=value in the specification's words. What has its default is left out: Reason Code 0x00
 * but in CONNACK, SUBACK and UNSUBACK, Keep Alive 0, an empty Payload, MQTT 5.0 (`v4` says MQTT 3.1.1).
 */

/** The packet as one line of notation, without a line break. Total: any packet has a line. */
export function formatPacket(packet: Packet): string {
  switch (packet.type) {
    case PacketType.Connect:
      return formatConnect(packet);
    case PacketType.Connack: {
      const present = packet.sessionPresent ? " sessionPresent" : "";
      return `CONNACK ${formatCode(packet.reasonCode)}${present}${formatFields(connackFields, packet.properties)}`;
    }
    case PacketType.Publish:
      return `PUBLISH ${formatPublish(packet)}`;
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp: {
      const code = formatCodeUnlessZero(packet.reasonCode);
      const properties = formatFields(acknowledgementFields, packet.properties);
      return `${packetName(packet.type)} #${packet.packetIdentifier}${code}${properties}`;
    }
    case PacketType.Subscribe: {
      const properties = formatFields(subscribeFields, packet);
      return `SUBSCRIBE #${packet.packetIdentifier}${properties} ${packet.subscriptions.map(formatRequest).join(", ")}`.trimEnd();
    }
    case PacketType.Unsubscribe: {
      const filters = packet.topicFilters.map((filter) => JSON.stringify(filter)).join(", ");
      return `UNSUBSCRIBE #${packet.packetIdentifier}${formatFields(unsubscribeFields, packet)} ${filters}`.trimEnd();
    }
    case PacketType.Suback:
    case PacketType.Unsuback: {
      const codes = packet.reasonCodes.map((code) => ` ${formatCode(code)}`).join("");
      const properties = formatFields(acknowledgementFields, packet.properties);
      return `${packetName(packet.type)} #${packet.packetIdentifier}${codes}${properties}`;
    }
    case PacketType.Pingreq:
    case PacketType.Pingresp:
      return packetName(packet.type);
    case PacketType.Disconnect:
      return formatReason("DISCONNECT", packet.reasonCode, disconnectFields, packet.properties);
    case PacketType.Auth:
      return formatReason("AUTH", packet.reasonCode, authFields, packet.properties);
  }
}

/**
 * The packet that a line says. `defaultVersion` is the protocol version of a CONNECT that names none.
 * @throws NotationError with the column of what is wrong
 */
export function parsePacket(line: string, defaultVersion: ProtocolVersion = ProtocolVersion.V5): Packet {
  const tokens = new Tokens(line);
  const name = tokens.take();
  const parse = name.kind === "word" ? packetParsers.get(name.value) : undefined;
  if (parse === undefined) throw unexpected(name, "the name of a packet");
  const packet = parse(tokens, defaultVersion);
  if (tokens.next.kind !== "end") throw unexpected(tokens.next, "the end of the line or a field of this packet");
  return packet;
}

/** The packet's name as the specification writes it: `PUBLISH`. */
export function packetName(type: PacketType): string {
  return names[type];
}

const names: Readonly<Record<PacketType, string>> = {
  1: "CONNECT",
  2: "CONNACK",
  3: "PUBLISH",
  4: "PUBACK",
  5: "PUBREC",
  6: "PUBREL",
  7: "PUBCOMP",
  8: "SUBSCRIBE",
  9: "SUBACK",
  10: "UNSUBSCRIBE",
  11: "UNSUBACK",
  12: "PINGREQ",
  13: "PINGRESP",
  14: "DISCONNECT",
  15: "AUTH",
};

function formatConnect(connect: Connect): string {
  const { clientId, keepAliveSeconds, will } = connect;
  const isPlain = /^[A-Za-z_][\w.-]*$/.test(clientId);
  const written = isPlain ? clientId : JSON.stringify(clientId);
  let line = `CONNECT ${written}`;
  if (connect.protocolVersion === ProtocolVersion.V311) line += " v4";
  if (connect.cleanStart) line += " clean";
  if (keepAliveSeconds !== 0) line += formatFields([keepAliveField], connect);
  line += formatFields(credentialFields, connect);
  if (will !== undefined) line += ` will(${formatWill(will)})`;
  return line + formatFields(connectFields, connect.properties);
}

function formatWill(will: Will): string {
  const { qos, retain, topicName, delayIntervalSeconds, properties } = will;
  const delay = delayIntervalSeconds === 0 ? "" : formatFields([delayIntervalField], will);
  return `${formatMessage(qos, "", retain, topicName)}${delay}${formatFields(publishFields, properties)}${formatPayload(will.payload)}`;
}

function formatPublish(publish: Publish): string {
  const { qos, packetIdentifier, dup, retain, topicName, properties, payload } = publish;
  const identifier = packetIdentifier === 0 ? "" : ` #${packetIdentifier}`;
  const head = formatMessage(qos, `${identifier}${dup ? " dup" : ""}`, retain, topicName);
  return `${head}${formatFields(transmissionFields, publish)}${formatFields(publishFields, properties)}${formatPayload(payload)}`;
}

function formatMessage(qos: QoS, transmission: string, retain: boolean, topicName: string): string {
  return `q${qos}${transmission}${retain ? " retain" : ""} ${JSON.stringify(topicName)}`;
}

function formatPayload(payload: Uint8Array): string {
  return payload.length === 0 ? "" : formatFields([payloadField], { payload });
}

function formatRequest(request: SubscriptionRequest): string {
  let line = `${JSON.stringify(request.topicFilter)} q${request.qos}`;
  if (request.noLocal) line += " noLocal";
  if (request.retainAsPublished) line += " retainAsPublished";
  if (request.retainHandling !== 0) line += ` retainHandling=${request.retainHandling}`;
  return line;
}

function formatReason(name: string, reasonCode: number, fields: readonly Field[], properties: object): string {
  return `${name}${formatCodeUnlessZero(reasonCode)}${formatFields(fields, properties)}`;
}

function formatCodeUnlessZero(reasonCode: number): string {
  return reasonCode === 0 ? "" : ` ${formatCode(reasonCode)}`;
}

function formatCode(reasonCode: number): string {
  return `0x${reasonCode.toString(16).padStart(2, "0")}`;
}
