import type { Logger } from "pino";
import { allowAll, bothAllow, type Policy } from "../broker/policy.ts";
import { type AccessRule, createAccessPolicy } from "../server/access.ts";
import { type Config, noContract } from "../server/config.ts";
import { demoRules } from "../server/demo.ts";
import type { ServerOptions } from "../server/options.ts";
import type { Refusals } from "../server/refusals.ts";
import { defaultContractFile } from "./contract-path.ts";
import type { ServeFlags } from "./flags.ts";

/**
 * What everybody may do: what the contract says, and the access rules. Where both are there, both must allow.
 * @throws ConfigError with every finding when the contract cannot be served
 */
export async function rightsOf(
  flags: Pick<ServeFlags, "config" | "contract" | "contractView" | "demo" | "open">,
  config: Config,
  log: Logger,
  refusals: Refusals,
): Promise<Pick<ServerOptions, "policy" | "policyWatch">> {
  const file = flags.contract ?? config.contract ?? usualContract(flags, config);
  if (file === noContract)
    return { policy: accessPolicy(flags, flags.demo ? [...config.access, ...demoRules] : config.access) };
  // Beside a contract, rules only take away.
  const ruled = config.access.length === 0 ? undefined : accessPolicy({ ...flags, open: true }, config.access);
  // With a contract only: the compiler takes a while to load.
  const { ContractWatch } = await import("./contract-watch.ts");
  const view = flags.contractView ?? config.contractView ?? "service";
  const policyWatch = new ContractWatch({ file, view, log, refusals, within: (policy) => both(ruled, policy) });
  return { policy: policyWatch.policy, policyWatch };
}

/** The pet store's, unless it is somebody else's broker: one with rules of its own, or one for everybody. */
function usualContract({ open }: Pick<ServeFlags, "open">, { access }: Config): string {
  return open || access.length > 0 ? noContract : defaultContractFile();
}

function both(ruled: Policy | undefined, policy: Policy): Policy {
  return ruled === undefined ? policy : bothAllow(ruled, policy);
}

/** The first rule that fits decides; where none fits, only those of `--open` may. */
function accessPolicy({ open, config }: Pick<ServeFlags, "open" | "config">, rules: readonly AccessRule[]): Policy {
  if (open && rules.length === 0) return allowAll;
  const rulesStand = config === undefined ? "access in a file for --config" : "access in the configuration file";
  return createAccessPolicy({ rules, otherwise: open ? "allow" : "deny", rulesStand });
}
