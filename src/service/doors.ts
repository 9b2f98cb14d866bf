import { isIPv4 } from "node:net";
import { join } from "node:path";
import type { Logger } from "pino";
import { loadCertificate, loadOrMakeCertificate } from "../server/certificates.ts";
import { type Config, defaultHost, defaultPorts, type ListenerConfig } from "../server/config.ts";
import type { ListenerOptions } from "../server/options.ts";
import { UsageError } from "./errors.ts";
import type { ServeFlags } from "./flags.ts";
import { isAnyAddress } from "./urls.ts";

/** The file's or the usual doors; a port flag replaces those of its protocol, `--bind` the addresses of all. */
export function listenersOf(flags: ServeFlags, config: Config): readonly ListenerConfig[] {
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
export function checkOpen(flags: ServeFlags, listeners: readonly ListenerConfig[]): void {
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

export function warnAbout(flags: ServeFlags, listeners: readonly ListenerConfig[], log: Logger): void {
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

export async function withCertificates(
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
