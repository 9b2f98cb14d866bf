// tsx bench/micro/contract.ts: what the pet store's contract costs for one PUBLISH, beside parsing its JSON.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Principal } from "../../src/broker/authentication.ts";
import type { PublishRequest } from "../../src/broker/policy.ts";
import { compileContract } from "../../src/contract/compile.ts";
import { ContractPolicy } from "../../src/contract/contract-policy.ts";
import { claimsOwnership } from "../../src/contract/rights.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { printTimings, type Sample } from "../timing.ts";

const { compiled } = compileContract(join(import.meta.dirname, "../../contracts/petstore.asyncapi.yaml"), {
  view: "service",
  read: (path) => readFileSync(path, "utf8"),
});
if (compiled === undefined) throw new Error("the pet store's contract does not compile");
const policy = new ContractPolicy(compiled, claimsOwnership, () => {});

const reading =
  '{"heartRate":92,"temperature":38.61428571,"respirationRate":24,"activity":"REST","battery":87.46,"at":"2026-11-22T10:15:00.000Z"}';
/** As much as a device with a chatty encoder sends. */
const telemetry = reading.padEnd(200);
const batch = `[${Array.from({ length: 10 }, () => reading).join(",")}]`;
const order = '{"orderId":"abc123","status":"SHIPPED","previous":"PAID","at":"2026-11-22T10:15:00.000Z"}';

const device = principal("device-7", "device", new Map([["pets", ["pet-7"]]]));
const backOffice = principal("backoffice", "service", new Map());
const customer = principal("alice", "customer", new Map());

const parse = (text: string): Sample => ({ name: "", count: 1, run: () => JSON.parse(text) });
const read = (text: string): Sample => {
  const bytes = Buffer.from(text);
  return { name: "", count: 1, run: () => JSON.parse(bytes.toString("utf8")) };
};

const figures = printTimings("one PUBLISH", [
  { ...parse(telemetry), name: "JSON.parse, telemetry of 200 bytes" },
  { ...read(telemetry), name: "the same from the bytes of its payload" },
  asked("the contract: telemetry of 200 bytes, its reading included", device, "pets/pet-7/health", telemetry),
  { ...read(batch), name: "JSON.parse from bytes, a batch of 10" },
  asked("the contract: a batch of 10", device, "pets/pet-7/health", batch),
  { ...read(order), name: "JSON.parse from bytes, an order" },
  asked("the contract: an order, whose topic repeats its id", backOffice, "orders/abc123/status", order),
  asked("the contract: a snapshot that is removed", backOffice, "orders/abc123/status", ""),
  asked("the contract: refused, the right is missing", customer, "orders/abc123/status", order),
  asked("the contract: refused, the payload is wrong", device, "pets/pet-7/health", '{"heartRate":-1}'),
]);

const [parsing, readingBytes, whole] = figures.map((figure) => Math.round(figure)) as [number, number, number];
const checking = whole - readingBytes;
const verdict = checking < parsing ? "less" : "NOT less";
console.log(
  `checking 200 bytes of telemetry, without reading them: ${checking} ns, ${verdict} than JSON.parse (${parsing} ns)`,
);

function asked(name: string, who: Principal, topicName: string, payload: string): Sample {
  const properties = noPublishProperties;
  const publish: PublishRequest = { topicName, qos: 0, retain: false, properties, payload: Buffer.from(payload) };
  const refusal = policy.mayPublish(who, publish);
  if ((refusal !== undefined) !== name.includes("refused")) throw new Error(`${name}: ${refusal?.reasonString}`);
  return { name, count: 1, run: () => policy.mayPublish(who, publish) };
}

function principal(name: string, role: string, claims: ReadonlyMap<string, readonly string[]>): Principal {
  return { tenant: 0, name, roles: [role], clientId: name, claims };
}
