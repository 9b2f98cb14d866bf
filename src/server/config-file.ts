import { dirname, resolve } from "node:path";
import type { Node } from "yaml";
import { type Capabilities, type Limits, limitTable } from "../broker/limits.ts";
import type { AccessRule } from "./access.ts";
import { type Config, defaultHost, defaultPorts, emptyConfig, type ListenerConfig, storeKinds } from "./config.ts";
import { readAccessRule } from "./config-access.ts";
import { logLevels } from "./log.ts";
import { type Finding, type Value, type ValueReader, YamlReader } from "./yaml-reader.ts";

/** A configuration file that was read: what it says, and everything that is wrong with it. */
export interface ParsedConfig {
  /** To be used only when there are no findings. */
  readonly config: Config;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
}

/**
 * Reads the text of a configuration file.
 * @param file its path as people gave it: it stands before every finding, and paths in the file are relative to it
 */
export function parseConfig(file: string, text: string): ParsedConfig {
  const reader = new YamlReader(file, text);
  const { root } = reader;
  // A file with nothing but comments says nothing, and that is fine.
  const config = root === undefined || root === null ? emptyConfig : new ConfigReader(reader, dirname(file)).read(root);
  const findings = reader.findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { config, findings };
}

const secondsPerDay = 86_400;

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

class ConfigReader {
  readonly #reader: YamlReader;
  readonly #directory: string;
  readonly #config: Writable<Config> = { ...emptyConfig };

  constructor(reader: YamlReader, directory: string) {
    this.#reader = reader;
    this.#directory = directory;
  }

  read(root: Value): Config {
    const reader = this.#reader;
    const config = this.#config;
    reader.map(root, undefined, "The configuration", {
      data: (value, key) => {
        config.data = this.#path(value, key, "data");
      },
      store: (value, key) => {
        config.store = reader.word(value, key, "store", storeKinds);
      },
      listeners: (value, key) => {
        config.listeners = this.#listeners(value, key);
      },
      access: (value, key) => {
        config.access = this.#access(value, key);
      },
      limits: (value, key) => {
        config.limits = this.#limits(value, key);
      },
      capabilities: (value, key) => {
        config.capabilities = this.#capabilities(value, key);
      },
      responseInformation: (value, key) => {
        config.responseInformation = reader.text(value, key, "responseInformation");
      },
      sysIntervalSeconds: (value, key) => {
        config.sysIntervalSeconds = reader.integer(value, key, "sysIntervalSeconds", 0, secondsPerDay);
      },
      logLevel: (value, key) => {
        config.logLevel = reader.word(value, key, "logLevel", logLevels);
      },
    });
    return config;
  }

  #path(value: Value, key: Node, what: string): string | undefined {
    const path = this.#reader.text(value, key, what);
    return path === undefined ? undefined : resolve(this.#directory, path);
  }

  #listeners(value: Value, key: Node): readonly ListenerConfig[] {
    const listeners: ListenerConfig[] = [];
    this.#reader.list(value, key, "listeners", (item) => {
      const listener = this.#listener(item);
      if (listener !== undefined) listeners.push(listener);
    });
    return listeners;
  }

  #listener(item: Node): ListenerConfig | undefined {
    const reader = this.#reader;
    const findings = reader.findings.length;
    let protocol: ListenerConfig["protocol"] | undefined;
    let port: number | undefined;
    let host: string = defaultHost;
    let tls: ListenerConfig["tls"];
    reader.map(item, undefined, "A listener", {
      protocol: (value, key) => {
        protocol = reader.word(value, key, "protocol", ["mqtts", "mqtt"]);
      },
      port: (value, key) => {
        port = reader.integer(value, key, "port", 0, 65_535);
      },
      host: (value, key) => {
        host = reader.text(value, key, "host") ?? defaultHost;
      },
      tls: (value, key) => {
        tls = this.#tls(value, key);
      },
    });
    if (reader.findings.length > findings) return undefined;
    if (protocol === undefined)
      return reader.add(item, "This listener has no protocol", "Add protocol: mqtts or protocol: mqtt");
    if (protocol === "mqtt" && tls !== undefined) {
      return reader.add(item, "A plain listener has no use for tls", "Write protocol: mqtts, or remove tls");
    }
    return { protocol, port: port ?? defaultPorts[protocol], host, tls, place: reader.place(item) };
  }

  #tls(value: Value, owner: Node): ListenerConfig["tls"] {
    const paths: { cert?: string | undefined; key?: string | undefined } = {};
    const { findings } = this.#reader;
    const before = findings.length;
    this.#reader.map(value, owner, "tls", {
      cert: (path, key) => {
        paths.cert = this.#path(path, key, "tls.cert");
      },
      key: (path, key) => {
        paths.key = this.#path(path, key, "tls.key");
      },
    });
    const { cert, key } = paths;
    if (cert !== undefined && key !== undefined) return { cert, key };
    if (findings.length > before) return undefined;
    return this.#reader.add(
      value ?? owner,
      "tls needs both cert and key",
      "Add the other, or remove tls to use our own certificate",
    );
  }

  #access(value: Value, key: Node): readonly AccessRule[] {
    const rules: AccessRule[] = [];
    this.#reader.list(value, key, "access", (item) => {
      const rule = readAccessRule(this.#reader, item);
      if (rule !== undefined) rules.push(rule);
    });
    return rules;
  }

  #limits(value: Value, owner: Node): Partial<Limits> {
    const limits: Partial<Writable<Limits>> = {};
    const readers: Record<string, ValueReader> = {};
    for (const { name, minimum, maximum } of limitTable) {
      readers[name] = (item, key) => {
        const limit = this.#reader.integer(item, key, name, minimum, maximum);
        if (limit !== undefined) limits[name] = limit;
      };
    }
    this.#reader.map(value, owner, "limits", readers);
    return limits;
  }

  #capabilities(value: Value, owner: Node): Partial<Capabilities> {
    const capabilities: Partial<Writable<Capabilities>> = {};
    const switches = [
      "retainAvailable",
      "wildcardSubscriptionAvailable",
      "subscriptionIdentifierAvailable",
      "sharedSubscriptionAvailable",
    ] as const;
    const readers: Record<string, ValueReader> = {
      maximumQoS: (item, key) => {
        const qos = this.#reader.integer(item, key, "maximumQoS", 0, 2);
        if (qos !== undefined) capabilities.maximumQoS = qos as 0 | 1 | 2;
      },
    };
    for (const name of switches) {
      readers[name] = (item, key) => {
        const isAvailable = this.#reader.boolean(item, key, name);
        if (isAvailable !== undefined) capabilities[name] = isAvailable;
      };
    }
    this.#reader.map(value, owner, "capabilities", readers);
    return capabilities;
  }
}
