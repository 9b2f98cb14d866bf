import type { ContractView, StoreKind } from "../server/config.ts";
import type { LogLevel } from "../server/log.ts";

/** What was asked for at the start, on the command line; it wins over the configuration file. undefined: nothing was said. */
export interface ServeFlags {
  readonly config: string | undefined;
  readonly data: string | undefined;
  readonly store: StoreKind | undefined;
  readonly mqtts: number | undefined;
  readonly mqtt: number | undefined;
  readonly wss: number | undefined;
  readonly ws: number | undefined;
  readonly bind: string | undefined;
  /** Path of an AsyncAPI document, or `none`. */
  readonly contract: string | undefined;
  readonly contractView: ContractView | undefined;
  readonly demo: boolean;
  readonly open: boolean;
  readonly logLevel: LogLevel | undefined;
}
