import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { Parser } from "@asyncapi/parser";
import { compileContract } from "../../src/contract/compile.ts";
import { findingText } from "../../src/contract/finding.ts";
import { readContractFile } from "../../src/service/contract-file.ts";
import { petstoreFile } from "./petstore.ts";

const tramsFile = join(import.meta.dirname, "../../examples/contracts/trams.asyncapi.yaml");

/** It asks for the newest version of AsyncAPI; ours is 3.0. */
const ignoredRule = "asyncapi-latest-version";

for (const file of [petstoreFile, tramsFile]) {
  test(`${basename(file)}: the standard parser finds nothing wrong`, { timeout: 60_000 }, async () => {
    const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"), { source: file });
    assert.deepEqual(
      diagnostics.filter(({ code }) => code !== ignoredRule).map(({ code, message, path }) => [code, message, path]),
      [],
    );
    assert.ok(document !== undefined);
  });

  test(`${basename(file)}: neither do we`, () => {
    const { findings } = compileContract(file, { read: readContractFile, view: "service" });
    assert.deepEqual(findings.map(findingText), []);
  });
}
