import { type Address, addressParameters, hasWildcards, parseAddress } from "./address.ts";
import type { ChannelMessage, Location, Operation, Parameter } from "./contract.ts";
import { checkKeys } from "./known-keys.ts";
import type { MessageReader } from "./read-messages.ts";
import { isReachable } from "./read-servers.ts";
import type { Named, Reading } from "./reading.ts";
import type { ValueMap } from "./sources.ts";

/** A channel while its operations are being collected. */
export interface ChannelDraft {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly map: ValueMap;
  readonly address: Address;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly messages: readonly ChannelMessage[];
  readonly publish: Operation[];
  readonly subscribe: Operation[];
}

/**
 * Reads the channels that have an address.
 * @param prefix stands before every address; empty or with a slash at its end
 */
export function readChannels(
  reading: Reading,
  document: ValueMap,
  messages: MessageReader,
  prefix: string,
): readonly ChannelDraft[] {
  const channels: ChannelDraft[] = [];
  for (const named of reading.maps(document, "channels")) {
    const channel = readChannel(reading, named, messages, prefix);
    if (channel !== undefined) channels.push(channel);
  }
  if (Object.keys(reading.map(document, "channels") ?? {}).length === 0) {
    const problem = "The document has no channels, so every topic is refused";
    reading.add("channel-unused", document, undefined, problem, "Add channels with an address, and operations on them");
  }
  return channels;
}

function readChannel(
  reading: Reading,
  { name, map }: Named,
  messages: MessageReader,
  prefix: string,
): ChannelDraft | undefined {
  checkKeys(reading, "channel", map);
  const address = readAddress(reading, name, map, prefix);
  if (address === undefined) return undefined;
  if (!isReachable(reading, map)) {
    return reading.add(
      "server-unsupported",
      map,
      "servers",
      `The channel ${name} is only on servers that do not speak MQTT, so it is left out`,
      "Nothing needs mending; add a server to it if it should be served",
    );
  }
  warnAboutBindings(reading, map);
  const parameters = readParameters(reading, map, address);
  const channelMessages = reading.maps(map, "messages").map((message) => messages.read(message));
  return {
    name,
    title: reading.note(map, "title") ?? "",
    description: reading.note(map, "description") ?? reading.note(map, "summary") ?? "",
    map,
    address,
    parameters,
    messages: channelMessages,
    publish: [],
    subscribe: [],
  };
}

function readAddress(reading: Reading, name: string, map: ValueMap, prefix: string): Address | undefined {
  const text = reading.at(map, "address");
  if (text === undefined || text === null) {
    return reading.add(
      "address-unknown",
      map,
      text === undefined ? undefined : "address",
      `The channel ${name} has no address, so nobody can use it`,
      "Give it an address, or leave it if it is made at run time elsewhere",
    );
  }
  if (typeof text !== "string") {
    return reading.add("wrong-type", map, "address", "address must be a text or null", "Write the topic");
  }
  const address = parseAddress(`${prefix}${text.startsWith("/") && prefix !== "" ? text.slice(1) : text}`);
  if ("problem" in address) {
    return reading.add("address-invalid", map, "address", address.problem, address.hint);
  }
  if (address.text.startsWith("$")) {
    return reading.add(
      "address-reserved",
      map,
      "address",
      "Topics that begin with $ are the server's, so no client can use this channel",
      "Give it another address",
    );
  }
  if (hasWildcards(address)) {
    reading.add(
      "address-wildcard",
      map,
      "address",
      "Wildcards are no part of AsyncAPI; they are read as levels of any text",
      "Write {parameters} instead, so that other tools understand it too",
    );
  }
  return address;
}

function warnAboutBindings(reading: Reading, map: ValueMap): void {
  const binding = reading.mqttBinding(map);
  for (const key of Object.keys(binding ?? {})) {
    if (key === "bindingVersion" || key.startsWith("x-")) continue;
    reading.add(
      "binding-misplaced",
      binding!,
      key,
      `The MQTT binding of a channel has no ${key}, so it has no effect`,
      "Write it into the binding of the operation",
    );
  }
}

function readParameters(reading: Reading, map: ValueMap, address: Address): ReadonlyMap<string, Parameter> {
  const inAddress = addressParameters(address);
  const parameters = new Map<string, Parameter>();
  for (const named of reading.maps(map, "parameters")) {
    if (inAddress.includes(named.name)) {
      parameters.set(named.name, readParameter(reading, named));
      continue;
    }
    const hint =
      inAddress.length === 0
        ? `Add {${named.name}} to the address`
        : `The address has ${inAddress.map((name) => `{${name}}`).join(", ")}`;
    reading.add(
      "parameter-unused",
      reading.map(map, "parameters")!,
      named.name,
      `{${named.name}} is not in the address ${address.text}`,
      hint,
    );
  }
  for (const name of inAddress) {
    if (parameters.has(name)) continue;
    reading.add(
      "parameter-undeclared",
      map,
      "address",
      `{${name}} is not declared; it is read as a level of any text`,
      `Add parameters: { ${name}: { description: … } }`,
    );
    parameters.set(name, {
      name,
      values: undefined,
      schema: undefined,
      location: undefined,
      place: reading.sources.place(map, "address"),
    });
  }
  return parameters;
}

function readParameter(reading: Reading, { name, map }: Named): Parameter {
  checkKeys(reading, "parameter", map);
  const values = reading.texts(map, "enum");
  if (values?.length === 0) {
    reading.add(
      "parameter-invalid",
      map,
      "enum",
      `enum of {${name}} is empty, so no topic would fit`,
      "Add values, or remove enum",
    );
  }
  for (const value of values ?? []) {
    if (value === "" || /[/+#]/.test(value)) {
      reading.add(
        "parameter-invalid",
        map,
        "enum",
        `${JSON.stringify(value)} cannot be a level of a topic`,
        "Remove it; a level has no /, + and #",
      );
    }
  }
  return {
    name,
    values,
    schema: reading.map(map, "x-schema"),
    location: readLocation(reading, map),
    place: reading.sources.place(map),
  };
}

/** `$message.payload#/petId` or `$message.header#/petId` (AsyncAPI 3.0, Runtime Expression). */
function readLocation(reading: Reading, map: ValueMap): Location | undefined {
  const text = reading.text(map, "location");
  if (text === undefined) return undefined;
  const parts = /^\$message\.(payload|header)#((?:\/[^/]*)*)$/.exec(text);
  if (parts === null || parts[2] === "") {
    return reading.add(
      "location-invalid",
      map,
      "location",
      `${text} is no runtime expression`,
      "Write it like $message.payload#/petId",
    );
  }
  const pointer = parts[2]!
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  return { source: parts[1] as Location["source"], pointer };
}
