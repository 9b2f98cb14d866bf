import type { QoS } from "../mqtt/packet-type.ts";
import type { ChannelMessage, Operation } from "./contract.ts";
import { type ChannelDraft, channelOf } from "./read-channels.ts";
import type { MessageReader } from "./read-messages.ts";
import { readSecurity } from "./read-security.ts";
import { type Reading, shown } from "./reading.ts";
import { isValueMap, type ValueMap } from "./sources.ts";

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
  for (const { name, map } of reading.maps(document, "operations")) {
    const merged = reading.withTraits(map);
    const action = readAction(reading, name, merged);
    const channel = channelOf(reading, merged, setting.channels);
    if (action === undefined || channel === undefined) continue;
    const operation = readOperation(reading, name, merged, channel, setting);
    const isPublish = (action === "receive") === (setting.view === "service");
    (isPublish ? channel.publish : channel.subscribe).push(operation);
  }
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

function readOperation(
  reading: Reading,
  name: string,
  map: ValueMap,
  channel: ChannelDraft,
  setting: OperationSetting,
): Operation {
  const binding = operationBinding(reading, map, channel);
  const minimumQoS = reading.integer(map, "x-minimum-qos", 0, 2);
  return {
    name,
    ...readSecurity(reading, name, map, setting.isSecured),
    messages: readMessages(reading, map, channel, setting.messages),
    qos: binding.qos,
    minimumQoS: (minimumQoS ?? 0) as QoS,
    retain: binding.retain,
    messageExpirySeconds: binding.messageExpirySeconds,
    wildcard: reading.word(map, "x-wildcard", ["own"]),
    isEnforced: reading.word(map, "x-enforcement", ["observe", "enforce"]) !== "observe",
    place: reading.sources.place(map),
  };
}

/** The messages it names must be of its channel; without names it is about all of them. */
function readMessages(
  reading: Reading,
  map: ValueMap,
  channel: ChannelDraft,
  messages: MessageReader,
): readonly ChannelMessage[] {
  if (!Object.hasOwn(map, "messages")) return channel.messages;
  const named = reading.mapsOfList(map, "messages").map((message) => messages.read(message));
  const foreign = named.find((message) => !channel.messages.includes(message));
  if (foreign !== undefined) {
    reading.add(
      "message-foreign",
      map,
      "messages",
      `${foreign.name} is no message of the channel ${channel.name}`,
      `Refer to #/channels/${channel.name}/messages/…; it has ${channel.messages.map((message) => message.name).join(", ") || "none"}`,
    );
  }
  return named;
}

interface Binding {
  readonly qos: QoS | undefined;
  readonly retain: boolean | undefined;
  readonly messageExpirySeconds: number | undefined;
}

/** MQTT binding 0.2.0. Documents in the field also have `x-qos` and `x-retain` there, or on the channel. */
function operationBinding(reading: Reading, map: ValueMap, channel: ChannelDraft): Binding {
  const binding = reading.mqttBinding(map) ?? {};
  const elsewhere = [map, channel.map];
  return {
    qos: ofBinding(
      reading,
      binding,
      "qos",
      elsewhere,
      (owner, key) => reading.integer(owner, key, 0, 2) as QoS | undefined,
    ),
    retain: ofBinding(reading, binding, "retain", elsewhere, (owner, key) => reading.boolean(owner, key)),
    messageExpirySeconds: messageExpiry(reading, binding),
  };
}

function ofBinding<Type>(
  reading: Reading,
  binding: ValueMap,
  key: "qos" | "retain",
  elsewhere: readonly ValueMap[],
  read: (owner: ValueMap, key: string) => Type | undefined,
): Type | undefined {
  if (Object.hasOwn(binding, key)) return read(binding, key);
  const owner = elsewhere.find((map) => Object.hasOwn(map, `x-${key}`));
  if (owner === undefined) return undefined;
  reading.add(
    "binding-misplaced",
    owner,
    `x-${key}`,
    `x-${key} is read as the operation's binding`,
    `Write bindings: { mqtt: { ${key}: … } } into the operation`,
  );
  return read(owner, `x-${key}`);
}

/** Seconds, or a schema: its `const`, `default` or `maximum` is what a message without an interval gets. */
function messageExpiry(reading: Reading, binding: ValueMap): number | undefined {
  const key = "messageExpiryInterval";
  const value = reading.at(binding, key);
  if (!isValueMap(value)) return reading.integer(binding, key, 0, 0xffff_ffff);
  const word = ["const", "default", "maximum"].find((each) => typeof value[each] === "number");
  if (word !== undefined) return reading.integer(value, word, 0, 0xffff_ffff);
  return reading.add(
    "binding-invalid",
    binding,
    key,
    `${shown(value)} says for no message how long it lives`,
    "Write seconds, or a schema with const, default or maximum",
  );
}
