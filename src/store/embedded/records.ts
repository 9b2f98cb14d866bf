import type { Buffer } from "node:buffer";
import type {
  BindPacketIdentifier,
  PrincipalRights,
  PutSession,
  PutSubscription,
  PutWill,
  Stage,
  Target,
} from "../../broker/mutation.ts";
import { decode, encode } from "../../mqtt/codec.ts";
import { Framer } from "../../mqtt/framer.ts";
import { packetBytesMax } from "../../mqtt/limits.ts";
import { noSubscriptionIdentifiers, type Publish, type RetainHandling } from "../../mqtt/packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "../../mqtt/packet-type.ts";
import { Writer } from "../../mqtt/writer.ts";
import { keep, type Message } from "../../session/message.ts";
import type { RecordReader, RecordWriter } from "./bytes.ts";
import { newRecord, sealed } from "./sealed.ts";

/*
 * What stands in the values, between version and checksum. A message is the PUBLISH that a Client of 5.0 would be sent at
 * QoS 0, so its layout is the specification's.
 */

/**
 * ```
 *  │ QoS, RETAIN │ expires at (8) │ length │ PUBLISH packet │
 * ```
 */
export function writeMessage(record: RecordWriter, message: Message): void {
  record.byte(message.qos | (message.retain ? 4 : 0));
  record.time(message.expiresAt);
  const writer = new Writer();
  const publish: Publish = {
    type: PacketType.Publish,
    dup: false,
    qos: 0,
    retain: message.retain,
    topicName: message.topicName,
    packetIdentifier: 0,
    topicAlias: undefined,
    subscriptionIdentifiers: noSubscriptionIdentifiers,
    properties: message.properties,
    payload: message.payload,
  };
  encode(publish, ProtocolVersion.V5, writer);
  const bytes = writer.bytes();
  record.number(bytes.length);
  record.raw(bytes);
}

/** @throws ProtocolError or RangeError for bytes that we did not write */
export function readMessage(record: RecordReader): Message {
  const flags = record.byte();
  const expiresAt = record.time();
  const framer = new Framer(packetBytesMax);
  framer.push(record.raw(record.number()));
  framer.next();
  const { topicName, payload, properties } = decode(framer.firstByte, framer.reader, ProtocolVersion.V5) as Publish;
  return keep({ topicName, payload, qos: (flags & 3) as QoS, retain: (flags & 4) !== 0, properties, expiresAt });
}

const kinds: readonly Target["kind"][] = ["session", "group"];

/**
 * ```
 *  │ 7 6 kind │ 5 bound │ 4 identifiers │ 3 received │ 2 RETAIN │ 1 0 QoS │ owner │ session, identifier (2) │ identifiers │
 *                                                                            └──── when bound ────┘
 * ```
 */
export function writeTarget(record: RecordWriter, target: Target): void {
  const { kind, owner, qos, retain, subscriptionIdentifiers, session, packetIdentifier, stage } = target;
  const isBound = packetIdentifier > 0;
  const hasIdentifiers = subscriptionIdentifiers.length > 0;
  const flags =
    qos | (retain ? 4 : 0) | (stage === "received" ? 8 : 0) | (hasIdentifiers ? 16 : 0) | (isBound ? 32 : 0);
  record.byte(flags | (kinds.indexOf(kind) << 6));
  record.number(owner);
  if (isBound) {
    record.number(session);
    record.twoByte(packetIdentifier);
  }
  if (!hasIdentifiers) return;
  record.number(subscriptionIdentifiers.length);
  for (const identifier of subscriptionIdentifiers) record.number(identifier);
}

export function readTarget(record: RecordReader): Target {
  const flags = record.byte();
  const owner = record.number();
  const isBound = (flags & 32) !== 0;
  const session = isBound ? record.number() : 0;
  const packetIdentifier = isBound ? record.twoByte() : 0;
  const count = (flags & 16) === 0 ? 0 : record.number();
  const subscriptionIdentifiers =
    count === 0 ? noSubscriptionIdentifiers : Array.from({ length: count }, () => record.number());
  const kind = kinds[flags >> 6];
  if (kind === undefined) throw new RangeError("a target of an unknown kind");
  return {
    kind,
    owner,
    qos: (flags & 3) as QoS,
    retain: (flags & 4) !== 0,
    subscriptionIdentifiers,
    session,
    packetIdentifier,
    stage: (flags & 8) === 0 ? "published" : "received",
  };
}

/** How an owner's message was bound to a Session after it was kept. */
export interface Binding {
  readonly session: number;
  readonly qos: QoS;
  readonly packetIdentifier: number;
  readonly stage: Stage;
}

export function bindingRecord(key: Buffer, { session, qos, packetIdentifier, stage }: BindPacketIdentifier): Buffer {
  const record = newRecord();
  record.byte(qos | (stage === "received" ? 8 : 0));
  record.number(session);
  record.twoByte(packetIdentifier);
  return sealed(key, record);
}

