import { readFileSync, statSync } from "node:fs";
import { type CompiledContract, compileContract } from "../contract/compile.ts";
import { type Finding, findingText } from "../contract/finding.ts";
import type { View } from "../contract/read-operations.ts";
import { ConfigError } from "./errors.ts";

/** Larger ones are no contract, bytes. */
const contractBytesMax = 16_777_216;

/** Reads a file of a contract. @throws Error when it cannot be read */
export function readContractFile(path: string): string {
  const { size } = statSync(path);
  if (size > contractBytesMax) throw new Error(`it has ${size} bytes, and at most ${contractBytesMax} are read`);
  return readFileSync(path, "utf8");
}

/**
 * A contract that can be served, and the warnings about it.
 * @throws ConfigError with every finding when it cannot
 */
export function loadContract(
  file: string,
  view: View,
): { readonly compiled: CompiledContract; readonly warnings: readonly Finding[] } {
  const { compiled, findings } = compileContract(file, { read: readContractFile, view });
  if (compiled === undefined) throw new ConfigError(findings.map(findingText).join("\n"));
  return { compiled, warnings: findings };
}
