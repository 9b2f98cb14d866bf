import { type Capabilities, type Limits, limitTable } from "../broker/limits.ts";
import type { AccessRule } from "./access.ts";
import { type LogLevel, logLevels } from "./log.ts";
import type { ListenerOptions } from "./options.ts";

/** Where state can be kept: on disk under the data directory, or in memory until the process ends. */
export const storeKinds = ["disk", "memory"] as const;
export type StoreKind = (typeof storeKinds)[number];

/** One door, as the configuration file has it. */
export interface ListenerConfig {
  readonly protocol: ListenerOptions["protocol"];
  readonly host: string;
  readonly port: number;
  /** Paths; undefined takes the certificate of our own making. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** `file:line:column`. */
  readonly place: string;
}

/** What a configuration file says; undefined and empty where it says nothing. Paths are absolute. */
export interface Config {
  readonly data: string | undefined;
  readonly store: StoreKind | undefined;
  readonly listeners: readonly ListenerConfig[] | undefined;
  readonly access: readonly AccessRule[];
  readonly limits: Partial<Limits>;
  readonly capabilities: Partial<Capabilities>;
  readonly responseInformation: string | undefined;
  readonly sysIntervalSeconds: number | undefined;
  readonly logLevel: LogLevel | undefined;
}

/** No configuration file. */
export const emptyConfig: Config = {
  data: undefined,
  store: undefined,
  listeners: undefined,
  access: [],
  limits: {},
  capabilities: {},
  responseInformation: undefined,
  sysIntervalSeconds: undefined,
  logLevel: undefined,
};

/** The ports that MQTT has at IANA. */
export const defaultPorts: Readonly<Record<ListenerOptions["protocol"], number>> = { mqtt: 1_883, mqtts: 8_883 };

/** 127.0.0.1 and ::1. */
export const defaultHost = "localhost";
export const defaultData = "./petstore-data";
export const defaultStore: StoreKind = "disk";
export const defaultSysIntervalSeconds = 10;
export const defaultLogLevel: LogLevel = "info";

/** One key of the configuration file, for people. */
export interface ConfigRow {
  /** With the keys above it: `limits.packetBytesMax`; `[]` stands for the items of a list. */
  readonly key: string;
  readonly default: string;
  readonly unit: string;
  readonly description: string;
}

/** Every key of the configuration file. */
export const configTable: readonly ConfigRow[] = [
  row("data", defaultData, "path", "directory of state and certificates; relative to the configuration file"),
  row("store", defaultStore, "word", "disk keeps state under data; memory forgets it when the process ends"),
  row("logLevel", defaultLogLevel, "word", `how much is logged: ${logLevels.join(", ")}`),
  row("sysIntervalSeconds", String(defaultSysIntervalSeconds), "seconds", "how often $SYS is published; 0 never"),
  row("responseInformation", "none", "text", "sent to clients that ask for it; %c client id, %u user"),
  row("listeners[].protocol", "required", "word", "mqtts (TLS) or mqtt (plain)"),
  row("listeners[].port", "8883 or 1883", "port", "by protocol; 0 takes a free one"),
  row("listeners[].host", defaultHost, "address", "localhost is 127.0.0.1 and ::1; 0.0.0.0 and :: are all addresses"),
  row("listeners[].tls.cert", "our own", "path", "certificate chain in PEM, with tls.key; relative to the file"),
  row("listeners[].tls.key", "our own", "path", "private key in PEM without a passphrase, with tls.cert"),
  row("access[].allow", "none", "verb", "publish, subscribe or all; the first rule that fits decides"),
  row("access[].deny", "none", "verb", "publish, subscribe or all; a rule has either allow or deny"),
  row("access[].topic", "required", "filter", "topics that the rule is about, wildcards too; %c client id, %u user"),
  row("access[].role", "all", "word", "only accounts with this role"),
  row("access[].user", "all", "word", "only the account of this name"),
  row("capabilities.maximumQoS", "2", "QoS", "highest QoS for publishers; above is DISCONNECT 0x9B"),
  row("capabilities.retainAvailable", "true", "boolean", "retained messages; if false, one is DISCONNECT 0x9A"),
  row("capabilities.wildcardSubscriptionAvailable", "true", "boolean", "if false, + and # are refused with 0xA2"),
  row("capabilities.subscriptionIdentifierAvailable", "true", "boolean", "if false, they are refused with 0xA1"),
  row("capabilities.sharedSubscriptionAvailable", "true", "boolean", "if false, $share is refused with 0x9E"),
  ...limitTable.map((limit) => row(`limits.${limit.name}`, String(limit.default), limit.unit, limit.description)),
];

function row(key: string, defaultText: string, unit: string, description: string): ConfigRow {
  return { key, default: defaultText, unit, description };
}
