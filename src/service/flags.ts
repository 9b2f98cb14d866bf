import type { StoreKind } from "../server/config.ts";
import type { LogLevel } from "../server/log.ts";

/** What was asked for at the start, on the command line; it wins over the configuration file. undefined: nothing was said. */
export interface ServeFlags {
  readonly config: string | undefined;
  readonly data: string | undefined;
  readonly store: StoreKind | undefined;
  readonly mqtts: number | undefined;
  readonly mqtt: number | undefined;
  readonly bind: string | undefined;
  readonly demo: boolean;
  readonly open: boolean;
  readonly logLevel: LogLevel | undefined;
}
