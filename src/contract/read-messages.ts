import type { ChannelMessage, MessageExample, SchemaSource } from "./contract.ts";
import { checkKeys } from "./known-keys.ts";
import type { Named, Reading } from "./reading.ts";
import { isReference, isValueList, isValueMap, referenceName, type Value, type ValueMap } from "./sources.ts";

/** Reads messages; each of them once, however many channels have it. */
export class MessageReader {
  readonly #reading: Reading;
  readonly #defaultContentType: string | undefined;
  readonly #read: Map<ValueMap, ChannelMessage> = new Map();

  constructor(reading: Reading, defaultContentType: string | undefined) {
    this.#reading = reading;
    this.#defaultContentType = defaultContentType;
  }

  read({ name, map }: Named): ChannelMessage {
    const known = this.#read.get(map);
    if (known !== undefined) return known;
    const message = this.#message(name, map);
    this.#read.set(map, message);
    return message;
  }

  #message(name: string, map: ValueMap): ChannelMessage {
    const reading = this.#reading;
    checkKeys(reading, "message", map);
    const merged = reading.withTraits(map);
    const binding = reading.mqttBinding(merged);
    if (binding !== undefined) checkKeys(reading, "message binding", binding);
    const payload = this.#schema(merged, "payload");
    return {
      name,
      ...this.#contentTypes(name, merged, binding, payload),
      payload,
      headers: this.#schema(merged, "headers"),
      payloadFormatIndicator: this.#payloadFormatIndicator(binding),
      responseTopic: this.#responseTopic(binding),
      examples: this.#examples(merged),
      place: reading.sources.place(map),
    };
  }

  /** A Schema Object, or a Multi Format Schema Object that says what it is written in. */
  #schema(message: ValueMap, key: "payload" | "headers"): SchemaSource | undefined {
    const reading = this.#reading;
    const value = reading.at(message, key);
    if (value === undefined) return undefined;
    const place = reading.sources.place(message, key);
    const name = referredAs(message[key]);
    if (typeof value === "boolean") return { schema: value, name, dialect: "draft-07", place };
    if (!isValueMap(value)) return this.#wrong(message, key, value);
    if (!Object.hasOwn(value, "schemaFormat")) return { schema: value, name, dialect: "draft-07", place };
    const format = reading.text(value, "schemaFormat") ?? "";
    const dialect = dialectOf(format);
    if (dialect === undefined) return this.#unchecked(value, format);
    const schema = reading.at(value, "schema");
    if (typeof schema === "boolean" || isValueMap(schema)) {
      return { schema, name: referredAs(value["schema"]), dialect, place: reading.sources.place(value, "schema") };
    }
    return reading.add(
      "missing",
      value,
      undefined,
      `${key} has a schemaFormat and no schema`,
      "Write the schema under schema",
    );
  }

  #unchecked(value: ValueMap, format: string): SchemaSource {
    this.#reading.add(
      "schema-unchecked",
      value,
      "schemaFormat",
      `Payloads in ${format} are passed on unchecked`,
      "Nothing needs mending; JSON Schema draft-07 and 2020-12 are checked",
    );
    return { schema: true, name: "", dialect: undefined, place: this.#reading.sources.place(value, "schemaFormat") };
  }

  #wrong(message: ValueMap, key: string, value: Value): undefined {
    const kind = value === null ? "nothing" : typeof value;
    return this.#reading.add("wrong-type", message, key, `${key} must be a schema, not ${kind}`, "Write a JSON Schema");
  }

  /** MQTT has no Content Type of its own, so a document that is silent leaves open what a string looks like. */
  #contentTypes(
    name: string,
    map: ValueMap,
    binding: ValueMap | undefined,
    payload: SchemaSource | undefined,
  ): Pick<ChannelMessage, "contentType" | "expectedContentType"> {
    const reading = this.#reading;
    const ofMessage = reading.text(map, "contentType");
    const ofBinding = binding === undefined ? undefined : reading.text(binding, "contentType");
    const expectedContentType = ofBinding ?? ofMessage ?? this.#defaultContentType;
    const stated = ofMessage ?? ofBinding ?? this.#defaultContentType;
    if (stated !== undefined) return { contentType: stated, expectedContentType };
    if (!isString(payload)) return { contentType: "application/json", expectedContentType };
    reading.add(
      "content-type-missing",
      map,
      "payload",
      `Payloads of ${name} are strings, and nothing says how they are written; they are read as plain text`,
      "Add contentType: text/plain, or application/json where they stand in quotes",
    );
    return { contentType: "text/plain", expectedContentType };
  }

  #payloadFormatIndicator(binding: ValueMap | undefined): 0 | 1 | undefined {
    if (binding === undefined) return undefined;
    return this.#reading.integer(binding, "payloadFormatIndicator", 0, 1) as 0 | 1 | undefined;
  }

  /** A text, or a schema for one, which nothing is held to. */
  #responseTopic(binding: ValueMap | undefined): string | undefined {
    const value = binding === undefined ? undefined : this.#reading.at(binding, "responseTopic");
    return typeof value === "string" ? value : undefined;
  }

  #examples(message: ValueMap): readonly MessageExample[] {
    return this.#reading
      .mapsOfList(message, "examples")
      .map(({ map }, index) => ({ owner: map, name: this.#reading.note(map, "name") ?? String(index + 1) }));
  }
}

/** Whether nothing but a string satisfies it. */
function isString(source: SchemaSource | undefined): boolean {
  if (source?.dialect === undefined || typeof source.schema === "boolean") return false;
  const { type, enum: values } = source.schema;
  return type === "string" || (type === undefined && isValueList(values) && values.every(isText));
}

function isText(value: Value): boolean {
  return typeof value === "string";
}

/** By the schemaFormat of a Multi Format Schema Object. */
function dialectOf(format: string): SchemaSource["dialect"] {
  const [mediaType = "", ...parameters] = format
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  if (/^application\/vnd\.aai\.asyncapi(\+json|\+yaml)?$/.test(mediaType)) return "draft-07";
  if (!/^application\/schema\+(json|yaml)$/.test(mediaType)) return undefined;
  const version =
    parameters.find((parameter) => parameter.startsWith("version="))?.slice("version=".length) ?? "draft-07";
  if (version === "draft-07" || version === "draft-06" || version === "draft-04") return "draft-07";
  return /^(?:draft-)?(?:2020-12|2019-09)$/.test(version) ? "2020-12" : undefined;
}

function referredAs(value: Value | undefined): string {
  return isReference(value) ? referenceName(value) : "";
}
