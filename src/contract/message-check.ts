import { basename } from "node:path";
import type { PublishRequest, Refusal, RefusalReasonCode } from "../broker/policy.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { ParameterValue } from "./channel-matcher.ts";
import { type Content, headersOf, type JsonType } from "./content.ts";
import type { ChannelMessage, Location } from "./contract.ts";
import type { Place } from "./finding.ts";
import { shown } from "./shown.ts";
import type { SchemaProblem, Validator } from "./validators.ts";

/** How the payload of a message is looked at. */
export type PayloadKind = "json" | "text" | "opaque";

/** A message with its validators. */
export interface CompiledMessage {
  readonly message: ChannelMessage;
  readonly kind: PayloadKind;
  /** The only type that its payload can have, of JSON's; undefined when there are several. */
  readonly jsonType: JsonType | undefined;
  readonly payload: Validator | undefined;
  readonly headers: Validator | undefined;
}

/** What a parameter's value must be repeated in. */
export interface LocationCheck {
  readonly name: string;
  readonly location: Location;
  readonly place: Place;
}

/**
 * Whether a PUBLISH is exactly one of the messages, and names in it what its topic names.
 * @returns the first rule that it breaks; undefined when it is fine
 */
export function checkMessage(
  messages: readonly CompiledMessage[],
  locations: readonly LocationCheck[],
  values: readonly ParameterValue[],
  publish: PublishRequest,
  content: Content,
): Refusal | undefined {
  if (messages.length === 0) return undefined;
  const [first] = messages;
  const fitting = messages.length === 1 ? first! : theOne(messages, content, publish);
  if (isRefusal(fitting)) return fitting;
  const refusal = messages.length === 1 ? checkOne(fitting, content, publish) : undefined;
  if (refusal !== undefined || locations.length === 0) return refusal;
  return checkLocations(locations, values, content, publish);
}

/** The only one of several messages that fits, or why there is none. */
function theOne(
  messages: readonly CompiledMessage[],
  content: Content,
  publish: PublishRequest,
): CompiledMessage | Refusal {
  let fitting: CompiledMessage | undefined;
  let refusal: Refusal | undefined;
  for (const message of messages) {
    // An array needs no check to be no object, and what an object lacks tells nothing about an array.
    if (!mayBe(message, content)) continue;
    const problem = checkOne(message, content, publish);
    if (problem !== undefined) refusal ??= problem;
    else if (fitting !== undefined) return ambiguous(fitting, message);
    else fitting = message;
  }
  return fitting ?? refusal ?? checkOne(messages[0]!, content, publish)!;
}

function mayBe({ kind, jsonType }: CompiledMessage, content: Content): boolean {
  return kind !== "json" || jsonType === undefined || content.jsonType === jsonType;
}

function isRefusal(outcome: CompiledMessage | Refusal): outcome is Refusal {
  return "reasonCode" in outcome;
}

function checkOne(compiled: CompiledMessage, content: Content, publish: PublishRequest): Refusal | undefined {
  const { message } = compiled;
  return checkProperties(message, publish) ?? checkPayload(compiled, content) ?? checkHeaders(compiled, publish);
}

/** What the message binding fixes; a property that is not there breaks nothing, and 3.1.1 has none. */
function checkProperties(message: ChannelMessage, { properties }: PublishRequest): Refusal | undefined {
  const { payloadFormatIndicator, contentType } = properties;
  if (payloadFormatIndicator !== undefined && message.payloadFormatIndicator !== undefined) {
    if (payloadFormatIndicator !== message.payloadFormatIndicator) {
      const sentence = `Payload Format Indicator must be ${message.payloadFormatIndicator}`;
      return refusal(ReasonCode.PayloadFormatInvalid, sentence, message.place, message.name);
    }
  }
  const expected = message.expectedContentType;
  if (contentType !== undefined && expected !== undefined && mediaType(contentType) !== mediaType(expected)) {
    return refusal(ReasonCode.PayloadFormatInvalid, `Content Type must be ${expected}`, message.place, message.name);
  }
  return undefined;
}

function checkPayload({ message, kind, payload }: CompiledMessage, content: Content): Refusal | undefined {
  if (payload === undefined || kind === "opaque") return undefined;
  const notReadable =
    kind === "json" ? content.jsonProblem : content.text === undefined ? "payload is no UTF-8" : undefined;
  if (notReadable !== undefined) {
    return refusal(ReasonCode.PayloadFormatInvalid, notReadable, message.place, message.name);
  }
  const problem = payload(kind === "json" ? content.json : content.text);
  return problem === undefined ? undefined : schemaRefusal(ReasonCode.PayloadFormatInvalid, problem, message);
}

function checkHeaders({ message, headers }: CompiledMessage, { properties }: PublishRequest): Refusal | undefined {
  if (headers === undefined) return undefined;
  const problem = headers(headersOf(properties.userProperties));
  return problem === undefined ? undefined : schemaRefusal(ReasonCode.ImplementationSpecificError, problem, message);
}

function checkLocations(
  locations: readonly LocationCheck[],
  values: readonly ParameterValue[],
  content: Content,
  publish: PublishRequest,
): Refusal | undefined {
  for (const { name, location, place } of locations) {
    const inTopic = values.find((each) => each.name === name)?.value;
    const root = location.source === "payload" ? content.json : headersOf(publish.properties.userProperties);
    const inMessage = at(root, location.pointer);
    // An absent one is for the schema to ask for, and null is as good as absent.
    if (inMessage === undefined || inMessage === null || inTopic === undefined) continue;
    if (typeof inMessage !== "object" && String(inMessage) === inTopic) continue;
    const path = `${location.source}/${location.pointer.join("/")}`;
    const sentence = `${path} must be the {${name}} of the topic, ${inTopic}`;
    return refusal(ReasonCode.PayloadFormatInvalid, sentence, place, name);
  }
  return undefined;
}

function at(root: unknown, pointer: readonly string[]): unknown {
  let current = root;
  for (const token of pointer) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, token)) return undefined;
    current = (current as Record<string, unknown>)[token];
  }
  return current;
}

function ambiguous(first: CompiledMessage, second: CompiledMessage): Refusal {
  const sentence = `payload is both ${first.message.name} and ${second.message.name}, and must be exactly one message`;
  return refusal(ReasonCode.PayloadFormatInvalid, sentence, second.message.place, second.message.name);
}

function schemaRefusal(
  reasonCode: RefusalReasonCode,
  { sentence, rule }: SchemaProblem,
  message: ChannelMessage,
): Refusal {
  return refusal(
    reasonCode,
    sentence,
    rule?.place ?? message.place,
    rule === undefined || rule.name === "" ? message.name : rule.name,
  );
}

/** `payload/quantity must be >= 0 (petstore.asyncapi.yaml:212 StockLevel)` */
export function refusal(reasonCode: RefusalReasonCode, sentence: string, place: Place, name: string): Refusal {
  return {
    reasonCode,
    reasonString: `${shown(sentence, sentenceMax)} (${basename(place.file)}:${place.line} ${shown(name, nameMax)})`,
    place: `${place.file}:${place.line}:${place.column}`,
  };
}

/** Of the sentence in a Reason String, and of the name behind it, in characters. */
const sentenceMax = 400;
const nameMax = 80;

function mediaType(contentType: string): string {
  return contentType.split(";", 1)[0]!.trim().toLowerCase();
}
