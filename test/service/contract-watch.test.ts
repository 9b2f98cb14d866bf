import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { pino } from "pino";
import type { Policy } from "../../src/broker/policy.ts";
import { ContractWatch } from "../../src/service/contract-watch.ts";
import { ConfigError } from "../../src/service/errors.ts";
import { documentOf, publish, somebody } from "../contract/kit.ts";

let directory = "";
let watch: ContractWatch | undefined;
const logged: string[] = [];
const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
const anybody = somebody("anybody", []);

/** A watch keeps no process alive. */
let alive: NodeJS.Timeout;

beforeEach(() => {
  alive = setInterval(() => {}, 1_000);
  directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-contract-"));
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

function open(): ContractWatch {
  watch = new ContractWatch({
    file: join(directory, "api.yaml"),
    view: "service",
    log,
    refusals: { observed: () => {} },
    within: (policy) => policy,
  });
  return watch;
}

function takes(policy: Policy, payload: string): boolean {
  return policy.mayPublish(anybody, publish("levels/1", payload)) === undefined;
}

test("a contract with errors is refused at the start, with all of them", () => {
  write("api.yaml", documentOf("{ type: integr }"));
  assert.throws(
    open,
    (error) => error instanceof ConfigError && /api\.yaml:8:27: error schema-invalid/.test(error.message),
  );
});

test("a contract that changes is in force a moment later, and so is a file that it refers to", async () => {
  write("level.json", '{ "type": "integer" }');
  write("api.yaml", documentOf('{ $ref: "level.json" }'));
  const running = open();
  assert.ok(takes(running.policy, "1") && !takes(running.policy, "[1]"));
  assert.match(running.document.json, /"type": "integer"/);
  const changed = new Promise<Policy>((resolve) => running.start(resolve));
  write("level.json", '{ "type": "array" }');
  const policy = await changed;
  assert.ok(takes(policy, "[1]") && !takes(policy, "1"));
  assert.equal(running.policy, policy);
  assert.match(running.document.json, /"type": "array"/);
});

test("a contract that is broken leaves the old one in force, and says why", async () => {
  write("api.yaml", documentOf("{ type: integer }"));
  const running = open();
  running.start(() => assert.fail("nothing changed"));
  write("api.yaml", "asyncapi: 2.6.0\n");
  await running.look();
  assert.match(logged.at(-1) ?? "", /^the contract in force stays: .*api\.yaml:1:1: error asyncapi-version/);
  assert.ok(takes(running.policy, "1"));
  assert.equal(running.document.yaml, documentOf("{ type: integer }"));
});

test("a look at what did not change does nothing", async () => {
  write("api.yaml", documentOf("{ type: integer }"));
  const running = open();
  running.start(() => assert.fail("nothing changed"));
  const before = running.policy;
  await running.look();
  assert.equal(running.policy, before);
});
