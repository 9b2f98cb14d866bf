import { variableByteMax } from "../mqtt/limits.ts";
import { suggestion } from "../server/suggestion.ts";
import { UsageError } from "../service/errors.ts";
import { topicNameProblem } from "../topics/topic-name.ts";
import { bytesFromBase64, isObject, type MessageProperties, messagePropertiesFromJson } from "./client-properties.ts";

/** A message to publish. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** undefined in 3.1.1. */
  readonly properties: MessageProperties | undefined;
}

/** What the flags say about every message; one of a batch may say otherwise. */
export interface MessageDefaults extends Omit<OutgoingMessage, "topic" | "payload"> {
  readonly topic: string | undefined;
}

/** A server may take fewer; this is what the protocol can carry. */
const anyTopic = { topicLevelsMax: 65_535, topicBytesMax: 65_535 };

/** @throws UsageError */
export function checkTopic(topic: string): void {
  const problem =
    topicNameProblem(topic, anyTopic) ?? (topic.includes("\0") ? "A Topic Name has no U+0000" : undefined);
  if (problem !== undefined) throw new UsageError(`topic ${JSON.stringify(topic)}: ${problem}`);
}

/**
 * One entry of a batch: `{topic, payload, qos, retain, properties}`, where `payload` may be any JSON and `payloadBase64` is
 * bytes. What `sub --json` writes is one.
 * @throws UsageError
 */
export function messageFromJson(json: unknown, defaults: MessageDefaults): OutgoingMessage {
  if (!isObject(json)) throw new UsageError('a message is an object, as in {"topic": "a/b", "payload": "hello"}');
  for (const key of Object.keys(json)) {
    if (keys.includes(key)) continue;
    const meant = suggestion(key, keys);
    throw new UsageError(`there is no key ${key}; ${meant === undefined ? keyNames : `did you mean ${meant}?`}`);
  }
  const { topic = defaults.topic, qos = defaults.qos, retain = defaults.retain } = json;
  if (typeof topic !== "string") throw new UsageError('a topic is missing, as in {"topic": "a/b"}');
  checkTopic(topic);
  if (qos !== 0 && qos !== 1 && qos !== 2) throw new UsageError("qos is 0, 1 or 2");
  if (typeof retain !== "boolean") throw new UsageError("retain is true or false");
  return { topic, payload: payloadOf(json), qos, retain, properties: propertiesOf(json["properties"], defaults) };
}

const keys = ["topic", "payload", "payloadBase64", "qos", "retain", "properties", "duplicate", "receivedAt"];
const keyNames = `keys are ${keys.slice(0, 6).join(", ")}`;

function payloadOf({ payload, payloadBase64 }: Record<string, unknown>): Buffer {
  if (payloadBase64 !== undefined) {
    if (payload !== undefined) throw new UsageError("payload and payloadBase64: leave one out");
    return bytesFromBase64("payloadBase64", payloadBase64);
  }
  if (payload === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
}

function propertiesOf(json: unknown, defaults: MessageDefaults): MessageProperties | undefined {
  if (json === undefined) return defaults.properties;
  const properties = messagePropertiesFromJson(json);
  if (defaults.properties !== undefined) return { ...defaults.properties, ...properties };
  if (Object.keys(properties).length === 0) return undefined;
  throw new UsageError("properties are of MQTT 5.0; leave them or --protocol-version 3.1.1 out");
}

/** @throws UsageError for what no PUBLISH can carry */
export function checkSize(bytes: number, what: string): void {
  if (bytes > variableByteMax)
    throw new UsageError(`${what} has more than ${variableByteMax} bytes, and no message may`);
}
