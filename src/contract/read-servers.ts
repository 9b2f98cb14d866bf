import { addressFilter, parseAddress } from "./address.ts";
import type { ContractServer } from "./contract.ts";
import { checkKeys } from "./known-keys.ts";
import type { Named, Reading } from "./reading.ts";
import type { ValueMap } from "./sources.ts";

/** AsyncAPI's names for MQTT, and ours. */
const protocols: Readonly<Record<string, ContractServer["protocol"]>> = {
  mqtt: "mqtt",
  mqtt5: "mqtt",
  mqtts: "mqtts",
  "secure-mqtt": "mqtts",
  ws: "ws",
  wss: "wss",
};

/** Reads the servers that speak MQTT. */
export function readServers(reading: Reading, document: ValueMap): readonly ContractServer[] {
  const servers: ContractServer[] = [];
  for (const named of reading.maps(document, "servers")) {
    const server = readServer(reading, named);
    if (server !== undefined) servers.push(server);
  }
  return servers;
}

/** Whether somebody who speaks MQTT comes to one of the servers of a channel; without any it is on all of them. */
export function isReachable(reading: Reading, channel: ValueMap): boolean {
  const servers = reading.mapsOfList(channel, "servers");
  return servers.length === 0 || servers.some(({ map }) => Object.hasOwn(protocols, String(map["protocol"])));
}

/** What stands before every topic, by the `pathname` of plain MQTT; empty, or with a slash at its end. */
export function topicPrefix(reading: Reading, document: ValueMap, servers: readonly ContractServer[]): string {
  const plain = servers.filter(({ protocol }) => protocol === "mqtt" || protocol === "mqtts");
  const first = plain[0];
  const other = plain.find(({ pathname }) => pathname !== first?.pathname);
  if (first === undefined || first.pathname === "") return "";
  if (other === undefined) return `${first.pathname}/`;
  reading.add(
    "server-unsupported",
    document,
    "servers",
    `The servers ${first.name} and ${other.name} have different pathnames; none is put before the topics`,
    "Give all servers the same pathname",
  );
  return "";
}

function readServer(reading: Reading, { name, map }: Named): ContractServer | undefined {
  const protocolText = reading.text(map, "protocol");
  if (protocolText === undefined) {
    return reading.add("missing", map, undefined, `The server ${name} has no protocol`, "Add protocol: mqtts");
  }
  const protocol = Object.hasOwn(protocols, protocolText) ? protocols[protocolText] : undefined;
  if (protocol === undefined) {
    return reading.add(
      "server-unsupported",
      map,
      "protocol",
      `The server ${name} speaks ${protocolText}, which is not served here`,
      `Served are ${Object.keys(protocols).join(", ")}`,
    );
  }
  checkKeys(reading, "server", map);
  const binding = reading.mqttBinding(map) ?? {};
  checkKeys(reading, "server binding", binding);
  return {
    name,
    protocol,
    pathname: pathname(reading, map),
    isSecured: reading.mapsOfList(map, "security").length > 0,
    keepAliveSeconds: fixed(reading, binding, "keepAlive", 0xffff),
    sessionExpirySeconds: fixed(reading, binding, "sessionExpiryInterval", 0xffff_ffff),
    packetBytesMax: fixed(reading, binding, "maximumPacketSize", 0xffff_ffff),
    lastWillFilter: readLastWill(reading, binding),
    place: reading.sources.place(map),
  };
}

/** The topic of the binding's `lastWill`, which may hold parameters as an address does. */
function readLastWill(reading: Reading, binding: ValueMap): string | undefined {
  const lastWill = reading.map(binding, "lastWill");
  const topic = lastWill === undefined ? undefined : reading.text(lastWill, "topic");
  if (lastWill === undefined || topic === undefined) return undefined;
  const address = parseAddress(topic);
  if (!("problem" in address)) return addressFilter(address);
  return reading.add("binding-invalid", lastWill, "topic", address.problem, address.hint);
}

/** A number; a schema in its place binds nobody. */
function fixed(reading: Reading, binding: ValueMap, key: string, maximum: number): number | undefined {
  const value = reading.at(binding, key);
  return typeof value === "object" && value !== null ? undefined : reading.integer(binding, key, 0, maximum);
}

/** With the server's variables filled in by their defaults, without slashes at the ends. */
function pathname(reading: Reading, map: ValueMap): string {
  const variables = reading.map(map, "variables") ?? {};
  const text = reading.text(map, "pathname") ?? "";
  const filled = text.replace(/\{([^{}]*)\}/g, (whole, variable: string) => {
    const declared = Object.hasOwn(variables, variable) ? reading.map(variables, variable) : undefined;
    const value =
      declared === undefined ? undefined : (reading.text(declared, "default") ?? reading.texts(declared, "enum")?.[0]);
    if (value !== undefined) return value;
    reading.add(
      "missing",
      map,
      "pathname",
      `The variable ${whole} has no value`,
      `Add variables: { ${variable}: { default: … } }`,
    );
    return whole;
  });
  return filled.replace(/^\/+|\/+$/g, "");
}
