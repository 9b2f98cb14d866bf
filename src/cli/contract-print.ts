import { contractDocs } from "../contract/docs.ts";
import { findingText, isServable } from "../contract/finding.ts";
import { readContract, sortedFindings } from "../contract/read-contract.ts";
import { contractTypes } from "../contract/types.ts";
import { readContractFile } from "../service/contract-file.ts";
import { ConfigError } from "../service/errors.ts";
import type { Given } from "./command.ts";
import { viewOf } from "./contract-check.ts";

/**
 * `petstore-mqtt contract types FILE`
 * @throws ConfigError with every finding when it cannot be served
 */
export function printTypes(given: Given): Promise<number> {
  return print(given, contractTypes);
}

/**
 * `petstore-mqtt contract docs FILE`
 * @throws ConfigError with every finding when it cannot be served
 */
export function printDocs(given: Given): Promise<number> {
  return print(given, contractDocs);
}

async function print(given: Given, printer: typeof contractDocs): Promise<number> {
  const [file = ""] = given.positionals;
  const { contract, sources } = readContract(file, { read: readContractFile, view: viewOf(given) });
  if (contract === undefined || !isServable(sources.findings)) {
    throw new ConfigError(sortedFindings(sources.findings).map(findingText).join("\n"));
  }
  process.stdout.write(printer(contract, sources));
  return 0;
}
