import { Buffer } from "node:buffer";
import { twoByteMax } from "./limits.ts";
import {
  acknowledgementFields,
  authFields,
  connackFields,
  connectFields,
  credentialFields,
  delayIntervalField,
  disconnectFields,
  FieldReader,
  keepAliveField,
  payloadField,
  publishFields,
  readNumber,
  readText,
  subscribeFields,
  transmissionFields,
  unsubscribeFields,
} from "./notation-fields.ts";
import { NotationError, type Tokens, unexpected } from "./notation-tokens.ts";
import type {
  Acknowledgement,
  Packet,
  Publish,
  RetainHandling,
  SubscriptionRequest,
  UserProperty,
  Will,
} from "./packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "./packet-type.ts";
import { ReasonCode } from "./reason-code.ts";

/** Reads what comes after a packet's name. */
export type PacketParser = (tokens: Tokens, defaultVersion: ProtocolVersion) => Packet;

/** Every packet's parser by its name. */
export const packetParsers: ReadonlyMap<string, PacketParser> = new Map<string, PacketParser>([
  ["CONNECT", parseConnect],
  ["CONNACK", parseConnack],
  ["PUBLISH", parsePublish],
  ["PUBACK", (tokens) => parseAcknowledgement(PacketType.Puback, tokens)],
  ["PUBREC", (tokens) => parseAcknowledgement(PacketType.Pubrec, tokens)],
  ["PUBREL", (tokens) => parseAcknowledgement(PacketType.Pubrel, tokens)],
  ["PUBCOMP", (tokens) => parseAcknowledgement(PacketType.Pubcomp, tokens)],
  ["SUBSCRIBE", parseSubscribe],
  ["SUBACK", (tokens) => parseCodes(PacketType.Suback, tokens)],
  ["UNSUBSCRIBE", parseUnsubscribe],
  ["UNSUBACK", (tokens) => parseCodes(PacketType.Unsuback, tokens)],
  ["PINGREQ", () => ({ type: PacketType.Pingreq })],
  ["PINGRESP", () => ({ type: PacketType.Pingresp })],
  ["DISCONNECT", parseDisconnect],
  ["AUTH", parseAuth],
]);

function parseConnect(tokens: Tokens, defaultVersion: ProtocolVersion): Packet {
  const clientId = readClientId(tokens);
  const fields = new FieldReader([keepAliveField], credentialFields, connectFields);
  let protocolVersion = defaultVersion;
  let cleanStart = false;
  let will: Will | undefined;
  for (;;) {
    if (tokens.skip("v5")) protocolVersion = ProtocolVersion.V5;
    else if (tokens.skip("v4")) protocolVersion = ProtocolVersion.V311;
    else if (tokens.skip("clean")) cleanStart = true;
    else if (tokens.skip("will")) will = parseWill(tokens);
    else if (!fields.read(tokens)) break;
  }
  return {
    type: PacketType.Connect,
    protocolVersion,
    cleanStart,
    keepAliveSeconds: fields.value<number>(keepAliveField) ?? 0,
    clientId,
    will,
    ...fields.values<{ userName: string | undefined; password: Uint8Array | undefined }>(credentialFields),
    properties: fields.values(connectFields),
  };
}

/** In quotes, or bare where it is a plain word. */
function readClientId(tokens: Tokens): string {
  const token = tokens.take();
  if (token.kind === "text" || token.kind === "word") return token.value;
  throw unexpected(token, "the Client Identifier, in quotes or a plain word that is no number,");
}

function parseWill(tokens: Tokens): Will {
  tokens.expect("(");
  const fields = new FieldReader([delayIntervalField, payloadField], publishFields);
  const { topicName, qos, retain } = parseMessage(tokens, fields);
  tokens.expect(")");
  return {
    topicName,
    payload: fields.value<Uint8Array>(payloadField) ?? Buffer.alloc(0),
    qos,
    retain,
    delayIntervalSeconds: fields.value<number>(delayIntervalField) ?? 0,
    properties: fields.values(publishFields),
  };
}

function parseConnack(tokens: Tokens): Packet {
  const fields = new FieldReader(connackFields);
  let sessionPresent = false;
  let reasonCode: number = ReasonCode.Success;
  for (;;) {
    if (tokens.skip("sessionPresent")) sessionPresent = true;
    else if (tokens.next.kind === "code") reasonCode = readCode(tokens);
    else if (!fields.read(tokens)) break;
  }
  const properties = fields.values(connackFields);
  return { type: PacketType.Connack, sessionPresent, reasonCode, properties } as Packet;
}

function parsePublish(tokens: Tokens): Publish {
  const fields = new FieldReader(transmissionFields, publishFields, [payloadField]);
  const message = parseMessage(tokens, fields);
  const { topicAlias, subscriptionIdentifiers } =
    fields.values<Pick<Publish, "topicAlias" | "subscriptionIdentifiers">>(transmissionFields);
  return {
    type: PacketType.Publish,
    dup: message.dup,
    qos: message.qos,
    retain: message.retain,
    topicName: message.topicName,
    packetIdentifier: message.packetIdentifier,
    topicAlias,
    subscriptionIdentifiers,
    properties: fields.values(publishFields),
    payload: fields.value<Uint8Array>(payloadField) ?? Buffer.alloc(0),
  };
}

interface MessageHead {
  topicName: string;
  qos: QoS;
  retain: boolean;
  dup: boolean;
  packetIdentifier: number;
}

