import type { IPublishPacket } from "mqtt";
import { fourByteMax, twoByteMax } from "../mqtt/limits.ts";
import { UsageError } from "../service/errors.ts";
import type { Flag, Given } from "./command.ts";

/** The Properties of a PUBLISH in the words of MQTT.js (§3.3.2.3). */
export type MessageProperties = NonNullable<IPublishPacket["properties"]>;

/** User Properties in the words of MQTT.js: several values of one name are a list. */
export type UserProperties = Record<string, string | string[]>;

/** How a property is given on the command line and in JSON, and in what form MQTT.js wants it. */
interface MessageProperty {
  readonly key:
    | "payloadFormatIndicator"
    | "messageExpiryInterval"
    | "contentType"
    | "responseTopic"
    | "correlationData";
  readonly flag: Flag;
  /** @throws UsageError */
  readonly read: (given: Given, flag: string) => unknown;
  /** undefined when the value is none; `wanted` says what one is. */
  readonly fromJson: (value: unknown) => unknown;
  readonly wanted: string;
}

const messageProperties: readonly MessageProperty[] = [
  {
    key: "payloadFormatIndicator",
    flag: {
      name: "payload-format",
      value: "FORMAT",
      example: "utf-8",
      choices: ["bytes", "utf-8"],
      summary: "Payload Format Indicator",
    },
    read: (given, flag) => given.text(flag) === "utf-8",
    fromJson: (value) => (value === 0 || value === 1 ? value === 1 : undefined),
    wanted: "0 (bytes) or 1 (UTF-8)",
  },
  {
    key: "messageExpiryInterval",
    flag: { name: "message-expiry", value: "SECONDS", example: "60", summary: "Message Expiry Interval" },
    read: (given, flag) => given.integer(flag, 0, fourByteMax),
    fromJson: (value) => integerFrom(value, 0, fourByteMax),
    wanted: `a whole number of seconds from 0 to ${fourByteMax}`,
  },
  {
    key: "contentType",
    flag: { name: "content-type", value: "TYPE", example: "application/json", summary: "Content Type" },
    read: (given, flag) => given.text(flag),
    fromJson: text,
    wanted: "a text",
  },
  {
    key: "responseTopic",
    flag: { name: "response-topic", value: "TOPIC", example: "answers/42", summary: "Response Topic" },
    read: (given, flag) => given.text(flag),
    fromJson: text,
    wanted: "a text",
  },
  {
    key: "correlationData",
    flag: { name: "correlation-data", value: "TEXT", example: "request-7", summary: "Correlation Data" },
    read: (given, flag) => Buffer.from(given.text(flag) ?? ""),
    fromJson: (value) => (typeof value === "string" ? Buffer.from(value) : undefined),
    wanted: "a text, or correlationDataBase64",
  },
];

/** The flags of every Property that a PUBLISH and a Will have in common; `prefix` as `will-`. */
export function messagePropertyFlags(prefix: "" | "will-"): readonly Flag[] {
  const of = prefix === "" ? "" : " of the Will";
  const flags = messageProperties.map(({ flag }) => ({ ...flag, summary: `${flag.summary}${of}` }));
  return [...flags, userPropertyFlag("user-property", `User Property${of}`)].map((flag) => ({
    ...flag,
    name: `${prefix}${flag.name}`,
  }));
}

export function userPropertyFlag(name: string, summary: string): Flag {
  return { name, value: "NAME=VALUE", example: "room=kitchen", many: true, summary };
}

/** What these flags say. @throws UsageError */
export function givenMessageProperties(given: Given, prefix: "" | "will-"): MessageProperties {
  const properties: Record<string, unknown> = {};
  for (const { key, flag, read } of messageProperties) {
    const name = `${prefix}${flag.name}`;
    if (given.has(name)) properties[key] = read(given, name);
  }
  const userProperties = givenUserProperties(given, `${prefix}user-property`);
  if (userProperties !== undefined) properties["userProperties"] = userProperties;
  return properties;
}

/** undefined when there is none. @throws UsageError */
export function givenUserProperties(given: Given, flag: string): UserProperties | undefined {
  const texts = given.texts(flag);
  if (texts.length === 0) return undefined;
  const properties = emptyUserProperties();
  for (const pair of texts) {
    const end = pair.indexOf("=");
    if (end < 0) throw new UsageError(`--${flag} ${pair}: write NAME=VALUE, as in --${flag} room=kitchen`);
    addUserProperty(properties, pair.slice(0, end), pair.slice(end + 1));
  }
  return properties;
}

