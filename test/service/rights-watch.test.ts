import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { pino } from "pino";
import type { Policy } from "../../src/broker/policy.ts";
import type { PolicyWatch } from "../../src/server/options.ts";
import { Refusals } from "../../src/server/refusals.ts";
import { loadConfig } from "../../src/service/load-config.ts";
import { rightsOf } from "../../src/service/rights.ts";
import { documentOf, publish, somebody } from "../contract/kit.ts";

let directory = "";
let watch: PolicyWatch | undefined;
const logged: string[] = [];
const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
const anybody = somebody("anybody", []);

/** A watch keeps no process alive. */
let alive: NodeJS.Timeout;

beforeEach(() => {
  alive = setInterval(() => {}, 1_000);
  directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-rights-"));
  logged.length = 0;
});

afterEach(() => {
  clearInterval(alive);
  watch?.stop();
  rmSync(directory, { recursive: true });
});

function write(name: string, text: string): void {
  // As editors do it: another file in its place.
  writeFileSync(join(directory, `${name}.new`), text);
  renameSync(join(directory, `${name}.new`), join(directory, name));
}

/** The rights of `broker.yaml`, and what brings others into force. */
async function open(contract?: string): Promise<{ policy: Policy; watch: PolicyWatch }> {
  const file = join(directory, "broker.yaml");
  const flags = { config: file, contract, contractView: undefined, demo: false, open: false };
  const { policy, policyWatch } = await rightsOf(flags, await loadConfig(file), log, new Refusals(10));
  watch = policyWatch;
  return { policy, watch: policyWatch! };
}

function mayRead(policy: Policy, topicFilter: string): boolean {
  return policy.maySubscribe(anybody, topicFilter) === undefined;
}

function refusalOf(policy: Policy, topicName: string, payload: string): unknown {
  return policy.mayPublish(anybody, publish(topicName, payload));
}

test("access rules that change are in force a moment later", async () => {
  write("broker.yaml", "access: [{ allow: all, topic: a }]\n");
  const { policy, watch } = await open();
  assert.ok(mayRead(policy, "a") && !mayRead(policy, "b"));
  const changed = new Promise<Policy>((resolve) => watch.start(resolve));
  write("broker.yaml", "access: [{ allow: all, topic: b }]\n");
  const next = await changed;
  assert.ok(mayRead(next, "b") && !mayRead(next, "a"));
});

test("a configuration with mistakes leaves the rules in force, and says so once", async () => {
  write("broker.yaml", "access: [{ allow: all, topic: a }]\n");
  const { watch } = await open();
  watch.start(() => assert.fail("nothing changed"));
  write("broker.yaml", "access: [{ allow: nothing, topic: a }]\n");
  await watch.look();
  await watch.look();
  const said = logged.filter((line) => line.startsWith("the access rules in force stay: "));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /broker\.yaml:1:19: allow cannot be/);
});

test("what else changes in it is named once, and waits for the next start", async () => {
  write("broker.yaml", "access: [{ allow: all, topic: a }]\nlisteners: [{ protocol: mqtt }]\n");
  const { watch } = await open();
  const policies: Policy[] = [];
  watch.start((policy) => policies.push(policy));
  write(
    "broker.yaml",
    "listeners: [{ protocol: mqtt }]\nlimits: { receiveMaximum: 7 }\naccess: [{ allow: all, topic: b }]\n",
  );
  await watch.look();
  await watch.look();
  const said = logged.filter((line) => line.includes("from the next start on"));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /: limits$/);
  assert.equal(policies.length, 1);
  assert.ok(mayRead(policies[0]!, "b"));
});

test("beside a contract rules only take away, whichever of the two changes", async () => {
  write("broker.yaml", "access: [{ deny: all, topic: levels/2 }]\n");
  write("api.yaml", documentOf("{ type: integer }"));
  const { policy, watch } = await open(join(directory, "api.yaml"));
  assert.equal(refusalOf(policy, "levels/1", "1"), undefined);
  assert.ok(refusalOf(policy, "levels/2", "1"));
  const policies: Policy[] = [];
  watch.start((next) => policies.push(next));
  write("broker.yaml", "access: [{ deny: all, topic: levels/1 }]\n");
  await watch.look();
  assert.ok(refusalOf(policies.at(-1)!, "levels/1", "1"));
  assert.equal(refusalOf(policies.at(-1)!, "levels/2", "1"), undefined);
  assert.ok(refusalOf(policies.at(-1)!, "elsewhere", "1"), "the contract still holds");
  write("api.yaml", documentOf("{ type: boolean }"));
  await watch.look();
  assert.ok(refusalOf(policies.at(-1)!, "levels/2", "1"));
  assert.equal(refusalOf(policies.at(-1)!, "levels/2", "true"), undefined);
  assert.ok(refusalOf(policies.at(-1)!, "levels/1", "true"), "the rules still hold");
});
