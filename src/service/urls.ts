import type { ListenerAddress } from "../server/options.ts";
import { urlOf } from "../server/urls.ts";

/** The line that says that every listener is open. */
export function readyLine(addresses: readonly ListenerAddress[]): string {
  return `ready ${addresses.map(urlOf).join(" ")}`;
}