export function readBinding(record: RecordReader): Binding {
  const flags = record.byte();
  const session = record.number();
  return {
    session,
    qos: (flags & 3) as QoS,
    packetIdentifier: record.twoByte(),
    stage: (flags & 8) === 0 ? "published" : "received",
  };
}

export function sessionRecord(key: Buffer, session: PutSession): Buffer {
  const record = newRecord();
  record.fourByte(session.tenant);
  record.fourByte(session.sessionExpiryIntervalSeconds);
  record.time(session.disconnectedAt);
  record.text(session.clientId);
  record.text(session.principalName);
  if (session.principalRights !== undefined) writeRights(record, session.principalRights);
  return sealed(key, record);
}

function writeRights(record: RecordWriter, { roles, claims }: PrincipalRights): void {
  writeTexts(record, roles);
  record.number(claims.length);
  for (const [name, values] of claims) {
    record.text(name);
    writeTexts(record, values);
  }
}

function writeTexts(record: RecordWriter, texts: readonly string[]): void {
  record.number(texts.length);
  for (const text of texts) record.text(text);
}

function readRights(record: RecordReader): PrincipalRights {
  const roles = readTexts(record);
  const claims = Array.from({ length: record.number() }, () => [record.text(), readTexts(record)] as const);
  return { roles, claims };
}

function readTexts(record: RecordReader): readonly string[] {
  return Array.from({ length: record.number() }, () => record.text());
}

export function readSession(session: number, record: RecordReader): PutSession {
  return {
    kind: "putSession",
    session,
    tenant: record.fourByte(),
    sessionExpiryIntervalSeconds: record.fourByte(),
    disconnectedAt: record.time(),
    clientId: record.text(),
    principalName: record.text(),
    ...(record.atEnd ? {} : { principalRights: readRights(record) }),
  };
}

export function subscriptionRecord(key: Buffer, { topicFilter, subscription, group }: PutSubscription): Buffer {
  const { qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier, isFiltered } = subscription;
  const record = newRecord();
  record.byte(qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4) | (isFiltered ? 64 : 0));
  record.number(subscriptionIdentifier);
  record.number(group);
  record.text(topicFilter);
  return sealed(key, record);
}

export function readSubscription(session: number, record: RecordReader): PutSubscription {
  const options = record.byte();
  const subscriptionIdentifier = record.number();
  const group = record.number();
  return {
    kind: "putSubscription",
    session,
    topicFilter: record.text(),
    subscription: {
      qos: (options & 3) as QoS,
      noLocal: (options & 4) !== 0,
      retainAsPublished: (options & 8) !== 0,
      retainHandling: ((options >> 4) & 3) as RetainHandling,
      subscriptionIdentifier,
      isFiltered: (options & 64) !== 0,
    },
    group,
  };
}

export function willRecord(key: Buffer, { will, dueAt }: PutWill): Buffer {
  const record = newRecord();
  record.time(dueAt);
  record.fourByte(will.delayIntervalSeconds);
  writeMessage(record, { ...will, expiresAt: Number.POSITIVE_INFINITY });
  return sealed(key, record);
}

export function readWill(session: number, record: RecordReader): PutWill {
  const dueAt = record.time();
  const delayIntervalSeconds = record.fourByte();
  const { topicName, payload, qos, retain, properties } = readMessage(record);
  return {
    kind: "putWill",
    session,
    dueAt,
    will: { topicName, payload, qos, retain, delayIntervalSeconds, properties },
  };
}

export function retainedRecord(key: Buffer, message: Message, stamp: number): Buffer {
  const record = newRecord();
  record.number(stamp);
  writeMessage(record, message);
  return sealed(key, record);
}

export function readRetained(record: RecordReader): { readonly stamp: number; readonly message: Message } {
  return { stamp: record.number(), message: readMessage(record) };
}

export function countersRecord(key: Buffer, lastNumber: number, lastOwner: number): Buffer {
  const record = newRecord();
  record.number(lastNumber);
  record.number(lastOwner);
  return sealed(key, record);
}

export function readCounters(record: RecordReader): { readonly lastNumber: number; readonly lastOwner: number } {
  return { lastNumber: record.number(), lastOwner: record.number() };
}

export function timeRecord(key: Buffer, at: number): Buffer {
  const record = newRecord();
  record.time(at);
  return sealed(key, record);
}

export function readTime(record: RecordReader): number {
  return record.time();
}

/** One number: a floor, the last try of a commit. */
export function numberRecord(key: Buffer, number: number): Buffer {
  const record = newRecord();
  record.number(number);
  return sealed(key, record);
}

/** A row that says nothing but that it is there. */
export function presentRecord(key: Buffer): Buffer {
  return sealed(key, newRecord());
}
