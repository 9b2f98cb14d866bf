import { resolve } from "node:path";
import type { Node } from "yaml";
import { isAddressOrNetwork } from "../net/addresses.ts";
import { protocols } from "../net/listener.ts";
import { clientCertificateModes, tlsVersions } from "../net/tls-settings.ts";
import { defaultHost, defaultPorts, type ListenerConfig, listenerLimits, type TlsConfig } from "./config.ts";
import type { ListenerLimits } from "./options.ts";
import type { Value, ValueReader, YamlReader } from "./yaml-reader.ts";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * Reads one item of `listeners`; undefined when something is wrong with it.
 * @param directory paths are relative to it
 */
export function readListener(reader: YamlReader, directory: string, item: Node): ListenerConfig | undefined {
  const before = reader.findings.length;
  const given: Partial<Writable<ListenerConfig>> = {};
  let believed: readonly string[] | undefined;
  let hasProxy: boolean | undefined;
  reader.map(item, undefined, "A listener", {
    protocol: (value, key) => {
      given.protocol = reader.word(value, key, "protocol", protocols) ?? "mqtts";
    },
    port: (value, key) => {
      given.port = reader.integer(value, key, "port", 0, 65_535) ?? 0;
    },
    host: (value, key) => {
      given.host = reader.text(value, key, "host") ?? defaultHost;
    },
    path: (value, key) => {
      given.path = readPath(reader, value, key) ?? "";
    },
    tls: (value, key) => {
      given.tls = readTls(reader, directory, value, key);
    },
    limits: (value, key) => {
      given.limits = readLimits(reader, value, key);
    },
    proxyProtocol: (value, key) => {
      hasProxy = reader.boolean(value, key, "proxyProtocol");
    },
    proxyAddresses: (value, key) => {
      believed = readAddresses(reader, value, key);
    },
  });
  if (reader.findings.length > before) return undefined;
  const { protocol } = given;
  if (protocol === undefined)
    return reader.add(item, "This listener has no protocol", `Add protocol: ${protocols.join(" or protocol: ")}`);
  const problem = problemOf({ ...given, protocol }, hasProxy === true, believed !== undefined);
  if (problem !== undefined) return reader.add(item, ...problem);
  return {
    ...given,
    protocol,
    host: given.host ?? defaultHost,
    port: given.port ?? defaultPorts[protocol],
    tls: given.tls,
    ...(hasProxy === true ? { proxyAddresses: believed ?? [] } : {}),
    place: reader.place(item),
  };
}

/** What does not go together, and the remedy. */
function problemOf(
  { protocol, tls, path }: Partial<ListenerConfig> & Pick<ListenerConfig, "protocol">,
  hasProxy: boolean,
  hasAddresses: boolean,
): readonly [string, string] | undefined {
  const isPlain = protocol === "mqtt" || protocol === "ws";
  if (isPlain && tls !== undefined) {
    return [
      "A plain listener has no use for tls",
      `Write protocol: ${protocol === "mqtt" ? "mqtts" : "wss"}, or remove tls`,
    ];
  }
  if ((protocol === "mqtt" || protocol === "mqtts") && path !== undefined) {
    return [`A listener of ${protocol} has no use for path`, "Write protocol: wss or protocol: ws, or remove path"];
  }
  if (hasAddresses && !hasProxy) {
    return ["proxyAddresses say nothing without proxyProtocol", "Add proxyProtocol: true, or remove proxyAddresses"];
  }
  return undefined;
}

function readPath(reader: YamlReader, value: Value, key: Node): string | undefined {
  const path = reader.text(value, key, "path");
  if (path === undefined || /^\/[^\s?#]*$/.test(path)) return path;
  return reader.add(value ?? key, `${JSON.stringify(path)} is no path of a URL`, "Write it as /mqtt");
}

function readTls(reader: YamlReader, directory: string, value: Value, owner: Node): TlsConfig | undefined {
  const tls: Partial<Writable<TlsConfig>> = {};
  const before = reader.findings.length;
  const file =
    (name: "cert" | "key" | "ca" | "crl"): ValueReader =>
    (path, key) => {
      const text = reader.text(path, key, `tls.${name}`);
      if (text !== undefined) tls[name] = resolve(directory, text);
    };
  reader.map(value, owner, "tls", {
    cert: file("cert"),
    key: file("key"),
    minVersion: (word, key) => {
      const version = reader.word(word, key, "tls.minVersion", tlsVersions);
      if (version !== undefined) tls.minVersion = version;
    },
    clientCertificate: (word, key) => {
      const mode = reader.word(word, key, "tls.clientCertificate", clientCertificateModes);
      if (mode !== undefined) tls.clientCertificate = mode;
    },
    ca: file("ca"),
    crl: file("crl"),
  });
  if (reader.findings.length > before) return undefined;
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    return reader.add(
      value ?? owner,
      "tls needs both cert and key",
      "Add the other, or remove it to use our own certificate",
    );
  }
  const asks = (tls.clientCertificate ?? "none") !== "none";
  if (asks && tls.ca === undefined) {
    const mend = "Add ca, the file with the authorities that client certificates must come from";
    return reader.add(value ?? owner, `tls with clientCertificate: ${tls.clientCertificate} needs ca`, mend);
  }
  if (!asks && tls.ca !== undefined) {
    const mend = "Add clientCertificate: optional or clientCertificate: required, or remove ca";
    return reader.add(value ?? owner, "tls has no use for ca when clients are not asked for certificates", mend);
  }
  if (tls.crl !== undefined && tls.ca === undefined) {
    return reader.add(
      value ?? owner,
      "tls has no use for crl without ca",
      "Add ca and clientCertificate, or remove crl",
    );
  }
  return tls;
}

function readLimits(reader: YamlReader, value: Value, owner: Node): Partial<ListenerLimits> {
  const limits: Partial<Writable<ListenerLimits>> = {};
  const readers: Record<string, ValueReader> = {};
  for (const { name, minimum, maximum } of listenerLimits) {
    readers[name] = (item, key) => {
      const limit = reader.integer(item, key, name, minimum, maximum);
      if (limit !== undefined) limits[name] = limit;
    };
  }
  reader.map(value, owner, "limits of a listener", readers);
  return limits;
}

function readAddresses(reader: YamlReader, value: Value, owner: Node): readonly string[] {
  const addresses: string[] = [];
  reader.list(value, owner, "proxyAddresses", (item) => {
    const address = reader.text(item, item, "An item of proxyAddresses");
    if (address === undefined) return;
    if (isAddressOrNetwork(address)) addresses.push(address);
    else reader.add(item, `${JSON.stringify(address)} is neither an address nor a network`, 'Write it as "10.0.0.0/8"');
  });
  return addresses;
}
