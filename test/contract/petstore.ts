import { join } from "node:path";
import { type CompiledContract, compileContract } from "../../src/contract/compile.ts";
import type { Channel } from "../../src/contract/contract.ts";
import { readContractFile } from "../../src/service/contract-file.ts";

/** Where the pet store's document stands. */
export const petstoreFile: string = join(import.meta.dirname, "../../contracts/petstore.asyncapi.yaml");

/** It, ready to be asked. */
export function compilePetstore(): CompiledContract {
  const { compiled, findings } = compileContract(petstoreFile, { read: readContractFile, view: "service" });
  if (compiled === undefined) throw new Error(JSON.stringify(findings));
  return compiled;
}

/** A Topic Name of a channel: every parameter is this id. */
export function topicOf({ address }: Channel, id: string): string {
  return address.text.replaceAll(/\{[^}]*\}/g, id);
}

/** The first example of a channel, without the fields that must repeat what the topic says. */
export function examplePayload({ messages, parameters }: Channel): Uint8Array {
  const [example] = messages[0]!.examples;
  const payload = structuredClone(example!.owner["payload"]) as Record<string, unknown>;
  for (const { location } of parameters.values()) if (location !== undefined) delete payload[location.pointer[0]!];
  return Buffer.from(JSON.stringify(payload));
}
