import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { contendersOf } from "../../bench/contenders.ts";
import { thisNode } from "../../bench/node-program.ts";
import { type Scenario, scenarios, scenariosNamed } from "../../bench/scenarios.ts";
import type { Principal } from "../../src/broker/authentication.ts";
import { compileContract } from "../../src/contract/compile.ts";
import { ContractPolicy } from "../../src/contract/contract-policy.ts";
import { claimsOwnership } from "../../src/contract/rights.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";

test("a scenario goes by its name, all of a kind by their group, and none comes twice", () => {
  assert.deepEqual(
    scenariosNamed(["connections", "connect", "latency"]).map(({ name }) => name),
    ["connect", "connect-tls", "connect-tls-resumed", "latency"],
  );
  assert.throws(() => scenariosNamed(["fan-up"]), /no scenario fan-up; there are: throughput, .*fan-in-qos0/);
  assert.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length);
});

test("each step of the deployed path adds one thing, and the last one has them all", () => {
  for (const { steps } of scenariosNamed(["deployed"])) {
    const settings = steps.map(({ setup }) => Object.values({ ...setup, store: setup.store === "disk" }));
    const counts = settings.map((values) => values.filter((value) => value).length);
    assert.deepEqual(counts, [0, 1, 2, 3, 4]);
  }
});

test("what deployed clients publish is what the pet store's contract allows them, 200 bytes of telemetry", () => {
  const device = principal("device-000007", "device", new Map([["pets", ["pet-000007"]]]));
  const backOffice = principal("backoffice", "service", new Map());
  const policy = petstorePolicy();
  for (const scenario of scenariosNamed(["deployed"])) {
    const who = scenario.users.publisher === "backoffice" ? backOffice : device;
    const { topicName, payload, qos, retain } = publishOf(scenario);
    const publish = { topicName, payload, qos, retain, properties: noPublishProperties };
    assert.equal(policy.mayPublish(who, publish)?.reasonString, undefined, scenario.name);
    if (scenario.name.includes("telemetry")) assert.equal(payload.length, 200, scenario.name);
  }
});

test("whoever asks for a broker that takes no part is told who does", () => {
  const choice = { versions: [5] as const, names: ["nobody"], nodes: [thisNode], store: undefined };
  assert.throws(
    () => contendersOf(scenariosNamed(["connect"])[0]!, choice),
    /no such broker in connect; there are: .*aedes/,
  );
});

function petstorePolicy(): ContractPolicy {
  const { compiled } = compileContract(join(import.meta.dirname, "../../contracts/petstore.asyncapi.yaml"), {
    view: "service",
    read: (path) => readFileSync(path, "utf8"),
  });
  return new ContractPolicy(compiled!, claimsOwnership, () => {});
}

function principal(name: string, role: string, claims: ReadonlyMap<string, readonly string[]>): Principal {
  return { tenant: 0, name, roles: [role], clientId: name, claims };
}

/** As the generator fills it in. */
function publishOf({ options }: Scenario) {
  const filled = (text: string): string => text.replaceAll("{n}", "000007").replace("{mark}", "1".repeat(36));
  const text = readFileSync(String(options["payload"]), "utf8").replace(/\n$/, "");
  return {
    topicName: filled(String(options["topic"])),
    payload: Buffer.from(filled(text)),
    qos: options["qos"] as 0 | 1,
    retain: options["retain"] === 1,
  };
}
