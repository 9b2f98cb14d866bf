import { type Capabilities, type Limits, limitTable, type QueueOverflow, queueOverflows } from "../broker/limits.ts";
import { type TlsSettings, tlsVersions } from "../net/tls-settings.ts";
import { type DeadLetterCause, deadLetterCauses } from "../store/dead-letters.ts";
import type { AccessRule } from "./access.ts";
import { type CertificateIdentity, certificateFieldNames } from "./certificate-identity.ts";
import { type LogLevel, logLevels } from "./log.ts";
import type { ListenerLimits, ListenerOptions } from "./options.ts";
import { type TokenSettings, tokenAlgorithms } from "./token-settings.ts";

/** Where state can be kept: on disk under the data directory, or in memory until the process ends. */
export const storeKinds = ["disk", "memory"] as const;
export type StoreKind = (typeof storeKinds)[number];

/** `tls` of a listener. */
export interface TlsConfig extends Pick<TlsSettings, "minVersion" | "clientCertificate"> {
  /** Paths, both or neither; without them it shows the certificate of our own making. */
  readonly cert?: string;
  readonly key?: string;
  /** Paths. */
  readonly ca?: string;
  readonly crl?: string;
}

/** One door, as the configuration file has it. */
export interface ListenerConfig
  extends Pick<ListenerOptions, "protocol" | "host" | "port" | "path" | "limits" | "proxyAddresses"> {
  readonly tls: TlsConfig | undefined;
  /** `file:line:column`. */
  readonly place: string;
}

/** Who may come in besides accounts. */
export interface IdentityConfig {
  readonly certificate: CertificateIdentity | undefined;
  readonly tokens: TokenSettings | undefined;
}

/** What a configuration file says; undefined and empty where it says nothing. Paths are absolute. */
export interface Config {
  readonly data: string | undefined;
  readonly accounts: string | undefined;
  readonly store: StoreKind | undefined;
  readonly listeners: readonly ListenerConfig[] | undefined;
  /** Host names and addresses, besides those that are known, for the certificate of our own making. */
  readonly certificateNames: readonly string[];
  readonly identity: IdentityConfig;
  readonly access: readonly AccessRule[];
  readonly limits: Partial<Limits>;
  readonly capabilities: Partial<Capabilities>;
  readonly queueOverflow: QueueOverflow | undefined;
  readonly deadLetters: readonly DeadLetterCause[] | undefined;
  /** Path of an AsyncAPI document, or `none`. */
  readonly contract: string | undefined;
  readonly contractView: ContractView | undefined;
  readonly responseInformation: string | undefined;
  readonly sysIntervalSeconds: number | undefined;
  readonly logLevel: LogLevel | undefined;
}

/** From whose side `send` and `receive` of a contract are written. */
export const contractViews = ["service", "client"] as const;
export type ContractView = (typeof contractViews)[number];

/** What stands in the place of a contract's path when there shall be none. */
export const noContract = "none";

/** No configuration file. */
export const emptyConfig: Config = {
  data: undefined,
  accounts: undefined,
  store: undefined,
  listeners: undefined,
  certificateNames: [],
  identity: { certificate: undefined, tokens: undefined },
  access: [],
  limits: {},
  capabilities: {},
  queueOverflow: undefined,
  deadLetters: undefined,
  contract: undefined,
  contractView: undefined,
  responseInformation: undefined,
  sysIntervalSeconds: undefined,
  logLevel: undefined,
};

/** The ports that MQTT has at IANA, and those that are usual for WebSocket. */
export const defaultPorts: Readonly<Record<ListenerOptions["protocol"], number>> = {
  mqtt: 1_883,
  mqtts: 8_883,
  ws: 8_083,
  wss: 8_443,
};

/** Where MQTT is at WebSocket listeners. */
export const defaultPath = "/mqtt";

/** 127.0.0.1 and ::1. */
export const defaultHost = "localhost";
export const defaultData = "./petstore-data";
export const defaultStore: StoreKind = "disk";
export const defaultSysIntervalSeconds = 10;
export const defaultLogLevel: LogLevel = "info";
export const defaultClockToleranceSeconds = 30;
export const defaultNameClaim = "sub";
export const defaultRolesClaim = "roles";

/** One key of the configuration file, for people. */
export interface ConfigRow {
  /** With the keys above it: `limits.packetBytesMax`; `[]` stands for the items of a list. */
  readonly key: string;
  readonly default: string;
  readonly unit: string;
  readonly description: string;
}

/** One limit of a listener. */
export interface ListenerLimitRow {
  readonly name: keyof ListenerLimits;
  /** In words: what holds without it. */
  readonly default: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  readonly description: string;
}

/** The keys of `limits` of a listener. */
export const listenerLimits: readonly ListenerLimitRow[] = [
  {
    name: "connectionsMax",
    default: "no other",
    minimum: 1,
    maximum: 10_000_000,
    unit: "connections",
    description: "connections at this listener at one time; above it they are closed before TLS",
  },
  {
    name: "connectionsPerAddressMax",
    default: "no other",
    minimum: 1,
    maximum: 10_000_000,
    unit: "connections",
    description: "the same for one IPv4 address or one IPv6 network of 64 bits, the client's behind proxyProtocol",
  },
  {
    name: "connectsPerSecondMax",
    default: "no other",
    minimum: 1,
    maximum: 1_000_000,
    unit: "connections",
    description: "new connections in a second; above it they are closed before TLS",
  },
  ofTheWhole("connectTimeoutSeconds"),
  ofTheWhole("packetBytesMax"),
];

