import type { Node } from "yaml";
import { accountNameProblem, roleProblem, rolesMax } from "./account-name.ts";
import type { Account, Claims } from "./accounts.ts";
import { passwordHashProblem } from "./password-hash.ts";
import { type ScramKeys, scramKeyBytes } from "./scram-keys.ts";
import { type Finding, type Value, YamlReader } from "./yaml-reader.ts";

/** An accounts file that was read: what it says, and everything that is wrong with it. */
export interface ParsedAccounts {
  /** To be used only when there are no findings. */
  readonly accounts: readonly Account[];
  /** What made-up SCRAM keys are made of; undefined when no account has keys. */
  readonly decoyKey: Buffer | undefined;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
}

/** Accounts of one file. */
export const accountsMax = 10_000;

/** Values of all claims of one account. */
const claimValuesMax = 1_000;
const saltBytesMin = 8;
const saltBytesMax = 64;
/** RFC 7677, section 4. */
const iterationsMin = 4_096;
const iterationsMax = 1_000_000;

type Writable<Type> = { -readonly [Key in keyof Type]?: Type[Key] | undefined };

/**
 * Reads the text of an accounts file.
 * @param file its path as people gave it: it stands before every finding
 */
export function parseAccounts(file: string, text: string): ParsedAccounts {
  const reader = new YamlReader(file, text);
  const { root } = reader;
  const accounts: Account[] = [];
  let decoyKey: Buffer | undefined;
  if (root !== undefined && root !== null) {
    const names = new Map<string, string>();
    reader.map(root, undefined, "The accounts file", {
      accounts: (value, key) =>
        reader.list(value, key, "accounts", (item) => {
          const account = readAccount(reader, item, names);
          if (account !== undefined) accounts.push(account);
          if (accounts.length === accountsMax + 1) {
            reader.add(item, `There are more than ${accountsMax} accounts`, "Remove those that nobody uses");
          }
        }),
      decoyKey: (value, key) => {
        decoyKey = readBytes(reader, value, key, "decoyKey", 32, 32);
      },
    });
  }
  return { accounts, decoyKey, findings: reader.findings.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

/** @param names where each name stands; this one is added */
function readAccount(reader: YamlReader, item: Node, names: Map<string, string>): Account | undefined {
  const findings = reader.findings.length;
  const read: Writable<Account> = {};
  reader.map(item, undefined, "An account", {
    name: (value, key) => {
      read.name = readName(reader, value, key, names);
    },
    roles: (value, key) => {
      read.roles = readRoles(reader, value, key);
    },
    claims: (value, key) => {
      read.claims = readClaims(reader, value, key);
    },
    passwordHash: (value, key) => {
      const text = reader.text(value, key, "passwordHash");
      const problem = text === undefined ? undefined : passwordHashProblem(text);
      if (problem === undefined) read.passwordHash = text;
      else
        reader.add(value ?? key, `This passwordHash cannot be used: ${problem}`, `Make one with ${command("passwd")}`);
    },
    scramSha256: (value, key) => {
      read.scramSha256 = readScramKeys(reader, value, key);
    },
  });
  const { name, roles = [], claims, passwordHash, scramSha256 } = read;
  if (reader.findings.length > findings) return undefined;
  if (name === undefined) return reader.add(item, "This account has no name", "Add one; clients give it as user name");
  if (passwordHash !== undefined) return { name, roles, claims, passwordHash, scramSha256 };
  return reader.add(item, "This account has no passwordHash", `Remove it, and add it with ${command("add")}`);
}

function readName(reader: YamlReader, value: Value, key: Node, names: Map<string, string>): string | undefined {
  const name = reader.text(value, key, "name");
  if (name === undefined) return undefined;
  const node = value ?? key;
  const problem = accountNameProblem(name);
  if (problem !== undefined) return reader.add(node, `An account cannot have this name: ${problem}`, "Give it another");
  const other = names.get(name);
  if (other !== undefined) return reader.add(node, `${name} stands at ${other} already`, "Keep one of the two");
  names.set(name, reader.place(node));
  return name;
}

function readRoles(reader: YamlReader, value: Value, key: Node): readonly string[] {
  const roles: string[] = [];
  reader.list(value, key, "roles", (item) => {
    const role = reader.text(item, key, "A role");
    if (role === undefined) return;
    const problem = roleProblem(role);
    if (problem !== undefined) reader.add(item, `There is no such role: ${problem}`, "Write another");
    else if (roles.includes(role)) reader.add(item, `The role ${role} stands here twice`, "Keep one of the two");
    else roles.push(role);
  });
  if (roles.length > rolesMax) reader.add(key, `There are more than ${rolesMax} roles`, "Remove some");
  return roles;
}

function readClaims(reader: YamlReader, value: Value, owner: Node): Claims {
  const claims = new Map<string, readonly string[]>();
  let values = 0;
  reader.entries(value, owner, "claims", (name, list, key) => {
    const words: string[] = [];
    reader.list(list, key, `claims.${name}`, (item) => {
      const word = reader.text(item, key, `A value of claims.${name}`);
      if (word !== undefined) words.push(word);
    });
    claims.set(name, words);
    values += words.length;
  });
  if (values > claimValuesMax) reader.add(owner, `There are more than ${claimValuesMax} values`, "Remove some");
  return claims;
}

function readScramKeys(reader: YamlReader, value: Value, owner: Node): ScramKeys | undefined {
  const findings = reader.findings.length;
  const read: Writable<ScramKeys> = {};
  reader.map(value, owner, "scramSha256", {
    salt: (item, key) => {
      read.salt = readBytes(reader, item, key, "salt", saltBytesMin, saltBytesMax);
    },
    iterations: (item, key) => {
      read.iterations = reader.integer(item, key, "iterations", iterationsMin, iterationsMax);
    },
    storedKey: (item, key) => {
      read.storedKey = readBytes(reader, item, key, "storedKey", scramKeyBytes, scramKeyBytes);
    },
    serverKey: (item, key) => {
      read.serverKey = readBytes(reader, item, key, "serverKey", scramKeyBytes, scramKeyBytes);
    },
  });
  if (reader.findings.length > findings) return undefined;
  const { salt, iterations, storedKey, serverKey } = read;
  if (salt !== undefined && iterations !== undefined && storedKey !== undefined && serverKey !== undefined) {
    return { salt, iterations, storedKey, serverKey };
  }
  const problem = "scramSha256 needs salt, iterations, storedKey and serverKey";
  return reader.add(value ?? owner, problem, `Make them with ${command("passwd")} --scram, or remove it`);
}

function readBytes(
  reader: YamlReader,
  value: Value,
  key: Node,
  what: string,
  minimum: number,
  maximum: number,
): Buffer | undefined {
  const text = reader.text(value, key, what);
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, "base64");
  const isBase64 = bytes.toString("base64") === text;
  if (isBase64 && bytes.length >= minimum && bytes.length <= maximum) return bytes;
  const count = minimum === maximum ? minimum : `${minimum} to ${maximum}`;
  return reader.add(
    value ?? key,
    `${what} must be ${count} bytes in base64`,
    `Make it with ${command("passwd")} --scram`,
  );
}

function command(verb: string): string {
  return `petstore-mqtt account ${verb}`;
}
