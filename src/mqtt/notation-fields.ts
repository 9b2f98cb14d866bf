import { Buffer } from "node:buffer";
import { fourByteMax, twoByteMax, variableByteMax } from "./limits.ts";
import { NotationError, type Token, type Tokens, unexpected } from "./notation-tokens.ts";
import { noSubscriptionIdentifiers, noUserProperties, type UserProperty } from "./packet.ts";

/** How a field is written: flags as `0` and `1`, texts as in JSON, binary as text where it is text, else as bytes. */
export type FieldKind =
  | "bit"
  | "flag"
  | "twoByte"
  | "fourByte"
  | "variableByte"
  | "text"
  | "binary"
  | "userProperties"
  | "subscriptionIdentifiers";

/** One field of a packet that is written as `name=value`; lists are written once per element. */
export interface Field {
  /** The specification's word. */
  readonly name: string;
  /** The key in the packet. */
  readonly key: string;
  readonly kind: FieldKind;
}

function field(name: string, kind: FieldKind, key: string = name): Field {
  return { name, key, kind };
}

const reasonString = field("reasonString", "text");
const userProperties = field("userProperty", "userProperties", "userProperties");
const sessionExpiryInterval = field("sessionExpiryInterval", "fourByte", "sessionExpiryIntervalSeconds");
const receiveMaximum = field("receiveMaximum", "twoByte");
const maximumPacketSize = field("maximumPacketSize", "fourByte");
const topicAliasMaximum = field("topicAliasMaximum", "twoByte");
const authenticationMethod = field("authenticationMethod", "text");
const authenticationData = field("authenticationData", "binary");
const serverReference = field("serverReference", "text");

/** CONNECT Properties (§3.1.2.11), in the order of their keys. */
export const connectFields: readonly Field[] = [
  sessionExpiryInterval,
  receiveMaximum,
  maximumPacketSize,
  topicAliasMaximum,
  field("requestResponseInformation", "flag"),
  field("requestProblemInformation", "flag"),
  userProperties,
  authenticationMethod,
  authenticationData,
];

/** CONNACK Properties (§3.2.2.3). */
export const connackFields: readonly Field[] = [
  sessionExpiryInterval,
  receiveMaximum,
  field("maximumQoS", "bit"),
  field("retainAvailable", "flag"),
  maximumPacketSize,
  field("assignedClientIdentifier", "text", "assignedClientId"),
  topicAliasMaximum,
  reasonString,
  userProperties,
  field("wildcardSubscriptionAvailable", "flag"),
  field("subscriptionIdentifierAvailable", "flag"),
  field("sharedSubscriptionAvailable", "flag"),
  field("serverKeepAlive", "twoByte", "serverKeepAliveSeconds"),
  field("responseInformation", "text"),
  serverReference,
  authenticationMethod,
  authenticationData,
];

/** PUBLISH and Will Properties that travel with the Application Message (§3.3.2.3). */
export const publishFields: readonly Field[] = [
  field("payloadFormatIndicator", "bit"),
  field("messageExpiryInterval", "fourByte", "messageExpiryIntervalSeconds"),
  field("contentType", "text"),
  field("responseTopic", "text"),
  field("correlationData", "binary"),
  userProperties,
];

/** PUBLISH Properties of one transmission (§3.3.2.3.4, §3.3.2.3.8). */
export const transmissionFields: readonly Field[] = [
  field("topicAlias", "twoByte"),
  field("subscriptionIdentifier", "subscriptionIdentifiers", "subscriptionIdentifiers"),
];

/** Will Delay Interval (§3.1.3.2.2). */
export const delayIntervalField: Field = field("delayInterval", "fourByte", "delayIntervalSeconds");

/** The Payload, last in PUBLISH and Will. */
export const payloadField: Field = field("payload", "binary");

/** Acknowledgements, SUBACK and UNSUBACK (§3.4.2.2). */
export const acknowledgementFields: readonly Field[] = [reasonString, userProperties];

/** SUBSCRIBE Properties (§3.8.2.1). */
export const subscribeFields: readonly Field[] = [field("subscriptionIdentifier", "variableByte"), userProperties];

/** UNSUBSCRIBE Properties (§3.10.2.1). */
export const unsubscribeFields: readonly Field[] = [userProperties];

/** DISCONNECT Properties (§3.14.2.2). */
export const disconnectFields: readonly Field[] = [
  sessionExpiryInterval,
  reasonString,
  userProperties,
  serverReference,
];

/** AUTH Properties (§3.15.2.2). */
export const authFields: readonly Field[] = [authenticationMethod, authenticationData, reasonString, userProperties];

/** CONNECT's Keep Alive, User Name and Password (§3.1.2.10, §3.1.3.5, §3.1.3.6). */
export const keepAliveField: Field = field("keepAlive", "twoByte", "keepAliveSeconds");
export const credentialFields: readonly Field[] = [field("userName", "text"), field("password", "binary")];

