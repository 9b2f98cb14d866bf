import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Principal } from "../broker/authentication.ts";
import { type Explanation, explainPublish, explainSubscribe } from "../contract/explain.ts";
import { claimsOwnership } from "../contract/rights.ts";
import { noPublishProperties } from "../mqtt/publish-properties.ts";
import { reasonCodeName } from "../mqtt/reason-code.ts";
import { readAccounts } from "../server/accounts-disk.ts";
import { defaultData } from "../server/config.ts";
import { demoAccounts } from "../server/demo.ts";
import { loadContract } from "../service/contract-file.ts";
import { defaultContractFile } from "../service/contract-path.ts";
import { UsageError } from "../service/errors.ts";
import { accountsFile } from "../service/identities.ts";
import { loadConfig } from "../service/load-config.ts";
import type { Given } from "./command.ts";
import { viewOf } from "./contract-check.ts";

/** What `exit-codes.ts` says of a refusal. */
const refusedCode = 4;

/**
 * `petstore-mqtt contract explain`
 * @returns 0 when it is allowed, 4 when it is refused
 */
export async function explainContract(given: Given): Promise<number> {
  const [verb, topic = "", file] = given.positionals;
  const explain = verb === "publish" ? explainedPublish : verb === "subscribe" ? explainedSubscribe : undefined;
  if (explain === undefined) throw new UsageError(`what is ${verb}? write publish TOPIC or subscribe FILTER`);
  if (verb === "subscribe" && file !== undefined) throw new UsageError(`subscribe takes one filter; leave ${file} out`);
  const { compiled } = loadContract(given.text("contract") ?? defaultContractFile(), viewOf(given));
  const principal = await principalOf(given);
  const explanation = await explain({ given, compiled, principal, topic, file });
  process.stdout.write(given.has("json") ? `${JSON.stringify(explanation)}\n` : explanationText(explanation));
  return explanation.isAllowed ? 0 : refusedCode;
}

interface Asked {
  readonly given: Given;
  readonly compiled: Parameters<typeof explainPublish>[0];
  readonly principal: Principal;
  readonly topic: string;
  readonly file: string | undefined;
}

async function explainedPublish({ given, compiled, principal, topic, file }: Asked): Promise<Explanation> {
  return explainPublish(compiled, claimsOwnership, principal, {
    topicName: topic,
    qos: (given.integer("qos", 0, 2) ?? 0) as 0 | 1 | 2,
    retain: given.has("retain"),
    properties: noPublishProperties,
    payload: await payloadOf(file),
  });
}

async function explainedSubscribe({ compiled, principal, topic }: Asked): Promise<Explanation> {
  return explainSubscribe(compiled, claimsOwnership, principal, topic);
}

async function payloadOf(file: string | undefined): Promise<Uint8Array> {
  if (file === undefined) return new Uint8Array();
  if (file === "-") return await buffer(process.stdin);
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Who `--as` is: with the roles and claims given, else those of the account of that name. */
async function principalOf(given: Given): Promise<Principal> {
  const name = given.text("as") ?? "";
  const clientId = given.text("client-id") ?? name;
  const claims = claimsOf(given.texts("claim"));
  const roles = given.texts("role");
  if (roles.length > 0 || name === "") return { tenant: 0, name, roles, clientId, claims };
  const account = await accountNamed(given, name);
  if (account === undefined) {
    throw new UsageError(`there is no account ${name}; say with --role which roles it has`);
  }
  return { tenant: 0, name, roles: account.roles, clientId, claims: new Map([...(account.claims ?? []), ...claims]) };
}

async function accountNamed(given: Given, name: string): Promise<Pick<Principal, "roles" | "claims"> | undefined> {
  const config = await loadConfig(given.text("config"));
  const data = resolve(given.text("data") ?? config.data ?? defaultData);
  const stored = await readAccounts(accountsFile(config, data));
  const demo = demoAccounts.find((account) => account.name === name);
  return (
    stored?.accounts.find((account) => account.name === name) ??
    (demo === undefined ? undefined : { roles: [demo.role], claims: demo.claims })
  );
}

function claimsOf(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const claims = new Map<string, string[]>();
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`--claim ${text}: write NAME=VALUE, as in --claim orders=abc123`);
    const name = text.slice(0, at);
    claims.set(name, [...(claims.get(name) ?? []), text.slice(at + 1)]);
  }
  return claims;
}

function explanationText({ isAllowed, refusal, rules, notes }: Explanation): string {
  const lines = [isAllowed ? "allowed" : "refused"];
  if (refusal !== undefined) {
    const code = `0x${refusal.reasonCode.toString(16)} ${reasonCodeName(refusal.reasonCode)}`;
    lines.push(`  ${code}: ${refusal.reasonString}`);
    if (refusal.place !== "") lines.push(`  by ${refusal.place}`);
  }
  for (const { operation, role, place } of rules) {
    const through = role === "" ? "" : ` as ${role}`;
    lines.push(`  by ${operation}${through} (${place.file}:${place.line}:${place.column})`);
  }
  for (const note of notes) lines.push(`  note: ${note}`);
  return `${lines.join("\n")}\n`;
}
