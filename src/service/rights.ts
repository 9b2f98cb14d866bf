import { allowAll, type Policy } from "../broker/policy.ts";
import { createAccessPolicy } from "../server/access.ts";
import type { Config } from "../server/config.ts";
import { demoRules } from "../server/demo.ts";
import type { ServeFlags } from "./flags.ts";

/** The file's rules come first, so that they can change what `--demo` allows. */
export function policyOf(flags: ServeFlags, config: Config): Policy {
  const rules = flags.demo ? [...config.access, ...demoRules] : config.access;
  if (flags.open && rules.length === 0) return allowAll;
  const rulesStand = flags.config === undefined ? "access in a file for --config" : "access in the configuration file";
  return createAccessPolicy({ rules, otherwise: flags.open ? "allow" : "deny", rulesStand });
}
