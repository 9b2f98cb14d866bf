import { join } from "node:path";
import type { Logger } from "pino";
import { Accounts } from "../server/accounts.ts";
import { readAccounts } from "../server/accounts-disk.ts";
import { AccountsWatch } from "../server/accounts-watch.ts";
import { Attempts } from "../server/attempts.ts";
import {
  createAccountAuthenticator,
  createAnonymousAuthenticator,
  noAuthenticationMethods,
} from "../server/authentication.ts";
import type { Config } from "../server/config.ts";
import { createDemoAccounts } from "../server/demo.ts";
import { createIdentityAuthenticator } from "../server/identity.ts";
import type { ServerOptions } from "../server/options.ts";
import { PasswordChecks } from "../server/password-checks.ts";
import { createScramStep, scramMethod } from "../server/scram.ts";
import type { TokenKeys } from "../server/token-keys.ts";
import { TokenKeysWatch } from "../server/token-keys-watch.ts";
import { type TokenSettings, tokenMethod } from "../server/token-settings.ts";
import type { TokenChecks } from "../server/tokens.ts";
import { findingText } from "../server/yaml-reader.ts";
import { ConfigError } from "./errors.ts";
import type { ServeFlags } from "./flags.ts";

/** Where the accounts are kept, unless the configuration says otherwise. */
export function accountsFile(config: Config, data: string): string {
  return config.accounts ?? join(data, "accounts.yaml");
}

/**
 * Who may come in, as flags, configuration and accounts file have it.
 * @param data the data directory
 * @throws ConfigError when something is wrong in the accounts file, Error with a sentence when it cannot be used
 */
export async function identitiesOf(
  flags: Pick<ServeFlags, "open" | "demo">,
  config: Config,
  data: string,
  log: Logger,
): Promise<Pick<ServerOptions, "authenticator" | "accountsWatch" | "tokenKeysWatch">> {
  if (flags.open) return { authenticator: createAnonymousAuthenticator(noAuthenticationMethods) };
  const file = accountsFile(config, data);
  const stored = await readAccounts(file);
  if (stored !== undefined && stored.findings.length > 0) {
    throw new ConfigError(stored.findings.map(findingText).join("\n"));
  }
  if (stored?.isReadableByOthers) log.warn(`others on this machine can read the hashes in ${file}; chmod 600 ${file}`);
  const ofFile = stored?.accounts ?? [];
  const names = new Set(ofFile.map(({ name }) => name));
  const others = flags.demo ? await createDemoAccounts() : [];
  const accounts = new Accounts([...ofFile, ...others.filter(({ name }) => !names.has(name))], stored?.decoyKey);
  const { certificate } = config.identity;
  if (accounts.size === 0 && certificate === undefined && config.identity.tokens === undefined) {
    log.warn(
      `there are no accounts, so every client is refused; start with --demo for accounts to try it with, or add one to ${file} with petstore-mqtt account add NAME`,
    );
  }
  const attempts = new Attempts();
  const now = (): number => performance.now();
  const checks: PasswordChecks = new PasswordChecks({
    accounts,
    attempts,
    now,
    outdated: (account, password) => accountsWatch.outdated(account, password),
  });
  const changed = (): void => checks.accountsChanged();
  const accountsWatch = new AccountsWatch({ file, text: stored?.text, accounts, others, log, changed });
  const { tokens, tokenKeysWatch } = await tokensOf(config.identity.tokens, accounts, log);
  const methods = new Map([[scramMethod, createScramStep({ accounts, attempts, now })]]);
  if (tokens !== undefined) methods.set(tokenMethod, tokens.step);
  const passwords = createAccountAuthenticator(checks, methods);
  const authenticator = createIdentityAuthenticator({ accounts, passwords, tokens, certificate, now: Date.now });
  return { authenticator, accountsWatch, ...(tokenKeysWatch === undefined ? {} : { tokenKeysWatch }) };
}

async function tokensOf(
  settings: TokenSettings | undefined,
  accounts: Accounts,
  log: Logger,
): Promise<{ readonly tokens?: TokenChecks; readonly tokenKeysWatch?: TokenKeysWatch }> {
  if (settings === undefined) return {};
  // With tokens only: the library that checks them takes a while to load.
  const [{ TokenChecks }, { loadTokenKeys }] = await Promise.all([
    import("../server/tokens.ts"),
    import("../server/token-keys.ts"),
  ]);
  const { keys: file, algorithms } = settings;
  const load = (): Promise<TokenKeys> => loadTokenKeys(file, algorithms);
  const keys = await load();
  const tokens = new TokenChecks({ settings, keys, accounts, now: Date.now });
  const changed = (others: TokenKeys): void => tokens.replaceKeys(others);
  return { tokens, tokenKeysWatch: new TokenKeysWatch({ file, text: keys.text, load, log, changed }) };
}
