import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import type { IClientOptions } from "mqtt";
import { fourByteMax, packetBytesMax, twoByteMax } from "../mqtt/limits.ts";
import { UsageError } from "../service/errors.ts";
import { addressOptions, givenServer, isSecure, type ServerUrl, serverText } from "./client-address.ts";
import { connectPropertyFlags, willFlags, willPropertyFlags } from "./client-flags.ts";
import { givenMessageProperties, givenUserProperties } from "./client-properties.ts";
import type { Surroundings } from "./client-surroundings.ts";
import type { Flag, Given } from "./command.ts";

/** How a client connects, made of its flags. */
export interface ClientPlan {
  readonly options: IClientOptions;
  readonly version: 4 | 5;
  /** The server as people write it. */
  readonly server: string;
  /** Infinity tries for ever. */
  readonly reconnectSecondsMax: number;
  readonly isQuiet: boolean;
}

/** What differs between the commands. */
export interface ClientDefaults {
  /** Of which the Client Identifier begins. */
  readonly command: "pub" | "sub";
  readonly reconnectSecondsMax: number;
  /** Whether the Session is to outlive the connection, and for how long when no flag says it. */
  readonly persistentSeconds: number | undefined;
  /** Flags of the command for MQTT 5.0 alone. */
  readonly version5Flags: readonly Flag[];
}

const defaultCaFile = "petstore-data/tls/ca.crt";
const passwordVariable = "PETSTORE_MQTT_PASSWORD";

/**
 * Everything that the flags of `client-flags.ts` say.
 * @throws UsageError
 */
export function clientPlan(given: Given, defaults: ClientDefaults, surroundings: Surroundings): ClientPlan {
  const server = givenServer(given);
  const version = givenVersion(given);
  if (version === 4) refuseVersion5Flags(given, defaults.version5Flags);
  const isCleanStart = !given.has("no-clean-start") && defaults.persistentSeconds === undefined;
  const clientId = given.text("client-id");
  if (!isCleanStart && clientId === undefined) {
    throw new UsageError("a Session that is kept needs a name of its own: give --client-id ID");
  }
  const options: IClientOptions = {
    ...addressOptions(server),
    ...trustOptions(given, server, surroundings),
    ...credentials(given, server, version, surroundings),
    protocolVersion: version,
    clientId: clientId ?? `petstore-${defaults.command}-${randomBytes(4).toString("hex")}`,
    clean: isCleanStart,
    keepalive: given.integer("keep-alive", 0, twoByteMax) ?? 60,
    ...(version === 5 ? { properties: connectProperties(given, defaults) } : {}),
    ...will(given, version),
  };
  return {
    options,
    version,
    server: serverText(server),
    reconnectSecondsMax: given.integer("reconnect", 0, fourByteMax) ?? defaults.reconnectSecondsMax,
    isQuiet: given.has("quiet"),
  };
}

/** As one word of the command line: `0`, `1` or `2`. */
export function givenQoS(given: Given, flag: string): 0 | 1 | 2 {
  return Number(given.text(flag) ?? 0) as 0 | 1 | 2;
}

function givenVersion(given: Given): 4 | 5 {
  return given.text("protocol-version")?.includes("3") ? 4 : 5;
}

function refuseVersion5Flags(given: Given, ofCommand: readonly Flag[]): void {
  const flags = [...ofCommand, ...connectPropertyFlags, ...willPropertyFlags];
  const flag = flags.find(({ name }) => given.has(name));
  if (flag === undefined) return;
  throw new UsageError(`--${flag.name} is of MQTT 5.0; leave it or --protocol-version 3.1.1 out`);
}

function trustOptions(given: Given, server: ServerUrl, { directory }: Surroundings): IClientOptions {
  const { ca, cert, key } = { ca: given.text("ca"), cert: given.text("cert"), key: given.text("key") };
  if (!isSecure(server)) {
    const flag = ["ca", "cert", "key"].find((name) => given.has(name));
    if (flag === undefined) return {};
    throw new UsageError(`--${flag} is for TLS, and ${serverText(server)} has none; did you mean mqtts or wss?`);
  }
  if ((cert === undefined) !== (key === undefined)) throw new UsageError("--cert and --key belong together; give both");
  const own = join(directory, defaultCaFile);
  const trusted =
    ca !== undefined ? read("--ca", ca) : existsSync(own) ? [...rootCertificates, read("", own)] : undefined;
  return {
    ...(trusted === undefined ? {} : { ca: trusted as string[] }),
    ...(cert === undefined ? {} : { cert: read("--cert", cert) }),
    ...(key === undefined ? {} : { key: read("--key", key) }),
  };
}

function credentials(given: Given, server: ServerUrl, version: 4 | 5, { environment }: Surroundings): IClientOptions {
  const file = given.text("password-file");
  if (file !== undefined && given.has("password"))
    throw new UsageError("--password and --password-file: leave one out");
  const user = given.text("user") ?? server.user;
  const written = given.text("password") ?? (file === undefined ? server.password : firstLine(file));
  const password = written ?? (user === undefined ? undefined : environment[passwordVariable]);
  if (version === 4 && password !== undefined && user === undefined) {
    throw new UsageError("a password needs a user name in MQTT 3.1.1: give --user NAME");
  }
  return {
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
  };
}

function firstLine(file: string): string {
  return read("--password-file", file).split(/\r?\n/, 1)[0]!;
}

function read(flag: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${flag} ${file}: it cannot be read: ${(error as Error).message}`.trim());
  }
}

function connectProperties(
  given: Given,
  { persistentSeconds }: ClientDefaults,
): NonNullable<IClientOptions["properties"]> {
  const properties: Record<string, unknown> = {
    sessionExpiryInterval: given.integer("session-expiry", 0, fourByteMax) ?? persistentSeconds,
    receiveMaximum: given.integer("receive-maximum", 1, twoByteMax),
    maximumPacketSize: given.integer("maximum-packet-size", 1, packetBytesMax),
    topicAliasMaximum: given.integer("topic-alias-maximum", 0, twoByteMax),
    requestResponseInformation: given.has("request-response-information") || undefined,
    requestProblemInformation: given.has("no-problem-information") ? false : undefined,
    userProperties: givenUserProperties(given, "connect-user-property"),
  };
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}

function will(given: Given, version: 4 | 5): IClientOptions {
  const topic = given.text("will-topic");
  if (topic === undefined) {
    const flag = [...willFlags, ...willPropertyFlags].find(({ name }) => given.has(name));
    if (flag !== undefined) throw new UsageError(`--${flag.name} needs a Will: give --will-topic TOPIC too`);
    return {};
  }
  const delay = given.integer("will-delay", 0, fourByteMax);
  const { topicAlias: _, subscriptionIdentifier: __, ...shared } = givenMessageProperties(given, "will-");
  const properties = { ...(delay === undefined ? {} : { willDelayInterval: delay }), ...shared };
  return {
    will: {
      topic,
      payload: given.text("will-message") ?? "",
      qos: givenQoS(given, "will-qos"),
      retain: given.has("will-retain"),
      ...(version === 5 ? { properties } : {}),
    },
  };
}
