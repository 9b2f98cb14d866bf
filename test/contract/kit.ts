import assert from "node:assert/strict";
import type { Principal } from "../../src/broker/authentication.ts";
import type { PublishRequest, Refusal } from "../../src/broker/policy.ts";
import { type Compilation, type CompiledContract, compileContract } from "../../src/contract/compile.ts";
import { ContractPolicy } from "../../src/contract/contract-policy.ts";
import { findingText } from "../../src/contract/finding.ts";
import type { View } from "../../src/contract/read-operations.ts";
import { claimsOwnership, type Ownership } from "../../src/contract/rights.ts";
import type { PublishProperties } from "../../src/mqtt/packet.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";

/** Compiles a contract whose files are given by name; the document is `api.yaml`. */
export function compile(files: string | Readonly<Record<string, string>>, view: View = "service"): Compilation {
  const all = typeof files === "string" ? { "api.yaml": files } : files;
  return compileContract("api.yaml", {
    view,
    read: (path) => {
      const name = Object.keys(all).find((each) => path.endsWith(`/${each}`));
      if (name === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return all[name]!;
    },
  });
}

/** The same, where nothing may be wrong with it but the warnings named. */
export function served(files: string | Readonly<Record<string, string>>, ...warnings: string[]): CompiledContract {
  const { compiled, findings } = compile(files);
  assert.deepEqual(
    findings.map(({ code }) => code),
    warnings,
    findings.map(findingText).join("\n"),
  );
  assert.ok(compiled !== undefined);
  return compiled;
}

/** The findings as people see them. */
export function findingsOf(files: string | Readonly<Record<string, string>>): readonly string[] {
  return compile(files).findings.map(findingText);
}

/** A policy that notes what it let through although a rule refuses it. */
export function policyOf(
  compiled: CompiledContract,
  ownership: Ownership = claimsOwnership,
): { policy: ContractPolicy; observed: Refusal[] } {
  const observed: Refusal[] = [];
  const policy = new ContractPolicy(compiled, ownership, (_principal, refusal) => observed.push(refusal));
  return { policy, observed };
}

export function somebody(
  name: string,
  roles: readonly string[],
  claims: Readonly<Record<string, readonly string[]>> = {},
): Principal {
  return { tenant: 0, name, roles, clientId: `${name}-1`, claims: new Map(Object.entries(claims)) };
}

export function publish(
  topicName: string,
  payload: unknown,
  more: Partial<Omit<PublishRequest, "properties">> & { readonly properties?: Partial<PublishProperties> } = {},
): PublishRequest {
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
  return {
    topicName,
    qos: 0,
    retain: false,
    payload: bytes,
    ...more,
    properties: { ...noPublishProperties, ...more.properties },
  };
}

/** A document with this behind its head. */
export function document(more: string): string {
  return `asyncapi: 3.0.0\ninfo: { title: Levels, version: 1.0.0 }\n${more}`;
}

/** A document with one channel `levels/{id}` for everybody, whose message has this payload schema. */
export function documentOf(payload: string, more = ""): string {
  return document(`channels:
  level:
    address: levels/{id}
    parameters: { id: {} }
    messages:
      level: { payload: ${payload} }
operations:
  receiveLevel: { action: receive, channel: { $ref: "#/channels/level" } }
  sendLevel: { action: send, channel: { $ref: "#/channels/level" } }
${more}`);
}