/** A copy with one more, behind those of the same name. */
export function withUserProperty(properties: UserProperties | undefined, name: string, value: string): UserProperties {
  const copy = emptyUserProperties();
  for (const [each, values] of Object.entries(properties ?? {})) copy[each] = values;
  addUserProperty(copy, name, value);
  return copy;
}

/**
 * The `properties` of a message in JSON, as `sub --json` writes them.
 * @throws UsageError that names the key
 */
export function messagePropertiesFromJson(json: unknown): MessageProperties {
  if (!isObject(json)) throw new UsageError('properties is an object, as in {"contentType": "text/plain"}');
  const properties: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    // What only a Server says of a message is no part of publishing it again.
    if (key === "subscriptionIdentifiers") continue;
    if (key === "userProperties") properties[key] = userPropertiesFromJson(value);
    else if (key === "topicAlias") properties[key] = checked(key, integerFrom(value, 1, twoByteMax), "1 to 65535");
    else if (key === "correlationDataBase64") properties["correlationData"] = bytesFromBase64(key, value);
    else {
      const property = messageProperties.find((each) => each.key === key);
      if (property === undefined) throw new UsageError(`properties.${key} is no property; ${propertyNames()}`);
      properties[key] = checked(key, property.fromJson(value), property.wanted);
    }
  }
  return properties;
}

/** The opposite: absent ones are left out, bytes are text where they are one. */
export function messagePropertiesToJson(properties: MessageProperties): Record<string, unknown> {
  const { payloadFormatIndicator, correlationData, subscriptionIdentifier } = properties;
  return {
    ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator: payloadFormatIndicator ? 1 : 0 }),
    ...pick(properties, ["messageExpiryInterval", "contentType", "responseTopic"]),
    ...(correlationData === undefined ? {} : bytesToJson("correlationData", correlationData)),
    ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifiers: [subscriptionIdentifier].flat() }),
    ...pick(properties, ["userProperties"]),
  };
}

/** `{name: text}` when the bytes are UTF-8, else `{nameBase64: …}`. */
export function bytesToJson(name: string, bytes: Buffer): Record<string, string> {
  const asText = bytes.toString();
  if (Buffer.from(asText).equals(bytes)) return { [name]: asText };
  return { [`${name}Base64`]: bytes.toString("base64") };
}

/** @throws UsageError */
export function bytesFromBase64(name: string, value: unknown): Buffer {
  if (typeof value === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0) {
    return Buffer.from(value, "base64");
  }
  throw new UsageError(`${name} is bytes in base64, as in "aGVsbG8="`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Without a prototype: strangers may call theirs `__proto__`. */
function emptyUserProperties(): UserProperties {
  return Object.create(null) as UserProperties;
}

function addUserProperty(properties: UserProperties, name: string, value: string): void {
  const before = properties[name];
  properties[name] = before === undefined ? value : [before, value].flat();
}

function userPropertiesFromJson(json: unknown): UserProperties {
  const wanted = 'properties.userProperties is an object of texts, as in {"room": "kitchen", "tag": ["a", "b"]}';
  if (!isObject(json)) throw new UsageError(wanted);
  const properties = emptyUserProperties();
  for (const [name, values] of Object.entries(json)) {
    for (const value of [values].flat()) {
      if (typeof value !== "string") throw new UsageError(wanted);
      addUserProperty(properties, name, value);
    }
  }
  return properties;
}

function checked(key: string, value: unknown, wanted: string): unknown {
  if (value === undefined) throw new UsageError(`properties.${key} is ${wanted}`);
  return value;
}

function propertyNames(): string {
  return `properties are ${messageProperties.map(({ key }) => key).join(", ")}, topicAlias and userProperties`;
}

function pick(properties: MessageProperties, keys: readonly (keyof MessageProperties)[]): Record<string, unknown> {
  const present = keys.filter((key) => properties[key] !== undefined);
  return Object.fromEntries(present.map((key) => [key, properties[key]]));
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function integerFrom(value: unknown, minimum: number, maximum: number): number | undefined {
  const isOne = typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum;
  return isOne ? value : undefined;
}
