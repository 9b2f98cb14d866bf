import type { QoS } from "../mqtt/packet-type.ts";
import type { ChannelMessage, Operation } from "./contract.ts";
import { checkKeys } from "./known-keys.ts";
import { readBinding } from "./read-bindings.ts";
import type { ChannelDraft } from "./read-channels.ts";
import type { MessageReader } from "./read-messages.ts";
import { readSecurity } from "./read-security.ts";
import type { Named, Reading } from "./reading.ts";
import { isReference, isValueMap, type ValueMap } from "./sources.ts";

/** From whose side `send` and `receive` are written; the service's is the standard's for a document of the service. */
export type View = "service" | "client";

/** What operations are read with. */
export interface OperationSetting {
  readonly channels: readonly ChannelDraft[];
  readonly messages: MessageReader;
  readonly view: View;
  /** A server of the document asks who it is. */
  readonly isSecured: boolean;
}

/** Reads the operations and puts each to its channel. */
export function readOperations(reading: Reading, document: ValueMap, setting: OperationSetting): void {
  const operations = reading.maps(document, "operations");
  const isSecurityUsed =
    operations.length <= 1 || operations.some(({ map }) => Object.hasOwn(reading.withTraits(map), "security"));
  if (setting.isSecured && !isSecurityUsed) {
    reading.add(
      "security-missing",
      document,
      "operations",
      "No operation has security: everybody whom a server lets in may use them all",
      "Add security: to them, with schemes whose scopes they need",
    );
  }
  const reader = new OperationReader(reading, document, { ...setting, isSecurityUsed });
  for (const named of operations) reader.read(named);
  for (const { name, map, publish, subscribe } of setting.channels) {
    if (publish.length + subscribe.length > 0) continue;
    reading.add(
      "channel-unused",
      map,
      undefined,
      `Nobody may use the channel ${name}: no operation names it`,
      "Add an operation with action: send or receive",
    );
  }
}

class OperationReader {
  readonly #reading: Reading;
  readonly #setting: OperationSetting & { readonly isSecurityUsed: boolean };
  readonly #channels: ReadonlyMap<ValueMap, ChannelDraft>;
  /** Those without an address, too: nobody can use them, so what is about them is left out. */
  readonly #all: ReadonlySet<ValueMap>;

  constructor(reading: Reading, document: ValueMap, setting: OperationSetting & { readonly isSecurityUsed: boolean }) {
    this.#reading = reading;
    this.#setting = setting;
    this.#channels = new Map(setting.channels.map((channel) => [channel.map, channel]));
    this.#all = new Set(reading.maps(document, "channels").map(({ map }) => map));
  }

  read({ name, map }: Named): void {
    const reading = this.#reading;
    checkKeys(reading, "operation", map);
    const merged = reading.withTraits(map);
    const action = readAction(reading, name, merged);
    const channel = this.#channel(merged, "An operation");
    if (action === undefined) return;
    const isPublish = (action === "receive") === (this.#setting.view === "service");
    if (channel !== undefined) {
      const operation = this.#operation(name, merged, channel);
      (isPublish ? channel.publish : channel.subscribe).push(operation);
    }
    const reply = reading.map(merged, "reply");
    if (reply !== undefined) this.#reply(name, merged, reply, !isPublish);
  }

  #operation(name: string, map: ValueMap, channel: ChannelDraft): Operation {
    const reading = this.#reading;
    const messages = this.#messages(map, channel);
    const binding = readBinding(reading, map, channel.map, messageMaps(reading, map, channel));
    const minimumQoS = reading.integer(map, "x-minimum-qos", 0, 2);
    return {
      name,
      ...readSecurity(reading, name, map, this.#setting),
      messages,
      qos: binding.qos,
      minimumQoS: (minimumQoS ?? 0) as QoS,
      retain: binding.retain,
      messageExpirySeconds: binding.messageExpirySeconds,
      wildcard: reading.word(map, "x-wildcard", ["own"]),
      isEnforced: reading.word(map, "x-enforcement", ["observe", "enforce"]) !== "observe",
      place: reading.sources.place(map),
    };
  }

  /**
   * What answers to an operation goes the other way, for those who may use the operation (AsyncAPI 3.0, Operation Reply
   * Object). Where it has no channel, or one without address, the answer goes where the question says.
   */
  #reply(name: string, map: ValueMap, reply: ValueMap, isPublish: boolean): void {
    const reading = this.#reading;
    checkKeys(reading, "reply", reply);
    if (!Object.hasOwn(reply, "channel")) return;
    const channel = this.#channel(reply, "A reply");
    if (channel === undefined) return;
    const operation: Operation = {
      name: `${name} (reply)`,
      ...readSecurity(reading, name, map, this.#setting),
      messages: this.#messages(reply, channel),
      qos: undefined,
      minimumQoS: 0,
      retain: undefined,
      messageExpirySeconds: undefined,
      wildcard: reading.word(map, "x-wildcard", ["own"]),
      isEnforced: reading.word(map, "x-enforcement", ["observe", "enforce"]) !== "observe",
      place: reading.sources.place(reply),
    };
    (isPublish ? channel.publish : channel.subscribe).push(operation);
  }

  /** The channel that an operation or a reply refers to, by identity. */
  #channel(owner: ValueMap, who: string): ChannelDraft | undefined {
    const reading = this.#reading;
    const value = owner["channel"];
    if (!isReference(value)) {
      const key = value === undefined ? undefined : "channel";
      const hint = "Add channel: { $ref: '#/channels/…' }";
      return reading.add("missing", owner, key, `${who} refers to its channel`, hint);
    }
    const map = reading.sources.resolve(value);
    if (!isValueMap(map)) return undefined;
    const channel = this.#channels.get(map);
    if (channel !== undefined || this.#all.has(map)) return channel;
    const problem = `${value.$ref} is no channel of this document`;
    return reading.add("reference-broken", value, "$ref", problem, "Put it under channels, and refer to it there");
  }

  /** The messages it names must be of its channel; without names it is about all of them. */
  #messages(map: ValueMap, channel: ChannelDraft): readonly ChannelMessage[] {
    if (!Object.hasOwn(map, "messages")) return channel.messages;
    const { messages } = this.#setting;
    const named = this.#reading.mapsOfList(map, "messages").map((message) => messages.read(message));
    const foreign = named.find((message) => !channel.messages.includes(message));
    if (foreign !== undefined) {
      this.#reading.add(
        "message-foreign",
        map,
        "messages",
        `${foreign.name} is no message of the channel ${channel.name}`,
        `Refer to #/channels/${channel.name}/messages/…; it has ${channel.messages.map((message) => message.name).join(", ") || "none"}`,
      );
    }
    return named;
  }
}

/** The messages of an operation as they stand in the document. */
function messageMaps(reading: Reading, map: ValueMap, channel: ChannelDraft): readonly ValueMap[] {
  const all = Object.hasOwn(map, "messages")
    ? reading.mapsOfList(map, "messages")
    : reading.maps(channel.map, "messages");
  return all.map((message) => message.map);
}

function readAction(reading: Reading, name: string, map: ValueMap): "send" | "receive" | undefined {
  if (Object.hasOwn(map, "action")) return reading.word(map, "action", ["send", "receive"]);
  return reading.add(
    "missing",
    map,
    undefined,
    `The operation ${name} has no action`,
    "Add action: send or action: receive",
  );
}
