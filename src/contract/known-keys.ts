import type { Reading } from "./reading.ts";
import type { ValueMap } from "./sources.ts";
import { nearestWord } from "./spelling.ts";

/** An object of AsyncAPI, as people call it. */
export type Kind =
  | "document"
  | "server"
  | "channel"
  | "parameter"
  | "operation"
  | "reply"
  | "message"
  | "server binding"
  | "operation binding"
  | "message binding";

/** What AsyncAPI 3.0 has in its objects, and in the bindings for MQTT (0.2.0). */
const keysOf: Readonly<Record<Kind, readonly string[]>> = {
  document: words("asyncapi id info servers defaultContentType channels operations components"),
  server: words(
    "host protocol protocolVersion pathname title summary description variables security tags externalDocs bindings",
  ),
  channel: words("address messages title summary description servers parameters tags externalDocs bindings"),
  parameter: words("enum default description examples location"),
  operation: words(
    "action channel title summary description security tags externalDocs bindings traits messages reply",
  ),
  reply: words("address channel messages"),
  message: words(
    "headers payload correlationId contentType name title summary description tags externalDocs bindings examples traits",
  ),
  "server binding": words(
    "clientId cleanSession lastWill keepAlive sessionExpiryInterval maximumPacketSize bindingVersion",
  ),
  "operation binding": words("qos retain messageExpiryInterval bindingVersion"),
  "message binding": words("payloadFormatIndicator correlationData contentType responseTopic bindingVersion"),
};

/** Those that are not theirs, but are read with the operation. */
const readElsewhere: ReadonlySet<string> = new Set(["message binding.qos", "message binding.retain"]);

/** What AsyncAPI 2 has there, and what takes its place. */
const moved: Readonly<Record<string, string>> = {
  "document.tags": "Write it into info",
  "document.externalDocs": "Write it into info",
  "server.url": "Write host: and pathname:",
  "channel.publish": "Write an operation with action: receive, beside the channels",
  "channel.subscribe": "Write an operation with action: send, beside the channels",
  "parameter.schema": "Write enum:, or x-schema: with a JSON Schema",
  "operation.message": "Write the messages into the channel",
  "operation.operationId": "The operation's key is its id; remove it",
  "message.messageId": "The message's key is its id; remove it",
  "message.schemaFormat": "Write payload: { schemaFormat: …, schema: … }",
};

/** Warns about keys that mean nothing: a misspelled one takes away a rule without a word. */
export function checkKeys(reading: Reading, kind: Kind, map: ValueMap): void {
  const known = keysOf[kind];
  for (const key of Object.keys(map)) {
    if (key.startsWith("x-") || key === "$ref" || known.includes(key)) continue;
    const place = `${kind}.${key}`;
    if (readElsewhere.has(place)) continue;
    const near = nearestWord(key, known);
    const hint = Object.hasOwn(moved, place)
      ? moved[place]!
      : near === undefined
        ? `It has ${known.join(", ")}; your own begin with x-`
        : `Perhaps ${near} was meant`;
    const article = kind === "operation" || kind === "operation binding" ? "An" : "A";
    reading.add("key-unknown", map, key, `${article} ${kind} has no ${key}, so it has no effect`, hint);
  }
}

function words(text: string): readonly string[] {
  return text.split(" ");
}
