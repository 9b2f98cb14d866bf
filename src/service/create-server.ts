import { type Logger, pino } from "pino";
import { type Capabilities, createLimits, type Limits, limitTable, type QueueOverflow } from "../broker/limits.ts";
import { allowAll, bothAllow, type Policy } from "../broker/policy.ts";
import { type AccessRule, createAccessPolicy } from "../server/access.ts";
import {
  type ContractView,
  defaultHost,
  defaultPorts,
  emptyConfig,
  type ListenerConfig,
  type StoreKind,
  storeKinds,
} from "../server/config.ts";
import { createLog, type LogLevel } from "../server/log.ts";
import type { Server } from "../server/options.ts";
import { Refusals } from "../server/refusals.ts";
import { startServer } from "../server/server.ts";
import { suggestion } from "../server/suggestion.ts";
import type { Store } from "../store/store.ts";
import { contractLimits } from "./contract-limits.ts";
import { dataDirectory } from "./data-directory.ts";
import { isLoopback } from "./doors.ts";
import { type Authenticate, hookAuthenticator, hookPolicy, type PolicyHook } from "./hooks.ts";
import { assembleServer, type GivenParts } from "./server-parts.ts";

/** One door; what is left out is as in the configuration file. Port 0 takes a free one. */
export type CreateListener = Pick<ListenerConfig, "protocol"> & Partial<Omit<ListenerConfig, "protocol" | "place">>;

/** What one may do; the first rule that fits decides, and where none fits it is refused. */
export type CreateAccessRule = Pick<AccessRule, "effect" | "verb" | "topicFilter"> &
  Partial<Pick<AccessRule, "role" | "user">>;

/** What a server in a program is made of. */
export interface CreateServerOptions {
  /** One for `mqtt` on this machine at a free port when it is left out; none for Clients inside the process only. */
  readonly listeners?: readonly CreateListener[];
  /** `memory` when it is left out; `disk` keeps everything under `data`. */
  readonly store?: StoreKind | Store;
  /** Directory of state and of certificates of our own making; `./petstore-data` when it is left out. */
  readonly data?: string;
  readonly limits?: Partial<Limits>;
  readonly capabilities?: Partial<Capabilities>;
  /** What becomes of messages for full queues of durable Sessions; `drop-oldest` when it is left out. */
  readonly queueOverflow?: QueueOverflow;
  /**
   * Who may come in. When this and `accounts` are left out: anyone, and listeners may stand on loopback only; `"anyone"`
   * allows them elsewhere too.
   */
  readonly authenticate?: Authenticate | "anyone";
  /** Path of an accounts file as `petstore-mqtt account` makes it; watched. Not beside `authenticate`. */
  readonly accounts?: string;
  /** What they may do, in the program's words. */
  readonly policy?: PolicyHook;
  /** Path of an AsyncAPI 3.0 document that everybody is held to; watched. Beside `policy` and `access` all must allow. */
  readonly contract?: string;
  /** From whose side the contract is written; `service` when it is left out. */
  readonly contractView?: ContractView;
  /** What they may do, as rules. Beside `policy` both must allow. */
  readonly access?: readonly CreateAccessRule[];
  /** Where it is logged, or how much on stderr; nothing when it is left out. */
  readonly log?: Logger | LogLevel;
  /** Response Information (§3.1.2.11.6); `%c` is the Client Identifier, `%u` the Principal's name. */
  readonly responseInformation?: string;
  /** How often `$SYS` is published, seconds; 0, never, when it is left out. */
  readonly sysIntervalSeconds?: number;
  /** Host names and addresses, besides those that are known, for the certificate of our own making. */
  readonly certificateNames?: readonly string[];
}

/**
 * Starts a server in this process.
 * @throws (rejects) Error with a sentence that says what to mend: a port in use, a store that cannot be opened, a limit
 * out of range; nothing stays open then
 */
export async function createServer(options: CreateServerOptions = {}): Promise<Server> {
  const log = logOf(options.log);
  const doors = (options.listeners ?? [{ protocol: "mqtt", port: 0 }]).map(doorOf);
  checkNames(options);
  checkLimits(options.limits ?? {});
  checkDoors(doors, options);
  const { accounts, certificateNames = [], responseInformation, sysIntervalSeconds = 0 } = options;
  const { limits = {}, capabilities = {}, store, queueOverflow } = options;
  const config = {
    ...emptyConfig,
    accounts,
    certificateNames,
    limits,
    capabilities,
    queueOverflow,
    responseInformation,
    sysIntervalSeconds,
    store: typeof store === "object" ? undefined : (store ?? "memory"),
  };
  const isOpen = options.authenticate === undefined && accounts === undefined;
  const settings = { doors, data: dataDirectory(options.data, config), isDemo: false, isOpen };
  const { options: parts } = await assembleServer(settings, config, log, await givenOf(options, log));
  return await startServer({ ...parts, loopbackOriginsOnly: isOpen });
}

