import { isIPv6 } from "node:net";
import type { ListenerAddress } from "../server/options.ts";

/** The line that says that every listener is open. */
export function readyLine(addresses: readonly ListenerAddress[]): string {
  const urls = addresses.map(({ protocol, host, port }) => `${protocol}://${urlHost(host)}:${port}`);
  return `ready ${urls.join(" ")}`;
}

/** Where a client on this machine finds it: all addresses have localhost among them. */
export function urlHost(host: string): string {
  if (isAnyAddress(host)) return "localhost";
  return isIPv6(host) ? `[${host}]` : host;
}

/** Whether a listener there is on every address of the machine. */
export function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
