import type { Logger } from "pino";
import type { AuthenticationRequest, Verdict } from "../broker/authentication.ts";
import type { Capabilities, Limits } from "../broker/limits.ts";
import type { Policy } from "../broker/policy.ts";
import type { Store } from "../store/store.ts";

/** One door. Port 0 takes a free one. */
export interface ListenerOptions {
  readonly protocol: "mqtt" | "mqtts";
  readonly host: string;
  readonly port: number;
  /** PEM; required for `mqtts`. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
}

/** The other end of one Network Connection, as its door saw it; one object per connection. */
export interface Peer {
  /** IP address; empty when the socket was gone before it could be asked, or for a client inside the process. */
  readonly remoteAddress: string;
  /** The door it came through. */
  readonly protocol: ListenerOptions["protocol"] | "inside";
}

/** Who is it. Resolves to a verdict; a rejection is logged and answered with 0x88 Server unavailable. */
export interface Authenticator {
  /** @param peer what must be remembered between the steps of an exchange is kept by it, in a WeakMap */
  authenticate(request: AuthenticationRequest, peer: Peer): Promise<Verdict>;
}

/** Why the store should take nothing new now, as a sentence; undefined when it has room. Asked every second. */
export type SpaceProblem = () => string | undefined;

/** Everything a server is made of; what a configuration file, flags and defaults come to. */
export interface ServerOptions {
  readonly listeners: readonly ListenerOptions[];
  readonly limits: Limits;
  readonly capabilities: Capabilities;
  readonly policy: Policy;
  readonly authenticator: Authenticator;
  readonly store: Store;
  readonly spaceProblem: SpaceProblem;
  readonly log: Logger;
  /** Response Information (§3.1.2.11.6), `%c` and `%u` filled in; undefined sends none. */
  readonly responseInformation: string | undefined;
  /** How often `$SYS` is published, seconds; 0 never. */
  readonly sysIntervalSeconds: number;
}

/** Where a listener came to stand. */
export interface ListenerAddress {
  readonly protocol: "mqtt" | "mqtts";
  readonly host: string;
  readonly port: number;
}

/** A running server. */
export interface Server {
  readonly addresses: readonly ListenerAddress[];
  /** Drains, commits, closes; leaves no open handle. */
  close(): Promise<void>;
}
