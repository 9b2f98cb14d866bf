import { Buffer } from "node:buffer";
import { generate, parser, type Packet as TheirPacket, type UserProperties } from "mqtt-packet";
import type { Packet, UserProperty } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { pingreq, pingresp } from "../../src/mqtt/ping.ts";
import {
  acknowledgement,
  auth,
  connack,
  connect,
  disconnect,
  publish,
  request,
  suback,
  subscribe,
  unsuback,
  unsubscribe,
  will,
} from "./packets.ts";

/*
 * mqtt-packet, the codec that most clients of Node use, as a second opinion: its packets as ours and ours as its.
 */

/** Anything of theirs: the types of the package do not keep what it does. */
// biome-ignore lint/suspicious/noExplicitAny: their packets differ by type and version, and are only read here
type Theirs = any;

const commands = new Map([
  ["puback", PacketType.Puback],
  ["pubrec", PacketType.Pubrec],
  ["pubrel", PacketType.Pubrel],
  ["pubcomp", PacketType.Pubcomp],
] as const);

/** Their name of a Property where it is not ours. */
const theirNames: Readonly<Record<string, string>> = {
  sessionExpiryIntervalSeconds: "sessionExpiryInterval",
  messageExpiryIntervalSeconds: "messageExpiryInterval",
  serverKeepAliveSeconds: "serverKeepAlive",
  delayIntervalSeconds: "willDelayInterval",
  assignedClientId: "assignedClientIdentifier",
  subscriptionIdentifierAvailable: "subscriptionIdentifiersAvailable",
  subscriptionIdentifiers: "subscriptionIdentifier",
};
const ourNames = new Map(Object.entries(theirNames).map(([ours, theirs]) => [theirs, ours]));

/** 3.1.1 return codes by Reason Code. */
const returnCodes = [0, 0x84, 0x85, 0x88, 0x86, 0x87];

/**
 * The packet that the oracle reads in one frame.
 * @throws Error when it reads none
 */
export function oracleDecode(frame: Uint8Array, protocolVersion: ProtocolVersion): Packet {
  const found: TheirPacket[] = [];
  const errors: Error[] = [];
  const oracle = parser({ protocolVersion });
  oracle.on("packet", (packet) => found.push(packet));
  oracle.on("error", (error: Error) => errors.push(error));
  oracle.parse(Buffer.from(frame));
  const [error] = errors;
  if (error !== undefined) throw error;
  const [packet] = found;
  if (packet === undefined) throw new Error("no packet");
  return fromTheirs(packet, protocolVersion);
}

/**
 * The bytes that the oracle writes for a packet.
 * @throws Error when it will not
 */
export function oracleEncode(packet: Packet, protocolVersion: ProtocolVersion): Uint8Array {
  return new Uint8Array(generate(toTheirs(packet, protocolVersion), { protocolVersion }));
}

function fromTheirs(theirs: Theirs, protocolVersion: ProtocolVersion): Packet {
  const properties = propertiesFromTheirs(theirs.properties);
  const type = commands.get(theirs.cmd);
  if (type !== undefined) {
    return acknowledgement(type, {
      packetIdentifier: theirs.messageId,
      reasonCode: theirs.reasonCode ?? 0,
      properties,
    });
  }
  switch (theirs.cmd) {
    case "connect":
      return connect({
        protocolVersion: theirs.protocolVersion,
        cleanStart: theirs.clean,
        keepAliveSeconds: theirs.keepalive,
        clientId: theirs.clientId,
        will: theirs.will === undefined ? undefined : willFromTheirs(theirs.will),
        userName: theirs.username,
        password: plain(theirs.password),
        properties,
      });
    case "connack": {
      const isV5 = protocolVersion === ProtocolVersion.V5;
      const reasonCode = isV5 ? theirs.reasonCode : returnCodes[theirs.returnCode];
      return connack({ sessionPresent: theirs.sessionPresent, reasonCode, properties });
    }
    case "publish": {
      const { topicAlias, subscriptionIdentifiers, ...message } = properties;
      return publish({
        dup: theirs.dup,
        qos: theirs.qos,
        retain: theirs.retain,
        topicName: theirs.topic,
        packetIdentifier: theirs.messageId ?? 0,
        topicAlias,
        subscriptionIdentifiers: [subscriptionIdentifiers ?? []].flat(),
        properties: message,
        payload: plain(theirs.payload),
      });
    }
    case "subscribe":
      return subscribe({
        packetIdentifier: theirs.messageId,
        subscriptions: theirs.subscriptions.map((each: Theirs) =>
          request({
            topicFilter: each.topic,
            qos: each.qos,
            noLocal: each.nl ?? false,
            retainAsPublished: each.rap ?? false,
            retainHandling: each.rh ?? 0,
          }),
        ),
        subscriptionIdentifier: properties.subscriptionIdentifiers,
        userProperties: properties.userProperties ?? [],
      });
    case "suback":
      return suback({ packetIdentifier: theirs.messageId, reasonCodes: theirs.granted, properties });
    case "unsubscribe":
      return unsubscribe({
        packetIdentifier: theirs.messageId,
        topicFilters: theirs.unsubscriptions,
        userProperties: properties.userProperties ?? [],
      });
    case "unsuback":
      return unsuback({ packetIdentifier: theirs.messageId, reasonCodes: theirs.granted ?? [], properties });
    case "disconnect":
      return disconnect({ reasonCode: theirs.reasonCode ?? 0, properties });
    case "auth":
      return auth({ reasonCode: theirs.reasonCode, properties });
    default:
      return theirs.cmd === "pingreq" ? pingreq : pingresp;
  }
}

