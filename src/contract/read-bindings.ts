import type { QoS } from "../mqtt/packet-type.ts";
import { checkKeys } from "./known-keys.ts";
import { type Reading, shown } from "./reading.ts";
import { isValueMap, type ValueMap } from "./sources.ts";

/** What the binding of an operation says, wherever it stands. */
export interface Binding {
  readonly qos: QoS | undefined;
  readonly retain: boolean | undefined;
  readonly messageExpirySeconds: number | undefined;
}

/**
 * MQTT binding 0.2.0. Documents in the field also have `x-qos` and `x-retain` on the operation or its channel, and `qos` and
 * `retain` in the binding of its messages.
 * @param messages those of the operation, as they stand in the document
 */
export function readBinding(
  reading: Reading,
  map: ValueMap,
  channel: ValueMap,
  messages: readonly ValueMap[],
): Binding {
  const binding = reading.mqttBinding(map) ?? {};
  checkKeys(reading, "operation binding", binding);
  const ofMessages = messages.map((message) => reading.mqttBinding(reading.withTraits(message)) ?? {});
  const elsewhere = [map, channel].map((owner) => ({ owner, prefix: "x-" }));
  elsewhere.push(...ofMessages.map((owner) => ({ owner, prefix: "" })));
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

/** A map where a key may stand that belongs into the binding of the operation. */
interface Elsewhere {
  readonly owner: ValueMap;
  readonly prefix: string;
}

function ofBinding<Type>(
  reading: Reading,
  binding: ValueMap,
  key: "qos" | "retain",
  elsewhere: readonly Elsewhere[],
  read: (owner: ValueMap, key: string) => Type | undefined,
): Type | undefined {
  if (Object.hasOwn(binding, key)) return read(binding, key);
  const found = elsewhere.find(({ owner, prefix }) => Object.hasOwn(owner, `${prefix}${key}`));
  if (found === undefined) return undefined;
  const { owner, prefix } = found;
  reading.add(
    "binding-misplaced",
    owner,
    `${prefix}${key}`,
    `${prefix}${key} ${prefix === "" ? "of a message " : ""}is read as the operation's binding`,
    `Write bindings: { mqtt: { ${key}: … } } into the operation`,
  );
  return read(owner, `${prefix}${key}`);
}

/** Seconds, or a schema: its `const`, `default` or `maximum` is what a message without an interval gets. */
function messageExpiry(reading: Reading, binding: ValueMap): number | undefined {
  const key = "messageExpiryInterval";
  const value = reading.at(binding, key);
  if (!isValueMap(value)) return reading.integer(binding, key, 1, 0xffff_ffff);
  const word = ["const", "default", "maximum"].find((each) => typeof value[each] === "number");
  if (word !== undefined) return reading.integer(value, word, 1, 0xffff_ffff);
  return reading.add(
    "binding-invalid",
    binding,
    key,
    `${shown(value)} says for no message how long it lives`,
    "Write seconds, or a schema with const, default or maximum",
  );
}
