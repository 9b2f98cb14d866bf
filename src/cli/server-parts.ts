import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { allCapabilities, createLimits } from "../broker/limits.ts";
import { allowAll, type Policy } from "../broker/policy.ts";
import { createAccessPolicy } from "../server/access.ts";
import { createAccounts } from "../server/accounts.ts";
import {
  createAccountAuthenticator,
  createAnonymousAuthenticator,
  noAuthenticationMethods,
} from "../server/authentication.ts";
import { loadCertificate, loadOrMakeCertificate } from "../server/certificates.ts";
import {
  type Config,
  defaultData,
  defaultHost,
  defaultPorts,
  defaultStore,
  defaultSysIntervalSeconds,
  emptyConfig,
  type ListenerConfig,
} from "../server/config.ts";
import { parseConfig } from "../server/config-file.ts";
import { createDemoAccounts, demoRules } from "../server/demo.ts";
import type { Authenticator, ListenerOptions, ServerOptions } from "../server/options.ts";
import { findingText } from "../server/yaml-reader.ts";
import type { ServeFlags } from "./arguments.ts";
import { ConfigError, UsageError } from "./errors.ts";
import { openStore } from "./open-store.ts";
import { isAnyAddress } from "./urls.ts";

/**
 * The configuration that `--config` names, or none.
 * @throws Error when it cannot be read, ConfigError when something is wrong with it
 */
export async function loadConfig(file: string | undefined): Promise<Config> {
  if (file === undefined) return emptyConfig;
  const { config, findings } = parseConfig(file, await readConfig(file));
  if (findings.length > 0) throw new ConfigError(findings.map(findingText).join("\n"));
  return config;
}

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "it does not exist" : message;
    throw new Error(`${file} cannot be read: ${why}; check the path behind --config`);
  }
}

/** A server to be started, and where its clients find what they must trust. */
export interface ServerParts {
  readonly options: ServerOptions;
  /** Path of our own authority's certificate; undefined when it is not in use. */
  readonly caFile: string | undefined;
}

/**
 * Flags, configuration file and defaults, in this order, made into a server's parts. What people should know is logged as
 * a warning.
 * @throws UsageError for flags that exclude each other, Error with a sentence for certificates that cannot be used
 */
export async function createServerParts(flags: ServeFlags, config: Config, log: Logger): Promise<ServerParts> {
  const doors = listenersOf(flags, config);
  if (flags.open) checkOpen(flags, doors);
  warnAbout(flags, doors, log);
  const data = resolve(flags.data ?? config.data ?? defaultData);
  const { listeners, caFile } = await withCertificates(doors, data, log);
  const authenticator = await authenticatorOf(flags);
  const limits = createLimits(config.limits);
  const options: ServerOptions = {
    listeners,
    limits,
    capabilities: { ...allCapabilities, ...config.capabilities },
    policy: policyOf(flags, config),
    authenticator,
    // Last: whoever opened it has to close it.
    ...(await openStore(flags.store ?? config.store ?? defaultStore, data, limits, log)),
    log,
    responseInformation: config.responseInformation,
    sysIntervalSeconds: config.sysIntervalSeconds ?? defaultSysIntervalSeconds,
  };
  return { options, caFile };
}

/** The file's or the usual doors; a port flag replaces those of its protocol, `--bind` the addresses of all. */
function listenersOf(flags: ServeFlags, config: Config): readonly ListenerConfig[] {
  let listeners = config.listeners ?? [usual(flags.open ? "mqtt" : "mqtts")];
  for (const protocol of ["mqtts", "mqtt"] as const) {
    const port = flags[protocol];
    if (port === undefined) continue;
    const replaced = listeners.filter((listener) => listener.protocol === protocol);
    const first = replaced[0] ?? usual(protocol);
    listeners = [...listeners.filter((listener) => listener.protocol !== protocol), { ...first, port }];
  }
  const { bind } = flags;
  return bind === undefined ? listeners : listeners.map((listener) => ({ ...listener, host: bind }));
}

function usual(protocol: ListenerConfig["protocol"]): ListenerConfig {
  return { protocol, host: defaultHost, port: defaultPorts[protocol], tls: undefined, place: "" };
}

/** Whoever is on this machine may do everything: nobody else may come in. */
function checkOpen(flags: ServeFlags, listeners: readonly ListenerConfig[]): void {
  if (flags.demo) throw new UsageError("--demo has accounts and --open has none; leave one of them out");
  if (flags.mqtts !== undefined) throw new UsageError("--open listens without TLS only; leave --mqtts out");
  for (const { protocol, host, place } of listeners) {
    const where = place === "" ? "" : `${place}: `;
    if (protocol === "mqtts") {
      throw new UsageError(`${where}--open listens without TLS only; leave --open or the mqtts listener out`);
    }
    if (isLoopback(host)) continue;
    const from = flags.bind === undefined ? `${where}a listener on ${host}` : `--bind ${host}`;
    throw new UsageError(`${from} and --open: without accounts it may listen on loopback only; leave one of them out`);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function warnAbout(flags: ServeFlags, listeners: readonly ListenerConfig[], log: Logger): void {
  if (listeners.length === 0) log.warn("no listeners: nobody can connect; add one to listeners or give --mqtts PORT");
  if (!flags.demo && !flags.open) {
    log.warn("there are no accounts, so every client is refused; start with --demo for accounts to try it with");
  }
  for (const { protocol, host } of listeners) {
    if (isLoopback(host)) continue;
    if (flags.demo) log.warn(`the passwords of --demo are no secret, and others can connect to ${host}`);
    if (protocol === "mqtt")
      log.warn(`passwords sent to the mqtt listener on ${host} can be read on the way; use mqtts`);
  }
}

async function withCertificates(
  doors: readonly ListenerConfig[],
  data: string,
  log: Logger,
): Promise<{ listeners: readonly ListenerOptions[]; caFile: string | undefined }> {
  const now = Date.now();
  const own = doors.filter((door) => door.protocol === "mqtts" && door.tls === undefined);
  const hosts = [...new Set(own.map((door) => door.host))].filter((host) => !isAnyAddress(host));
  const made = own.length === 0 ? undefined : await loadOrMakeCertificate(join(data, "tls"), hosts, now);
  for (const warning of made?.warnings ?? []) log.warn(warning);
  const listeners: ListenerOptions[] = [];
  for (const { protocol, host, port, tls } of doors) {
    const given = tls === undefined ? made : await loadCertificate(tls.cert, tls.key, now);
    const pair = given === undefined ? undefined : { key: given.key, cert: given.cert };
    listeners.push({ protocol, host, port, tls: protocol === "mqtts" ? pair : undefined });
  }
  return { listeners, caFile: made?.caFile };
}

/** The file's rules come first, so that they can change what `--demo` allows. */
function policyOf(flags: ServeFlags, config: Config): Policy {
  const rules = flags.demo ? [...config.access, ...demoRules] : config.access;
  if (flags.open && rules.length === 0) return allowAll;
  const rulesStand = flags.config === undefined ? "access in a file for --config" : "access in the configuration file";
  return createAccessPolicy({ rules, otherwise: flags.open ? "allow" : "deny", rulesStand });
}

async function authenticatorOf(flags: ServeFlags): Promise<Authenticator> {
  if (flags.open) return createAnonymousAuthenticator(noAuthenticationMethods);
  const accounts = await createAccounts(flags.demo ? await createDemoAccounts() : []);
  return createAccountAuthenticator(accounts, noAuthenticationMethods);
}
