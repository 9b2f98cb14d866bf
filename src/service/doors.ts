import { isIPv4 } from "node:net";
import { join } from "node:path";
import type { Logger } from "pino";
import { protocols } from "../net/listener.ts";
import { loadCertificate } from "../server/certificate-files.ts";
import { certificateNames, thisMachine } from "../server/certificate-names.ts";
import { CertificateWatch, type LoadedMaterial, type WatchedCertificate } from "../server/certificate-watch.ts";
import { loadOrMakeCertificate, type ServerCertificate } from "../server/certificates.ts";
import { type Config, defaultHost, defaultPorts, type ListenerConfig, type TlsConfig } from "../server/config.ts";
import type { ListenerOptions } from "../server/options.ts";
import { loadClientTrust } from "./client-authorities.ts";
import { UsageError } from "./errors.ts";
import type { ServeFlags } from "./flags.ts";

/**
 * The file's or the usual doors; a port flag replaces those of its protocol, `--bind` the addresses of all. Where one of
 * the usual doors is named by a flag, those that are not named stay shut.
 */
export function listenersOf(flags: ServeFlags, config: Config): readonly ListenerConfig[] {
  let listeners = config.listeners ?? usualDoors(flags);
  for (const protocol of protocols) {
    const port = flags[protocol];
    if (port === undefined) continue;
    const replaced = listeners.filter((listener) => listener.protocol === protocol);
    const first = replaced[0] ?? usual(protocol);
    listeners = [...listeners.filter((listener) => listener.protocol !== protocol), { ...first, port }];
  }
  const { bind } = flags;
  return bind === undefined ? listeners : listeners.map((listener) => ({ ...listener, host: bind }));
}

function usualDoors(flags: ServeFlags): readonly ListenerConfig[] {
  const pair = flags.open ? (["mqtt", "ws"] as const) : (["mqtts", "wss"] as const);
  const named = pair.filter((protocol) => flags[protocol] !== undefined);
  return (named.length > 0 ? named : pair).map(usual);
}

function usual(protocol: ListenerConfig["protocol"]): ListenerConfig {
  return { protocol, host: defaultHost, port: defaultPorts[protocol], tls: undefined, place: "" };
}

/** Whoever is on this machine may do everything: nobody else may come in. */
export function checkOpen(flags: ServeFlags, listeners: readonly ListenerConfig[]): void {
  if (flags.demo) throw new UsageError("--demo has accounts and --open has none; leave one of them out");
  for (const protocol of ["mqtts", "wss"] as const) {
    if (flags[protocol] !== undefined) throw new UsageError(`--open listens without TLS only; leave --${protocol} out`);
  }
  for (const { protocol, host, place } of listeners) {
    const where = place === "" ? "" : `${place}: `;
    if (isSecure(protocol)) {
      throw new UsageError(`${where}--open listens without TLS only; leave --open or the ${protocol} listener out`);
    }
    if (isLoopback(host)) continue;
    const from = flags.bind === undefined ? `${where}a listener on ${host}` : `--bind ${host}`;
    throw new UsageError(`${from} and --open: without accounts it may listen on loopback only; leave one of them out`);
  }
}

function isSecure(protocol: ListenerConfig["protocol"]): boolean {
  return protocol === "mqtts" || protocol === "wss";
}

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

export function warnAbout(flags: ServeFlags, listeners: readonly ListenerConfig[], log: Logger): void {
  if (listeners.length === 0) log.warn("no listeners: nobody can connect; add one to listeners or give --mqtts PORT");
  for (const { protocol, host } of listeners) {
    if (isLoopback(host)) continue;
    if (flags.demo) log.warn(`the passwords of --demo are no secret, and others can connect to ${host}`);
    if (isSecure(protocol)) continue;
    log.warn(`passwords sent to the ${protocol} listener on ${host} can be read on the way; use ${protocol}s`);
  }
}

/** Doors with what they need to be opened. */
export interface CertifiedDoors {
  readonly listeners: readonly ListenerOptions[];
  /** Path of our own authority's certificate; undefined when it is not in use. */
  readonly caFile: string | undefined;
  readonly certificateWatch: CertificateWatch;
}

/**
 * Reads the certificates of doors that have files, and makes our own for the others.
 * @param names what else clients call this server, for our own certificate
 * @param loopbackOriginsOnly whether plain WebSocket doors refuse pages of other machines
 * @throws Error with a sentence when one cannot be used
 */
export async function withCertificates(
  doors: readonly ListenerConfig[],
  names: readonly string[],
  data: string,
  loopbackOriginsOnly: boolean,
  log: Logger,
): Promise<CertifiedDoors> {
  const isOwn = ({ protocol, tls }: ListenerConfig): boolean => isSecure(protocol) && tls?.cert === undefined;
  const ownDoors = doors.filter(isOwn);
  const hosts = [...ownDoors.map(({ host }) => host), ...names];
  const loadOwn = (now: number): Promise<ServerCertificate> =>
    loadOrMakeCertificate(join(data, "tls"), certificateNames(hosts, thisMachine()), now);
  const own = ownDoors.length === 0 ? undefined : await loadOwn(Date.now());
  const listeners: ListenerOptions[] = [];
  const certificates: WatchedCertificate[] = [];
  for (const door of doors) {
    const { place: _place, tls = {}, ...rest } = door;
    if (!isSecure(door.protocol)) {
      listeners.push({ ...rest, tls: undefined, loopbackOriginsOnly });
      continue;
    }
    const { cert, key, ca, crl, ...settings } = tls;
    const load = (now: number, made?: ServerCertificate): Promise<LoadedMaterial> =>
      loadMaterial(tls, (at) => (made === undefined ? loadOwn(at) : Promise.resolve(made)), now);
    const inForce = await load(Date.now(), own);
    const { warnings: _warnings, ...material } = inForce;
    const listener: ListenerOptions = { ...rest, tls: { ...settings, ...material } };
    listeners.push(listener);
    const files = [cert, key, ca, crl].filter((file) => file !== undefined);
    certificates.push({ inForce, door: listener, files, load: (now) => load(now) });
  }
  const certificateWatch = new CertificateWatch({ certificates, log, now: Date.now });
  return { listeners, caFile: own?.caFile, certificateWatch };
}

/** What a door shows, from its files or of our own making, and what it trusts. */
async function loadMaterial(
  { cert, key, ca, crl }: TlsConfig,
  loadOwn: (now: number) => Promise<ServerCertificate>,
  now: number,
): Promise<LoadedMaterial> {
  const isGiven = cert !== undefined && key !== undefined;
  const pair = isGiven ? await loadCertificate(cert, key, now) : await loadOwn(now);
  const { warnings, ...trust } = ca === undefined ? { warnings: [] } : await loadClientTrust(ca, crl, now);
  return { key: pair.key, cert: pair.cert, ...trust, warnings: [...pair.warnings, ...warnings] };
}
