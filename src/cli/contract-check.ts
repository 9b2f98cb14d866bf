import { compileContract } from "../contract/compile.ts";
import { findingText } from "../contract/finding.ts";
import type { View } from "../contract/read-operations.ts";
import { readContractFile } from "../service/contract-file.ts";
import type { Given } from "./command.ts";

/**
 * `petstore-mqtt contract check FILE`
 * @returns 1 when it cannot be served
 */
export async function checkContract(given: Given): Promise<number> {
  const [file = ""] = given.positionals;
  const { compiled, findings } = compileContract(file, { read: readContractFile, view: viewOf(given) });
  if (given.has("json")) {
    const plain = findings.map(({ place, ...finding }) => ({ ...finding, ...place }));
    process.stdout.write(`${JSON.stringify({ servable: compiled !== undefined, findings: plain })}\n`);
  } else {
    for (const finding of findings) process.stdout.write(`${findingText(finding)}\n`);
    process.stdout.write(`${summary(file, compiled?.contract.channels.length, findings.length)}\n`);
  }
  return compiled === undefined ? 1 : 0;
}

/** From whose side the document is written. */
export function viewOf(given: Given): View {
  return given.text("view") === "client" ? "client" : "service";
}

function summary(file: string, channels: number | undefined, findings: number): string {
  if (channels === undefined) return `${file} cannot be served`;
  const found = findings === 0 ? "nothing is wrong" : `${findings} warning${findings === 1 ? "" : "s"}`;
  return `${file} can be served: ${channels} channel${channels === 1 ? "" : "s"}, ${found}`;
}