function ofTheWhole(name: "connectTimeoutSeconds" | "packetBytesMax"): ListenerLimitRow {
  const { minimum, maximum, unit } = limitTable.find((limit) => limit.name === name)!;
  return { name, default: `limits.${name}`, minimum, maximum, unit, description: `limits.${name} for this listener` };
}

/** Every key of the configuration file. */
export const configTable: readonly ConfigRow[] = [
  row("data", defaultData, "path", "directory of state and certificates; relative to the configuration file"),
  row(
    "accounts",
    "DATA/accounts.yaml",
    "path",
    "file of the accounts, for petstore-mqtt account; relative to this file",
  ),
  row("store", defaultStore, "word", "disk keeps state under data; memory forgets it when the process ends"),
  row("logLevel", defaultLogLevel, "word", `how much is logged: ${logLevels.join(", ")}`),
  row("sysIntervalSeconds", String(defaultSysIntervalSeconds), "seconds", "how often $SYS is published; 0 never"),
  row(
    "contract",
    "the pet store's",
    "path",
    "AsyncAPI 3.0 document to hold everybody to; none beside access, unless named; none: no contract",
  ),
  row("contractView", "service", "word", "from whose side the contract is written: service or client"),
  row("responseInformation", "none", "text", "sent to clients that ask for it; %c client id, %u user"),
  row("listeners[].protocol", "required", "word", "mqtts or mqtt (TCP), wss or ws (WebSocket); mqtt and ws are plain"),
  row(
    "listeners[].port",
    Object.values(defaultPorts).join(", "),
    "port",
    "by protocol: mqtt, mqtts, ws, wss; 0 takes a free one",
  ),
  row("listeners[].host", defaultHost, "address", "localhost is 127.0.0.1 and ::1; 0.0.0.0 and :: are all addresses"),
  row("listeners[].tls.cert", "our own", "path", "certificate chain in PEM, with tls.key; relative to the file"),
  row("listeners[].tls.key", "our own", "path", "private key in PEM without a passphrase, with tls.cert"),
  row("listeners[].tls.minVersion", "TLSv1.2", "word", `oldest version of TLS: ${tlsVersions.join(" or ")}`),
  row(
    "listeners[].tls.clientCertificate",
    "none",
    "word",
    "none, optional or required; one that does not hold is refused",
  ),
  row("listeners[].tls.ca", "none", "path", "authorities of client certificates in PEM; relative to the file"),
  row("listeners[].tls.crl", "none", "path", "what those authorities revoked, lists in PEM; relative to the file"),
  row("listeners[].path", defaultPath, "path", "where MQTT is at a wss or ws listener"),
  row("listeners[].proxyProtocol", "false", "boolean", "every connection begins with a PROXY header, version 1 or 2"),
  row(
    "listeners[].proxyAddresses",
    "all",
    "addresses",
    "whose PROXY headers are believed; others are closed: 10.0.0.0/8",
  ),
  ...listenerLimits.map((limit) =>
    row(`listeners[].limits.${limit.name}`, limit.default, limit.unit, limit.description),
  ),
  row("certificateNames", "none", "names", "what else clients call this server, for the certificate of our own making"),
  row("identity.certificate.name", "none", "field", `whose value names a client: ${certificateFieldNames.join(", ")}`),
  row("identity.certificate.roles", "none", "words", "roles of all who come with a client certificate alone"),
  row("identity.certificate.rolesFrom", "none", "field", "whose values are further roles"),
  row("identity.tokens.keys", "none", "path", "public keys of tokens: JWKS, or one in PEM; relative to this file"),
  row("identity.tokens.algorithms", "required", "words", `those of signatures: ${tokenAlgorithms.join(", ")}`),
  row("identity.tokens.issuer", "required", "text", "iss of tokens"),
  row("identity.tokens.audience", "required", "text", "aud of tokens, or one of them"),
  row(
    "identity.tokens.clockToleranceSeconds",
    String(defaultClockToleranceSeconds),
    "seconds",
    "how wrong clocks may be; tokens, and the connections made with them, last so much longer",
  ),
  row("identity.tokens.nameClaim", defaultNameClaim, "claim", "who it is; a user name must be the same"),
  row("identity.tokens.rolesClaim", defaultRolesClaim, "claim", "its roles, a list or words; a.b is b inside of a"),
  row("identity.tokens.claims", "none", "claims", "what else is taken over, for own: claim:NAME in a contract"),
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
  row(
    "queueOverflow",
    "drop-oldest",
    "word",
    `a queue of a session is full: ${queueOverflows.join(" or ")} the new (0x97)`,
  ),
  row("deadLetters", "all", "words", `messages that did not come and are kept: ${deadLetterCauses.join(", ")}`),
  ...limitTable.map((limit) => row(`limits.${limit.name}`, String(limit.default), limit.unit, limit.description)),
];

function row(key: string, defaultText: string, unit: string, description: string): ConfigRow {
  return { key, default: defaultText, unit, description };
}
