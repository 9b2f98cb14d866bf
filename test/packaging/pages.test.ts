import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "../../src/server/config-file.ts";
import { findingText } from "../../src/server/yaml-reader.ts";
import { root } from "./program.ts";

const pages = [
  "README.md",
  "SECURITY.md",
  "docs/certificates.md",
  "docs/deployment.md",
  "docs/identity.md",
  "docs/security.md",
];

for (const page of pages) {
  const text = readFileSync(join(root, page), "utf8");

  test(`${page}: every configuration is one that the broker takes`, () => {
    for (const [, yaml = ""] of text.matchAll(/^```yaml\n(.*?)^```$/gms)) {
      assert.deepEqual(parseConfig(page, yaml).findings.map(findingText), [], yaml);
    }
  });

  test(`${page}: every link leads to a file`, () => {
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(join(root, dirname(page), target)), target);
    }
  });
}
