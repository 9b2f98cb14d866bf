import { dirname, resolve } from "node:path";
import type { Node } from "yaml";
import { type Capabilities, type Limits, limitTable, queueOverflows } from "../broker/limits.ts";
import { type DeadLetterCause, deadLetterCauses } from "../store/dead-letters.ts";
import type { AccessRule } from "./access.ts";
import { isCertificateName } from "./certificate-names.ts";
import { type Config, contractViews, emptyConfig, type ListenerConfig, noContract, storeKinds } from "./config.ts";
import { readAccessRule } from "./config-access.ts";
import { readIdentity } from "./config-identity.ts";
import { readListener } from "./config-listeners.ts";
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
      accounts: (value, key) => {
        config.accounts = this.#path(value, key, "accounts");
      },
      store: (value, key) => {
        config.store = reader.word(value, key, "store", storeKinds);
      },
      listeners: (value, key) => {
        config.listeners = this.#listeners(value, key);
      },
      certificateNames: (value, key) => {
        config.certificateNames = this.#certificateNames(value, key);
      },
      identity: (value, key) => {
        config.identity = readIdentity(reader, this.#directory, value, key);
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
      queueOverflow: (value, key) => {
        config.queueOverflow = reader.word(value, key, "queueOverflow", queueOverflows);
      },
      deadLetters: (value, key) => {
        config.deadLetters = this.#deadLetters(value, key);
      },
      contract: (value, key) => {
        const text = reader.text(value, key, "contract");
        config.contract = text === undefined || text === noContract ? text : resolve(this.#directory, text);
      },
      contractView: (value, key) => {
        config.contractView = reader.word(value, key, "contractView", contractViews);
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
      const listener = readListener(this.#reader, this.#directory, item);
      if (listener !== undefined) listeners.push(listener);
    });
    return listeners;
  }

  #certificateNames(value: Value, key: Node): readonly string[] {
    const names: string[] = [];
    this.#reader.list(value, key, "certificateNames", (item) => {
      const name = this.#reader.text(item, key, "A name");
      if (name === undefined) return;
      if (isCertificateName(name)) names.push(name);
      else
        this.#reader.add(
          item,
          `${JSON.stringify(name)} is no host name and no address`,
          "Write one as broker.lan or 192.168.1.5",
        );
    });
    return names;
  }

  #deadLetters(value: Value, key: Node): readonly DeadLetterCause[] {
    const causes: DeadLetterCause[] = [];
    this.#reader.list(value, key, "deadLetters", (item) => {
      const cause = this.#reader.word(item, key, "A cause", deadLetterCauses);
      if (cause !== undefined) causes.push(cause);
    });
    return causes;
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