/** Values by the key of their field. */
export type Values = Readonly<Record<string, unknown>>;

/** The fields that are there, as ` name=value`. */
export function formatFields(fields: readonly Field[], values: object): string {
  let line = "";
  for (const { name, key, kind } of fields) {
    const value = (values as Values)[key];
    if (value === undefined) continue;
    for (const written of formatValue(kind, value)) line += ` ${name}=${written}`;
  }
  return line;
}

function formatValue(kind: FieldKind, value: unknown): readonly string[] {
  switch (kind) {
    case "bit":
    case "twoByte":
    case "fourByte":
    case "variableByte":
      return [String(value)];
    case "flag":
      return [value === true ? "1" : "0"];
    case "text":
      return [JSON.stringify(value)];
    case "binary":
      return [formatBinary(value as Uint8Array)];
    case "userProperties":
      return (value as readonly UserProperty[]).map(
        ([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`,
      );
    case "subscriptionIdentifiers":
      return (value as readonly number[]).map(String);
  }
}

/** `"text"` where the bytes are readable text, else `x'00ff'`. */
function formatBinary(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString("utf8");
  const isReadable = !/[\p{Cc}\p{Cn}\p{Co}]/u.test(text) && Buffer.from(text, "utf8").equals(buffer);
  return isReadable ? JSON.stringify(text) : `x'${buffer.toString("hex")}'`;
}

/** Collects `name=value` for some fields; what never came is `undefined` or an empty list. */
export class FieldReader {
  readonly #fields = new Map<string, Field>();
  readonly #values = new Map<string, unknown>();

  constructor(...tables: readonly (readonly Field[])[]) {
    for (const row of tables.flat()) this.#fields.set(row.name, row);
  }

  /**
   * Reads one field if the next word names one.
   * @throws NotationError for a value that is not of its kind, or a field that came before
   */
  read(tokens: Tokens): boolean {
    const { next } = tokens;
    const known = next.kind === "word" ? this.#fields.get(next.value) : undefined;
    if (known === undefined) return false;
    tokens.take();
    tokens.expect("=");
    this.#add(known, next, tokens);
    return true;
  }

  #add({ name, key, kind }: Field, at: Token, tokens: Tokens): void {
    const before = this.#values.get(key);
    if (kind === "userProperties") {
      this.#values.set(key, [...((before as readonly UserProperty[] | undefined) ?? []), readUserProperty(tokens)]);
    } else if (kind === "subscriptionIdentifiers") {
      const identifier = readNumber(tokens, variableByteMax);
      this.#values.set(key, [...((before as readonly number[] | undefined) ?? []), identifier]);
    } else {
      if (before !== undefined) throw new NotationError(at.column, `${name} comes twice`);
      this.#values.set(key, readValue(kind, tokens));
    }
  }

  /** The values of these fields, one key for each, in their order. */
  values<Properties>(fields: readonly Field[]): Properties {
    return Object.fromEntries(
      fields.map((row) => [row.key, this.#values.get(row.key) ?? nothing(row.kind)]),
    ) as Properties;
  }

  /** The value of one field; `undefined` when it did not come. */
  value<Value>(one: Field): Value | undefined {
    return this.#values.get(one.key) as Value | undefined;
  }
}

function nothing(kind: FieldKind): unknown {
  if (kind === "userProperties") return noUserProperties;
  return kind === "subscriptionIdentifiers" ? noSubscriptionIdentifiers : undefined;
}

function readValue(kind: Exclude<FieldKind, "userProperties" | "subscriptionIdentifiers">, tokens: Tokens): unknown {
  switch (kind) {
    case "bit":
      return readNumber(tokens, 1);
    case "flag":
      return readNumber(tokens, 1) === 1;
    case "twoByte":
      return readNumber(tokens, twoByteMax);
    case "fourByte":
      return readNumber(tokens, fourByteMax);
    case "variableByte":
      return readNumber(tokens, variableByteMax);
    case "text":
      return readText(tokens);
    case "binary":
      return readBinary(tokens);
  }
}

/** A whole number up to `maximum`. */
export function readNumber(tokens: Tokens, maximum: number): number {
  const token = tokens.take();
  if (token.kind === "number" && token.value <= maximum) return token.value;
  throw unexpected(token, `a number up to ${maximum}`);
}

/** A text in quotes. */
export function readText(tokens: Tokens): string {
  const token = tokens.take();
  if (token.kind === "text") return token.value;
  throw unexpected(token, "a text in quotes");
}

function readBinary(tokens: Tokens): Uint8Array {
  const token = tokens.take();
  if (token.kind === "text") return Buffer.from(token.value, "utf8");
  if (token.kind === "bytes") return token.value;
  throw unexpected(token, "a text in quotes or bytes as x'00ff'");
}

function readUserProperty(tokens: Tokens): UserProperty {
  const name = readText(tokens);
  tokens.expect(":");
  return [name, readText(tokens)];
}