/** What PUBLISH and Will share: QoS, flags and Topic Name, among their fields. */
function parseMessage(tokens: Tokens, fields: FieldReader): MessageHead {
  const message: MessageHead = { topicName: "", qos: 0, retain: false, dup: false, packetIdentifier: 0 };
  for (;;) {
    const { next } = tokens;
    const qos = readQoS(tokens);
    if (qos !== undefined) message.qos = qos;
    else if (tokens.skip("retain")) message.retain = true;
    else if (tokens.skip("dup")) message.dup = true;
    else if (next.kind === "identifier") message.packetIdentifier = readIdentifier(tokens);
    else if (next.kind === "text") message.topicName = readText(tokens);
    else if (!fields.read(tokens)) return message;
  }
}

function parseAcknowledgement(type: Acknowledgement["type"], tokens: Tokens): Packet {
  const packetIdentifier = readIdentifier(tokens);
  const fields = new FieldReader(acknowledgementFields);
  const reasonCode = parseReason(tokens, fields);
  return { type, packetIdentifier, reasonCode, properties: fields.values(acknowledgementFields) } as Packet;
}

function parseSubscribe(tokens: Tokens): Packet {
  const packetIdentifier = readIdentifier(tokens);
  const fields = new FieldReader(subscribeFields);
  const subscriptions: SubscriptionRequest[] = [];
  for (;;) {
    while (fields.read(tokens));
    if (tokens.next.kind !== "text") break;
    subscriptions.push(parseRequest(tokens));
    while (fields.read(tokens));
    if (!tokens.skip(",")) break;
  }
  const { subscriptionIdentifier, userProperties } = fields.values<{
    subscriptionIdentifier: number | undefined;
    userProperties: readonly UserProperty[];
  }>(subscribeFields);
  return { type: PacketType.Subscribe, packetIdentifier, subscriptions, subscriptionIdentifier, userProperties };
}

function parseRequest(tokens: Tokens): SubscriptionRequest {
  const topicFilter = readText(tokens);
  let qos: QoS = 0;
  let noLocal = false;
  let retainAsPublished = false;
  let retainHandling: RetainHandling = 0;
  for (;;) {
    const asked = readQoS(tokens);
    if (asked !== undefined) qos = asked;
    else if (tokens.skip("noLocal")) noLocal = true;
    else if (tokens.skip("retainAsPublished")) retainAsPublished = true;
    else if (tokens.skip("retainHandling")) {
      tokens.expect("=");
      retainHandling = readNumber(tokens, 2) as RetainHandling;
    } else return { topicFilter, qos, noLocal, retainAsPublished, retainHandling };
  }
}

function parseUnsubscribe(tokens: Tokens): Packet {
  const packetIdentifier = readIdentifier(tokens);
  const fields = new FieldReader(unsubscribeFields);
  const topicFilters: string[] = [];
  while (fields.read(tokens));
  if (tokens.next.kind === "text") {
    do topicFilters.push(readText(tokens));
    while (tokens.skip(","));
  }
  while (fields.read(tokens));
  const { userProperties } = fields.values<{ userProperties: readonly UserProperty[] }>(unsubscribeFields);
  return { type: PacketType.Unsubscribe, packetIdentifier, topicFilters, userProperties };
}

function parseCodes(type: typeof PacketType.Suback | typeof PacketType.Unsuback, tokens: Tokens): Packet {
  const packetIdentifier = readIdentifier(tokens);
  const fields = new FieldReader(acknowledgementFields);
  const reasonCodes: number[] = [];
  for (;;) {
    if (tokens.next.kind === "code") reasonCodes.push(readCode(tokens));
    else if (!fields.read(tokens)) break;
  }
  return { type, packetIdentifier, reasonCodes, properties: fields.values(acknowledgementFields) } as Packet;
}

function parseDisconnect(tokens: Tokens): Packet {
  const fields = new FieldReader(disconnectFields);
  const reasonCode = parseReason(tokens, fields);
  return { type: PacketType.Disconnect, reasonCode, properties: fields.values(disconnectFields) } as Packet;
}

function parseAuth(tokens: Tokens): Packet {
  const fields = new FieldReader(authFields);
  const reasonCode = parseReason(tokens, fields);
  return { type: PacketType.Auth, reasonCode, properties: fields.values(authFields) } as Packet;
}

/** A Reason Code, 0x00 when none is written, among fields. */
function parseReason(tokens: Tokens, fields: FieldReader): number {
  let reasonCode: number = ReasonCode.Success;
  for (;;) {
    if (tokens.next.kind === "code") reasonCode = readCode(tokens);
    else if (!fields.read(tokens)) return reasonCode;
  }
}

const reasonCodes = new Set<number>(Object.values(ReasonCode));

function readCode(tokens: Tokens): number {
  const token = tokens.take();
  if (token.kind === "code" && reasonCodes.has(token.value)) return token.value;
  throw new NotationError(token.column, "no Reason Code of the specification");
}

function readIdentifier(tokens: Tokens): number {
  const token = tokens.take();
  if (token.kind === "identifier" && token.value <= twoByteMax) return token.value;
  throw unexpected(token, `a Packet Identifier up to #${twoByteMax}`);
}

function readQoS(tokens: Tokens): QoS | undefined {
  if (tokens.skip("q0")) return 0;
  if (tokens.skip("q1")) return 1;
  return tokens.skip("q2") ? 2 : undefined;
}