function logOf(log: Logger | LogLevel = "silent"): Logger {
  if (typeof log !== "string") return log;
  return log === "silent" ? pino({ level: log }, { write: () => {} }) : createLog(log);
}

function doorOf(listener: CreateListener): ListenerConfig {
  const { protocol } = listener;
  return { tls: undefined, host: defaultHost, port: defaultPorts[protocol], ...listener, place: "" };
}

async function givenOf(
  { authenticate, accounts, store, ...options }: CreateServerOptions,
  log: Logger,
): Promise<GivenParts> {
  const isByAccounts = accounts !== undefined;
  const hook = typeof authenticate === "function" ? authenticate : () => ({ name: "" });
  return {
    ...(await lawOf(options, log)),
    ...(isByAccounts ? {} : { authenticator: hookAuthenticator(hook) }),
    ...(typeof store === "object" ? { store } : {}),
  };
}

/**
 * What everybody may do, by whatever says so.
 * @throws ConfigError with every finding when the contract cannot be served
 */
async function lawOf(
  options: Pick<CreateServerOptions, "access" | "policy" | "contract" | "contractView" | "limits">,
  log: Logger,
): Promise<Pick<GivenParts, "policy" | "policyWatch" | "refusals" | "limits">> {
  const own = policyOf(options, log);
  const { contract: file, contractView: view = "service" } = options;
  if (file === undefined) return { policy: own };
  const { ContractWatch } = await import("./contract-watch.ts");
  const refusals = new Refusals(createLimits(options.limits ?? {}).refusalsMax);
  const within = (policy: Policy): Policy => (own === allowAll ? policy : bothAllow(own, policy));
  const policyWatch = new ContractWatch({ file, view, log, refusals, within });
  const limits = contractLimits(policyWatch.contract.contract);
  return { policy: policyWatch.policy, policyWatch, refusals, limits };
}

function policyOf({ access, policy }: Pick<CreateServerOptions, "access" | "policy">, log: Logger): Policy {
  const hooked = policy === undefined ? allowAll : hookPolicy(policy, log);
  if (access === undefined) return hooked;
  const rules = access.map((rule) => ({ role: undefined, user: undefined, ...rule, place: "" }));
  const ruled = createAccessPolicy({ rules, otherwise: "deny", rulesStand: "access in the options of createServer" });
  return policy === undefined ? ruled : bothAllow(ruled, hooked);
}

/** Every option, so that a misspelled one is not taken for one that was left out. */
const optionNames: Readonly<Record<keyof CreateServerOptions, true>> = {
  listeners: true,
  store: true,
  data: true,
  limits: true,
  capabilities: true,
  queueOverflow: true,
  authenticate: true,
  accounts: true,
  policy: true,
  contract: true,
  contractView: true,
  access: true,
  log: true,
  responseInformation: true,
  sysIntervalSeconds: true,
  certificateNames: true,
};

function checkNames(options: CreateServerOptions): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(optionNames, name)) continue;
    const meant = suggestion(name, Object.keys(optionNames));
    const hint = meant === undefined ? `there are ${Object.keys(optionNames).join(", ")}` : `did you mean ${meant}?`;
    throw new TypeError(`createServer has no option ${name}; ${hint}`);
  }
  const { store } = options;
  if (typeof store !== "string" || storeKinds.includes(store)) return;
  throw new TypeError(`there is no store ${store as string}; stores are ${storeKinds.join(", ")}, or one of your own`);
}

function checkLimits(limits: Partial<Limits>): void {
  for (const [name, value] of Object.entries(limits)) {
    const row = limitTable.find((limit) => limit.name === name);
    if (row === undefined) throw new RangeError(`limits.${name} is not a limit; petstore-mqtt config prints all`);
    if (Number.isInteger(value) && value >= row.minimum && value <= row.maximum) continue;
    throw new RangeError(`limits.${name} is ${value}; it is a whole number from ${row.minimum} to ${row.maximum}`);
  }
}

/** Whoever is on this machine may do everything: nobody else may come in, unless that was said. */
function checkDoors(doors: readonly ListenerConfig[], { authenticate, accounts }: CreateServerOptions): void {
  if (authenticate !== undefined && accounts !== undefined) {
    throw new TypeError("authenticate and accounts exclude each other; leave one of them out");
  }
  if (authenticate !== undefined || accounts !== undefined) return;
  const outside = doors.find(({ host }) => !isLoopback(host));
  if (outside === undefined) return;
  throw new TypeError(
    `a listener on ${outside.host} and nobody who authenticates: give authenticate or accounts, or let authenticate be "anyone"`,
  );
}
