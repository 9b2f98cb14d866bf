import { isIPv6 } from "node:net";
import type { ListenerAddress } from "./options.ts";

/** What a client on this machine connects to. */
export function urlOf({ protocol, host, port, path = "" }: ListenerAddress): string {
  return `${protocol}://${urlHost(host)}:${port}${path}`;
}

/** Where a client on this machine finds it: all addresses have localhost among them. */
export function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return isIPv6(host) ? `[${host}]` : host;
}
