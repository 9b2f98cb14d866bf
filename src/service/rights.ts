import type { Logger } from "pino";
import { allowAll, bothAllow, type Policy } from "../broker/policy.ts";
import { type AccessRule, createAccessPolicy } from "../server/access.ts";
import { type Config, noContract } from "../server/config.ts";
import { demoRules } from "../server/demo.ts";
import type { ServerOptions } from "../server/options.ts";
import type { Refusals } from "../server/refusals.ts";
import { contractLimits } from "./contract-limits.ts";
import { defaultContractFile } from "./contract-path.ts";
import type { ServeFlags } from "./flags.ts";
import { RightsWatch } from "./rights-watch.ts";
import type { GivenParts } from "./server-parts.ts";

/**
 * What everybody may do: what the contract says, and the access rules. Where both are there, both must allow.
 * @throws ConfigError with every finding when the contract cannot be served
 */
export async function rightsOf(
  flags: Pick<ServeFlags, "config" | "contract" | "contractView" | "demo" | "open">,
  config: Config,
  log: Logger,
  refusals: Refusals,
): Promise<Pick<ServerOptions, "policy" | "policyWatch"> & Pick<GivenParts, "contract" | "limits">> {
  const file = flags.contract ?? config.contract ?? usualContract(flags, config);
  const given = { file: flags.config, config, log };
  if (file === noContract) {
    const further = flags.demo ? demoRules : [];
    const policyOf = (rules: readonly AccessRule[]): Policy => accessPolicy(flags, [...rules, ...further]);
    const policyWatch = new RightsWatch({ ...given, contract: undefined, policyOf });
    return { policy: policyWatch.policy, policyWatch };
  }
  // With a contract only: the compiler takes a while to load.
  const { ContractWatch } = await import("./contract-watch.ts");
  const view = flags.contractView ?? config.contractView ?? "service";
  const watch = new ContractWatch({ file, view, log, refusals, within: (policy) => policy });
  // Beside a contract, rules only take away.
  const policyOf = (rules: readonly AccessRule[]): Policy =>
    rules.length === 0 ? watch.policy : bothAllow(accessPolicy({ ...flags, open: true }, rules), watch.policy);
  const policyWatch = new RightsWatch({ ...given, contract: watch, policyOf });
  const contract = { yaml: () => watch.document.yaml, json: () => watch.document.json };
  return { policy: policyWatch.policy, policyWatch, contract, limits: contractLimits(watch.contract.contract) };
}

/** The pet store's, unless it is somebody else's broker: one with rules of its own, or one for everybody. */
function usualContract({ open }: Pick<ServeFlags, "open">, { access }: Config): string {
  return open || access.length > 0 ? noContract : defaultContractFile();
}

/** The first rule that fits decides; where none fits, only those of `--open` may. */
function accessPolicy({ open, config }: Pick<ServeFlags, "open" | "config">, rules: readonly AccessRule[]): Policy {
  if (open && rules.length === 0) return allowAll;
  const rulesStand = config === undefined ? "access in a file for --config" : "access in the configuration file";
  return createAccessPolicy({ rules, otherwise: open ? "allow" : "deny", rulesStand });
}
