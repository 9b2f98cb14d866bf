import { isIPv6 } from "node:net";
import type { IClientOptions } from "mqtt";
import { UsageError } from "../service/errors.ts";
import type { Given } from "./command.ts";

/** Where a server is. */
export interface ServerUrl {
  readonly protocol: (typeof protocols)[number];
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Of a WebSocket; empty otherwise. */
  readonly path: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

const protocols = ["mqtt", "mqtts", "ws", "wss"] as const;
const ports: Readonly<Record<string, number>> = { mqtt: 1883, mqtts: 8883, ws: 8083, wss: 8443 };
const defaultHost = "localhost";
const defaultWebSocketPath = "/mqtt";

/** What `--url`, or `--host` and `--port`, say. @throws UsageError */
export function givenServer(given: Given): ServerUrl {
  const url = given.text("url");
  if (url !== undefined) {
    const other = ["host", "port"].find((flag) => given.has(flag));
    if (other !== undefined) throw new UsageError(`--url says it all; leave --${other} out`);
    return parseUrl(url);
  }
  const port = given.integer("port", 1, 65_535);
  const protocol = port === ports["mqtt"] ? "mqtt" : "mqtts";
  const host = given.text("host") ?? defaultHost;
  if (host.includes("://")) throw new UsageError(`--host ${host}: a host is a name or an address; did you mean --url?`);
  return {
    protocol,
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: port ?? ports[protocol]!,
    path: "",
    user: undefined,
    password: undefined,
  };
}

/** As people write it, without user and password. */
export function serverText({ protocol, host, port, path }: ServerUrl): string {
  return `${protocol}://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`;
}

export function isSecure({ protocol }: ServerUrl): boolean {
  return protocol === "mqtts" || protocol === "wss";
}

/** For MQTT.js, which puts together a URL for WebSockets only. */
export function addressOptions({ protocol, host, port, path }: ServerUrl): IClientOptions {
  const isWebSocket = path !== "";
  const hostname = isWebSocket && isIPv6(host) ? `[${host}]` : host;
  return { protocol, host: hostname, hostname, port, ...(isWebSocket ? { path } : {}) };
}

function parseUrl(text: string): ServerUrl {
  const wrong = (what: string): UsageError =>
    new UsageError(`--url ${withoutPassword(text)}: ${what}, as in --url mqtts://localhost:8883`);
  if (!URL.canParse(text)) throw wrong("write protocol, host and port");
  const url = new URL(text);
  const protocol = protocols.find((each) => `${each}:` === url.protocol);
  if (protocol === undefined) throw wrong(`a protocol is one of ${protocols.join(", ")}`);
  if (url.hostname === "") throw wrong("a host is missing");
  const isWebSocket = protocol === "ws" || protocol === "wss";
  if (!isWebSocket && url.pathname.length > 1) throw wrong(`only ws and wss have a path; leave ${url.pathname} out`);
  const path = url.pathname.length > 1 ? url.pathname : defaultWebSocketPath;
  return {
    protocol,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    // The usual port of ws and wss in a URL is that of the web, and then it is empty.
    port: url.port === "" ? (writtenPort(text) ?? ports[protocol]!) : Number(url.port),
    path: isWebSocket ? `${path}${url.search}` : "",
    user: decoded(url.username),
    password: decoded(url.password),
  };
}

/** Of `wss://host:443`, whose port a URL drops. */
function writtenPort(text: string): number | undefined {
  const port = /^\w+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}

function decoded(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutPassword(text: string): string {
  return text.replace(/^(\w+:\/\/[^/@:]*):[^/@]*@/, "$1:…@");
}
