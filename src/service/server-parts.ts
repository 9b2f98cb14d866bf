import type { Logger } from "pino";
import { allCapabilities, createLimits, type Limits } from "../broker/limits.ts";
import type { ContractSource } from "../http/contract-pages.ts";
import {
  type Config,
  defaultPath,
  defaultStore,
  defaultSysIntervalSeconds,
  type ListenerConfig,
  type StoreKind,
} from "../server/config.ts";
import type { ServerOptions } from "../server/options.ts";
import { Refusals } from "../server/refusals.ts";
import { deadLetterCauses } from "../store/dead-letters.ts";
import { dataDirectory } from "./data-directory.ts";
import { openDeadLetters } from "./dead-letters.ts";
import { checkOpen, listenersOf, warnAbout, withCertificates } from "./doors.ts";
import type { ServeFlags } from "./flags.ts";
import { openStore } from "./open-store.ts";

/** A server to be started, and where its clients find what they must trust. */
export interface ServerParts {
  readonly options: ServerOptions;
  /** Path of our own authority's certificate; undefined when it is not in use. */
  readonly caFile: string | undefined;
  /** The data directory; there is none on disk when nothing is kept. */
  readonly data: string;
}

/** What decides how a server is put together, besides its configuration. */
export interface ServerSettings {
  readonly doors: readonly ListenerConfig[];
  /** Absolute. */
  readonly data: string;
  /** With the accounts, rules and page of `--demo`. */
  readonly isDemo: boolean;
  /** Without accounts, on loopback only. */
  readonly isOpen: boolean;
}

/** What a program brings itself. */
export type GivenParts = Pick<ServerOptions, "policy" | "policyWatch" | "refusals"> &
  Partial<Pick<ServerOptions, "authenticator" | "store">> & {
    readonly contract?: ContractSource;
    readonly limits?: Partial<Limits>;
  };

/**
 * Flags, configuration file and defaults, in this order, made into a server's parts. What people should know is logged as
 * a warning.
 * @throws UsageError for flags that exclude each other, Error with a sentence for certificates that cannot be used
 */
export async function createServerParts(flags: ServeFlags, config: Config, log: Logger): Promise<ServerParts> {
  const doors = listenersOf(flags, config);
  if (flags.open) checkOpen(flags, doors);
  warnAbout(flags, doors, log);
  const data = dataDirectory(flags.data, config);
  const settings = { doors, data, isDemo: flags.demo, isOpen: flags.open };
  const { rightsOf } = await import("./rights.ts");
  const refusals = new Refusals(createLimits(config.limits).refusalsMax);
  const given = { ...(await rightsOf(flags, config, log, refusals)), refusals };
  return await assembleServer(settings, { ...config, store: flags.store ?? config.store }, log, given);
}

/**
 * Puts a server's parts together; those that a program brings replace ours.
 * @throws Error with a sentence for certificates, accounts or a store that cannot be used
 */
export async function assembleServer(
  { doors, data, isDemo, isOpen }: ServerSettings,
  config: Config,
  log: Logger,
  given: GivenParts,
): Promise<ServerParts> {
  const { certificateNames } = config;
  const { listeners, caFile, certificateWatch } = await withCertificates(doors, certificateNames, data, isOpen, log);
  // What the contract's servers bound; the file wins.
  const limits = createLimits({ ...given.limits, ...config.limits });
  const { authenticator, contract, policy, policyWatch, refusals } = given;
  const kind = config.store ?? defaultStore;
  const options: ServerOptions = {
    listeners,
    limits,
    capabilities: { ...allCapabilities, ...config.capabilities },
    policy,
    ...(policyWatch === undefined ? {} : { policyWatch }),
    ...(refusals === undefined ? {} : { refusals }),
    queueOverflow: config.queueOverflow,
    ...(authenticator === undefined ? await loadIdentities(isDemo, isOpen, config, data, log) : { authenticator }),
    // Last: whoever opened it has to close it.
    ...(given.store === undefined
      ? await openStoreAndDeadLetters(kind, data, limits, config, log)
      : { store: given.store, spaceProblem: () => undefined }),
    log,
    http: async (state) => {
      // With the first WebSocket door only: it takes a while to load.
      const { createApplication } = await import("../http/application.ts");
      const path = doors.find(({ protocol }) => protocol === "wss" || protocol === "ws")?.path ?? defaultPath;
      return await createApplication(state, { demoPath: isDemo ? path : undefined, contract });
    },
    certificateWatch,
    responseInformation: config.responseInformation,
    sysIntervalSeconds: config.sysIntervalSeconds ?? defaultSysIntervalSeconds,
  };
  return { options, caFile, data };
}

/** Loaded when they are needed, like the rights above: a program that brings its own needs no password hashes. */
async function loadIdentities(
  demo: boolean,
  open: boolean,
  config: Config,
  data: string,
  log: Logger,
): Promise<Pick<ServerOptions, "authenticator" | "accountsWatch" | "tokenKeysWatch">> {
  const { identitiesOf } = await import("./identities.ts");
  return await identitiesOf({ demo, open }, config, data, log);
}

/** Together or not at all: whoever opened one has to close it. */
async function openStoreAndDeadLetters(
  kind: StoreKind,
  data: string,
  limits: Limits,
  { deadLetters }: Config,
  log: Logger,
): Promise<Pick<ServerOptions, "store" | "spaceProblem" | "deadLetters">> {
  const parts = await openStore(kind, data, limits, log);
  try {
    const causes = limits.deadLettersMax === 0 ? [] : (deadLetters ?? deadLetterCauses);
    return { ...parts, deadLetters: { letters: await openDeadLetters(kind, data, limits), causes } };
  } catch (error) {
    await parts.store.close();
    throw error;
  }
}