function willFromTheirs(theirs: Theirs): ReturnType<typeof will> {
  const { delayIntervalSeconds, ...properties } = propertiesFromTheirs(theirs.properties);
  return will({
    topicName: theirs.topic,
    payload: plain(theirs.payload),
    qos: theirs.qos,
    retain: theirs.retain,
    delayIntervalSeconds: delayIntervalSeconds ?? 0,
    properties,
  });
}

function propertiesFromTheirs(theirs: Theirs = {}): Theirs {
  const properties: Theirs = {};
  for (const [name, value] of Object.entries<Theirs>(theirs)) {
    properties[ourNames.get(name) ?? name] = Buffer.isBuffer(value) ? plain(value) : value;
  }
  if (typeof theirs.payloadFormatIndicator === "boolean") {
    properties.payloadFormatIndicator = theirs.payloadFormatIndicator ? 1 : 0;
  }
  if (theirs.userProperties !== undefined) {
    properties.userProperties = Object.entries<string | string[]>(theirs.userProperties).flatMap(([name, values]) =>
      [values].flat().map((value) => [name, value]),
    );
  }
  return properties;
}

function plain(bytes: Buffer): Uint8Array;
function plain(bytes: Buffer | undefined): Uint8Array | undefined;
function plain(bytes: Buffer | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : new Uint8Array(bytes);
}

function toTheirs(packet: Packet, protocolVersion: ProtocolVersion): Theirs {
  switch (packet.type) {
    case PacketType.Connect: {
      const { password } = packet;
      return {
        cmd: "connect",
        protocolVersion: packet.protocolVersion,
        clean: packet.cleanStart,
        keepalive: packet.keepAliveSeconds,
        clientId: packet.clientId,
        will: packet.will === undefined ? undefined : willToTheirs(packet.will),
        username: packet.userName,
        password: password === undefined ? undefined : Buffer.from(password),
        properties: propertiesToTheirs(packet.properties),
      };
    }
    case PacketType.Connack: {
      const isV5 = protocolVersion === ProtocolVersion.V5;
      const code = isV5 ? { reasonCode: packet.reasonCode } : { returnCode: returnCodes.indexOf(packet.reasonCode) };
      const properties = propertiesToTheirs(packet.properties);
      return { cmd: "connack", sessionPresent: packet.sessionPresent, ...code, properties };
    }
    case PacketType.Publish: {
      const { topicAlias, subscriptionIdentifiers } = packet;
      return {
        cmd: "publish",
        dup: packet.dup,
        qos: packet.qos,
        retain: packet.retain,
        topic: packet.topicName,
        messageId: packet.packetIdentifier,
        properties: propertiesToTheirs({ ...packet.properties, topicAlias, subscriptionIdentifiers }),
        payload: Buffer.from(packet.payload),
      };
    }
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp: {
      const properties = propertiesToTheirs(packet.properties);
      const cmd = [...commands].find(([, type]) => type === packet.type)?.[0];
      const { packetIdentifier: messageId, reasonCode } = packet;
      return { cmd, messageId, reasonCode, ...(Object.keys(properties).length > 0 ? { properties } : {}) };
    }
    case PacketType.Subscribe: {
      const { subscriptionIdentifier, userProperties } = packet;
      return {
        cmd: "subscribe",
        messageId: packet.packetIdentifier,
        subscriptions: packet.subscriptions.map((each) => ({
          topic: each.topicFilter,
          qos: each.qos,
          nl: each.noLocal,
          rap: each.retainAsPublished,
          rh: each.retainHandling,
        })),
        properties: propertiesToTheirs({ subscriptionIdentifier, userProperties }),
      };
    }
    case PacketType.Suback:
    case PacketType.Unsuback:
      return {
        cmd: packet.type === PacketType.Suback ? "suback" : "unsuback",
        messageId: packet.packetIdentifier,
        granted: packet.reasonCodes,
        properties: propertiesToTheirs(packet.properties),
      };
    case PacketType.Unsubscribe:
      return {
        cmd: "unsubscribe",
        messageId: packet.packetIdentifier,
        unsubscriptions: packet.topicFilters,
        properties: propertiesToTheirs({ userProperties: packet.userProperties }),
      };
    case PacketType.Pingreq:
      return { cmd: "pingreq" };
    case PacketType.Pingresp:
      return { cmd: "pingresp" };
    case PacketType.Disconnect:
    case PacketType.Auth:
      return {
        cmd: packet.type === PacketType.Auth ? "auth" : "disconnect",
        reasonCode: packet.reasonCode,
        properties: propertiesToTheirs(packet.properties),
      };
  }
}

function willToTheirs(ours: ReturnType<typeof will>): Theirs {
  const delayIntervalSeconds = ours.delayIntervalSeconds === 0 ? undefined : ours.delayIntervalSeconds;
  return {
    topic: ours.topicName,
    payload: Buffer.from(ours.payload),
    qos: ours.qos,
    retain: ours.retain,
    properties: propertiesToTheirs({ ...ours.properties, delayIntervalSeconds }),
  };
}

function propertiesToTheirs(ours: object): Theirs {
  const properties: Theirs = {};
  for (const [name, value] of Object.entries<Theirs>(ours)) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    properties[theirNames[name] ?? name] = valueToTheirs(name, value);
  }
  return properties;
}

function valueToTheirs(name: string, value: Theirs): Theirs {
  if (name === "userProperties") return userPropertiesToTheirs(value);
  if (name === "payloadFormatIndicator") return value === 1;
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

function userPropertiesToTheirs(ours: readonly UserProperty[]): UserProperties {
  const theirs: Record<string, string[]> = Object.create(null);
  for (const [name, value] of ours) theirs[name] = [...(theirs[name] ?? []), value];
  return theirs;
}
