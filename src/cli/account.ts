import { randomBytes } from "node:crypto";
import { accountNameProblem, roleProblem } from "../server/account-name.ts";
import type { Account } from "../server/accounts.ts";
import { changeAccounts, readAccounts } from "../server/accounts-disk.ts";
import type { AccountsEdit } from "../server/accounts-edit.ts";
import { accountsMax, type ParsedAccounts } from "../server/accounts-file.ts";
import { hashPassword } from "../server/password-hash.ts";
import { isScramText, makeScramKeys } from "../server/scram-keys.ts";
import { suggestion } from "../server/suggestion.ts";
import { findingText } from "../server/yaml-reader.ts";
import { dataDirectory } from "../service/data-directory.ts";
import { ConfigError, UsageError } from "../service/errors.ts";
import { accountsFile } from "../service/identities.ts";
import { loadConfig } from "../service/load-config.ts";
import { columns } from "./columns.ts";
import type { Given } from "./command.ts";
import { readNewPassword } from "./password-input.ts";

/** NIST SP 800-63B asks for no less. */
const passwordLengthMin = 8;

/** `account add NAME`. */
export async function addAccount(given: Given): Promise<number> {
  const name = nameOf(given);
  const problem = accountNameProblem(name);
  if (problem !== undefined) throw new UsageError(`an account cannot be called ${JSON.stringify(name)}: ${problem}`);
  const roles = checkedRoles(given.texts("role"));
  const file = await fileOf(given);
  // Before anybody types a password for nothing.
  refuseKnown(await accountsIn(file), name, file);
  const secrets = await newSecrets(name, given.has("scram"));
  await change(file, (edit, { accounts }) => {
    refuseKnown(accounts, name, file);
    if (accounts.length >= accountsMax) throw new Error(`${file} has ${accountsMax} accounts; no more are read`);
    edit.add({ name, roles, ...secrets });
    if (secrets.scramSha256 !== undefined) edit.ensureDecoyKey(randomBytes(32));
  });
  const withRoles = roles.length === 0 ? "without a role" : `with ${roles.join(", ")}`;
  process.stdout.write(`added ${name} ${withRoles} to ${file}\n`);
  return 0;
}

/** `account list`. */
export async function listAccounts(given: Given): Promise<number> {
  const file = await fileOf(given);
  const accounts = await accountsIn(file);
  if (given.has("json")) {
    for (const { name, roles, scramSha256 } of accounts) {
      process.stdout.write(`${JSON.stringify({ name, roles, scram: scramSha256 !== undefined })}\n`);
    }
    return 0;
  }
  if (accounts.length === 0) {
    process.stdout.write(`there are no accounts in ${file}; add one with petstore-mqtt account add NAME\n`);
    return 0;
  }
  const rows = accounts.map(({ name, roles, scramSha256 }) => {
    return [name, roles.join(", ") || "-", scramSha256 === undefined ? "no" : "yes"];
  });
  process.stdout.write(columns([["NAME", "ROLES", "SCRAM"], ...rows]));
  return 0;
}

/** `account remove NAME`. */
export async function removeAccount(given: Given): Promise<number> {
  const name = nameOf(given);
  const file = await fileOf(given);
  await change(file, (edit, { accounts }) => {
    find(accounts, name, file);
    edit.remove(name);
  });
  process.stdout.write(`removed ${name} from ${file}\n`);
  return 0;
}

/** `account passwd NAME`. */
export async function changePassword(given: Given): Promise<number> {
  const name = nameOf(given);
  const file = await fileOf(given);
  find(await accountsIn(file), name, file);
  const secrets = await newSecrets(name, given.has("scram"));
  await change(file, (edit, { accounts }) => {
    find(accounts, name, file);
    edit.change(name, secrets);
    if (secrets.scramSha256 !== undefined) edit.ensureDecoyKey(randomBytes(32));
  });
  process.stdout.write(`${name} has another password in ${file}\n`);
  return 0;
}

/** `account roles NAME [ROLE...]`. */
export async function changeRoles(given: Given): Promise<number> {
  const [name = "", ...words] = given.positionals;
  const roles = checkedRoles(words);
  const file = await fileOf(given);
  if (given.has("none") && roles.length > 0) throw new UsageError("--none takes all roles away; leave it or them out");
  if (!given.has("none") && roles.length === 0) {
    const account = find(await accountsIn(file), name, file);
    process.stdout.write(account.roles.map((role) => `${role}\n`).join(""));
    return 0;
  }
  await change(file, (edit, { accounts }) => {
    find(accounts, name, file);
    edit.change(name, { roles });
  });
  process.stdout.write(`${name} has ${roles.length === 0 ? "no roles" : roles.join(", ")} in ${file}\n`);
  return 0;
}

function nameOf({ positionals }: Given): string {
  return positionals[0] ?? "";
}

function checkedRoles(roles: readonly string[]): readonly string[] {
  for (const role of roles) {
    const problem = roleProblem(role);
    if (problem !== undefined) throw new UsageError(`there is no role ${JSON.stringify(role)}: ${problem}`);
  }
  return [...new Set(roles)];
}

async function fileOf(given: Given): Promise<string> {
  const config = await loadConfig(given.text("config"));
  return accountsFile(config, dataDirectory(given.text("data"), config));
}

async function accountsIn(file: string): Promise<readonly Account[]> {
  const stored = await readAccounts(file);
  if (stored === undefined) return [];
  if (stored.findings.length > 0) throw broken(stored.findings);
  return stored.accounts;
}

async function change(file: string, work: (edit: AccountsEdit, before: ParsedAccounts) => void): Promise<void> {
  await changeAccounts(file, work, broken);
}

function broken(findings: ParsedAccounts["findings"]): ConfigError {
  return new ConfigError(findings.map(findingText).join("\n"));
}

function refuseKnown(accounts: readonly Account[], name: string, file: string): void {
  if (!accounts.some((account) => account.name === name)) return;
  throw new Error(`${file} has an account ${name} already; petstore-mqtt account passwd ${name} changes its password`);
}

function find(accounts: readonly Account[], name: string, file: string): Account {
  const account = accounts.find((each) => each.name === name);
  if (account !== undefined) return account;
  const names = accounts.map((each) => each.name);
  const meant = suggestion(name, names);
  const hint = meant === undefined ? "petstore-mqtt account list shows those there are" : `did you mean ${meant}?`;
  throw new Error(`${file} has no account ${name}; ${hint}`);
}

async function newSecrets(name: string, scram: boolean): Promise<Pick<Account, "passwordHash" | "scramSha256">> {
  if (scram && !isScramText(name)) {
    throw new UsageError(`--scram takes names of printable ASCII only: clients do not agree on the bytes of ${name}`);
  }
  const password = await readNewPassword({ stdin: process.stdin, stderr: process.stderr });
  if ([...password].length < passwordLengthMin) {
    throw new Error(`a password has ${passwordLengthMin} characters at least; take a longer one`);
  }
  if (scram && !isScramText(password)) {
    throw new Error("--scram takes passwords of printable ASCII only: clients do not agree on the bytes of others");
  }
  const passwordHash = await hashPassword(password);
  return { passwordHash, scramSha256: scram ? await makeScramKeys(password) : undefined };
}
