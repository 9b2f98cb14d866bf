import type { Limits } from "../../src/broker/limits.ts";

/** The server that an attack meets. */
export interface ServerSettings {
  readonly limits?: Partial<Limits>;
  /** Of a store on disk; undefined keeps all in memory. */
  readonly directory?: string;
  /** Only `pair` with the password `pair` may come. */
  readonly hasAccounts?: boolean;
}

/** What the server process is asked: to begin anew, or only how it is. */
export type Question = "reset" | "report";

/** What the server process answers. */
export interface Held {
  /** Heap and buffers that are reachable. */
  readonly heldMiB: number;
  /** The most that the process had since the reset, garbage included. */
  readonly rssMaxMiB: number;
  /** The longest time in which nobody got a turn, since the reset. */
  readonly stalledMilliseconds: number;
}

/** What the well-behaved pair is told. */
export type PairOrder = { readonly port: number; readonly hasAccounts: boolean } | "measure" | "stop" | "leave";

/** What the well-behaved pair saw between `measure` and `stop`. */
export interface PairReport {
  readonly sent: number;
  readonly received: number;
  readonly slowestMilliseconds: number;
}
