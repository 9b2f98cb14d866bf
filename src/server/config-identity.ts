import { resolve } from "node:path";
import type { Node } from "yaml";
import { roleProblem, rolesMax } from "./account-name.ts";
import { type CertificateIdentity, certificateClaimPrefix, certificateFieldNames } from "./certificate-identity.ts";
import { defaultClockToleranceSeconds, defaultNameClaim, defaultRolesClaim, type IdentityConfig } from "./config.ts";
import { type TokenAlgorithm, type TokenSettings, tokenAlgorithms } from "./token-settings.ts";
import type { Value, YamlReader } from "./yaml-reader.ts";

type Writable<Type> = { -readonly [Key in keyof Type]?: Type[Key] | undefined };

const clockToleranceSecondsMax = 3_600;

/**
 * Reads `identity`.
 * @param directory paths are relative to it
 */
export function readIdentity(reader: YamlReader, directory: string, value: Value, owner: Node): IdentityConfig {
  const identity: Writable<IdentityConfig> = {};
  reader.map(value, owner, "identity", {
    certificate: (item, key) => {
      identity.certificate = readCertificate(reader, item, key);
    },
    tokens: (item, key) => {
      identity.tokens = readTokens(reader, directory, item, key);
    },
  });
  return { certificate: identity.certificate, tokens: identity.tokens };
}

function readCertificate(reader: YamlReader, value: Value, owner: Node): CertificateIdentity | undefined {
  const findings = reader.findings.length;
  const read: Writable<CertificateIdentity> = {};
  reader.map(value, owner, "identity.certificate", {
    name: (item, key) => {
      read.name = reader.word(item, key, "identity.certificate.name", certificateFieldNames);
    },
    roles: (item, key) => {
      read.roles = readWords(reader, item, key, "identity.certificate.roles", roleProblem);
    },
    rolesFrom: (item, key) => {
      read.rolesFrom = reader.word(item, key, "identity.certificate.rolesFrom", certificateFieldNames);
    },
  });
  if (reader.findings.length > findings) return undefined;
  const { name, roles = [], rolesFrom } = read;
  if (name !== undefined) return { name, roles, rolesFrom };
  return reader.add(value ?? owner, "identity.certificate needs name", "Add name: CN, or the field that has the name");
}

function readTokens(reader: YamlReader, directory: string, value: Value, owner: Node): TokenSettings | undefined {
  const findings = reader.findings.length;
  const read: Writable<TokenSettings> = {};
  const text = (name: "issuer" | "audience" | "nameClaim" | "rolesClaim") => (item: Value, key: Node) => {
    read[name] = reader.text(item, key, `identity.tokens.${name}`);
  };
  reader.map(value, owner, "identity.tokens", {
    keys: (item, key) => {
      const path = reader.text(item, key, "identity.tokens.keys");
      if (path !== undefined) read.keys = resolve(directory, path);
    },
    algorithms: (item, key) => {
      read.algorithms = readAlgorithms(reader, item, key);
    },
    issuer: text("issuer"),
    audience: text("audience"),
    clockToleranceSeconds: (item, key) => {
      const what = "identity.tokens.clockToleranceSeconds";
      read.clockToleranceSeconds = reader.integer(item, key, what, 0, clockToleranceSecondsMax);
    },
    nameClaim: text("nameClaim"),
    rolesClaim: text("rolesClaim"),
    claims: (item, key) => {
      read.claims = readWords(reader, item, key, "identity.tokens.claims", claimProblem);
    },
  });
  if (reader.findings.length > findings) return undefined;
  const { keys, algorithms, issuer, audience, claims = [] } = read;
  if (keys === undefined || algorithms === undefined || issuer === undefined || audience === undefined) {
    const mend = "Add what is missing; without them a token that was made for somebody else would be good here";
    return reader.add(value ?? owner, "identity.tokens needs keys, algorithms, issuer and audience", mend);
  }
  const {
    clockToleranceSeconds = defaultClockToleranceSeconds,
    nameClaim = defaultNameClaim,
    rolesClaim = defaultRolesClaim,
  } = read;
  return { keys, algorithms, issuer, audience, clockToleranceSeconds, nameClaim, rolesClaim, claims };
}

function readAlgorithms(reader: YamlReader, value: Value, owner: Node): readonly TokenAlgorithm[] {
  const algorithms: TokenAlgorithm[] = [];
  reader.list(value, owner, "identity.tokens.algorithms", (item) => {
    const algorithm = reader.word(item, owner, "An algorithm", tokenAlgorithms);
    if (algorithm !== undefined) algorithms.push(algorithm);
  });
  if (algorithms.length === 0) reader.add(owner, "There is no algorithm", "Write those that the issuer signs with");
  return algorithms;
}

function readWords(
  reader: YamlReader,
  value: Value,
  owner: Node,
  what: string,
  problemOf: (word: string) => string | undefined,
): readonly string[] {
  const words: string[] = [];
  reader.list(value, owner, what, (item) => {
    const word = reader.text(item, owner, `An item of ${what}`);
    if (word === undefined) return;
    const problem = problemOf(word);
    if (problem === undefined) words.push(word);
    else reader.add(item, `${JSON.stringify(word)} cannot stand in ${what}: ${problem}`, "Write another");
  });
  if (words.length > rolesMax) reader.add(owner, `There are more than ${rolesMax} items`, "Remove some");
  return words;
}

function claimProblem(name: string): string | undefined {
  return name.startsWith(certificateClaimPrefix) ? "such claims are those of certificates" : undefined;
}
