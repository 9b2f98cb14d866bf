import { PacketType } from "./packet-type.ts";

/**
 * How a Property's value is written (§2.2.2.2). `bit` and `flag` are both a Byte that may only be 0 or 1: a number for
 * us, or a boolean.
 */
export type PropertyType = "bit" | "flag" | "twoByte" | "fourByte" | "variableByte" | "text" | "textPair" | "binary";

/** What a value must keep beyond its type. */
export type PropertyRule = "any" | "notZero" | "noWildcards";

/** Where Properties may stand: a Control Packet, or the Will Properties of CONNECT (§3.1.3.2). */
export type PropertyPlace = PacketType | "Will";

/** One row of the Property table (§2.2.2.2). */
export interface Property {
  readonly identifier: number;
  /** The field that holds its value. */
  readonly name: string;
  readonly type: PropertyType;
  readonly rule: PropertyRule;
  /** A list in the order of the wire; any other Property twice is a Protocol Error. */
  readonly isList: boolean;
  readonly places: readonly PropertyPlace[];
}

const { Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp } = PacketType;
const { Subscribe, Suback, Unsubscribe, Unsuback, Disconnect, Auth } = PacketType;

const message: readonly PropertyPlace[] = [Publish, "Will"];
const answers: readonly PropertyPlace[] = [
  Connack,
  Puback,
  Pubrec,
  Pubrel,
  Pubcomp,
  Suback,
  Unsuback,
  Disconnect,
  Auth,
];
const everywhere: readonly PropertyPlace[] = [...answers, Connect, Publish, "Will", Subscribe, Unsubscribe];

/**
 * Every Property, by identifier (§2.2.2.2). The Subscription Identifier has two rows: SUBSCRIBE sets one, a PUBLISH
 * carries those of all matching Subscriptions.
 */
export const properties: readonly Property[] = [
  row(0x01, "payloadFormatIndicator", "bit", message),
  row(0x02, "messageExpiryIntervalSeconds", "fourByte", message),
  row(0x03, "contentType", "text", message),
  // [MQTT-3.3.2-14]
  row(0x08, "responseTopic", "text", message, "noWildcards"),
  row(0x09, "correlationData", "binary", message),
  row(0x0b, "subscriptionIdentifier", "variableByte", [Subscribe], "notZero"),
  list(0x0b, "subscriptionIdentifiers", "variableByte", [Publish], "notZero"),
  row(0x11, "sessionExpiryIntervalSeconds", "fourByte", [Connect, Connack, Disconnect]),
  row(0x12, "assignedClientId", "text", [Connack]),
  row(0x13, "serverKeepAliveSeconds", "twoByte", [Connack]),
  row(0x15, "authenticationMethod", "text", [Connect, Connack, Auth]),
  row(0x16, "authenticationData", "binary", [Connect, Connack, Auth]),
  row(0x17, "requestProblemInformation", "flag", [Connect]),
  row(0x18, "delayIntervalSeconds", "fourByte", ["Will"]),
  row(0x19, "requestResponseInformation", "flag", [Connect]),
  row(0x1a, "responseInformation", "text", [Connack]),
  row(0x1c, "serverReference", "text", [Connack, Disconnect]),
  row(0x1f, "reasonString", "text", answers),
  row(0x21, "receiveMaximum", "twoByte", [Connect, Connack], "notZero"),
  row(0x22, "topicAliasMaximum", "twoByte", [Connect, Connack]),
  row(0x23, "topicAlias", "twoByte", [Publish]),
  row(0x24, "maximumQoS", "bit", [Connack]),
  row(0x25, "retainAvailable", "flag", [Connack]),
  list(0x26, "userProperties", "textPair", everywhere),
  row(0x27, "maximumPacketSize", "fourByte", [Connect, Connack], "notZero"),
  row(0x28, "wildcardSubscriptionAvailable", "flag", [Connack]),
  row(0x29, "subscriptionIdentifierAvailable", "flag", [Connack]),
  row(0x2a, "sharedSubscriptionAvailable", "flag", [Connack]),
];

const identifiers = new Map(properties.map(({ identifier, name }) => [name, identifier]));

/** The identifier of the Property with that field; another name is our own bug. */
export function identifierOf(name: string): number {
  const identifier = identifiers.get(name);
  if (identifier === undefined) throw new RangeError(`No Property is called ${name}`);
  return identifier;
}

function row(
  identifier: number,
  name: string,
  type: PropertyType,
  places: readonly PropertyPlace[],
  rule: PropertyRule = "any",
): Property {
  return { identifier, name, type, rule, isList: false, places };
}

function list(
  identifier: number,
  name: string,
  type: PropertyType,
  places: readonly PropertyPlace[],
  rule: PropertyRule = "any",
): Property {
  return { ...row(identifier, name, type, places, rule), isList: true };
}
