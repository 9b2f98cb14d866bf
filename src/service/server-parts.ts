import { resolve } from "node:path";
import type { Logger } from "pino";
import { allCapabilities, createLimits } from "../broker/limits.ts";
import { type Config, defaultData, defaultStore, defaultSysIntervalSeconds } from "../server/config.ts";
import type { ServerOptions } from "../server/options.ts";
import { checkOpen, listenersOf, warnAbout, withCertificates } from "./doors.ts";
import type { ServeFlags } from "./flags.ts";
import { authenticatorOf } from "./identities.ts";
import { openStore } from "./open-store.ts";
import { policyOf } from "./rights.ts";

/** A server to be started, and where its clients find what they must trust. */
export interface ServerParts {
  readonly options: ServerOptions;
  /** Path of our own authority's certificate; undefined when it is not in use. */
  readonly caFile: string | undefined;
}

/**
 * Flags, configuration file and defaults, in this order, made into a server's parts. What people should know is logged as
 * a warning.
 * @throws UsageError for flags that exclude each other, Error with a sentence for certificates that cannot be used
 */
export async function createServerParts(flags: ServeFlags, config: Config, log: Logger): Promise<ServerParts> {
  const doors = listenersOf(flags, config);
  if (flags.open) checkOpen(flags, doors);
  warnAbout(flags, doors, log);
  const data = resolve(flags.data ?? config.data ?? defaultData);
  const { listeners, caFile } = await withCertificates(doors, data, log);
  const authenticator = await authenticatorOf(flags);
  const limits = createLimits(config.limits);
  const options: ServerOptions = {
    listeners,
    limits,
    capabilities: { ...allCapabilities, ...config.capabilities },
    policy: policyOf(flags, config),
    authenticator,
    // Last: whoever opened it has to close it.
    ...(await openStore(flags.store ?? config.store ?? defaultStore, data, limits, log)),
    log,
    responseInformation: config.responseInformation,
    sysIntervalSeconds: config.sysIntervalSeconds ?? defaultSysIntervalSeconds,
  };
  return { options, caFile };
}
