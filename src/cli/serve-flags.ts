import { type ContractView, contractViews, type StoreKind, storeKinds } from "../server/config.ts";
import { type LogLevel, logLevels } from "../server/log.ts";
import { UsageError } from "../service/errors.ts";
import type { ServeFlags } from "../service/flags.ts";
import type { Given } from "./command.ts";

/**
 * The flags of `serve`, in the service's words.
 * @throws UsageError
 */
export function serveFlags(given: Given): ServeFlags {
  return {
    config: given.text("config"),
    data: given.text("data"),
    store: storeKinds.find((each): each is StoreKind => each === given.text("store")),
    mqtts: port(given, "mqtts"),
    mqtt: port(given, "mqtt"),
    wss: port(given, "wss"),
    ws: port(given, "ws"),
    bind: given.text("bind"),
    contract: given.text("contract"),
    contractView: contractViews.find((each): each is ContractView => each === given.text("contract-view")),
    demo: given.has("demo"),
    open: given.has("open"),
    logLevel: logLevels.find((each): each is LogLevel => each === given.text("log-level")),
  };
}

function port(given: Given, flag: string): number | undefined {
  const text = given.text(flag);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= 65_535) return number;
  throw new UsageError(`--${flag} ${text}: a port is a number from 0 to 65535, where 0 takes a free one`);
}
