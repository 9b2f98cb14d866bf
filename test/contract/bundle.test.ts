import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Parser } from "@asyncapi/parser";
import { bundleDocument } from "../../src/contract/bundle.ts";
import { readContractFile } from "../../src/service/contract-file.ts";
import { findingsOf } from "./kit.ts";
import { petstoreFile } from "./petstore.ts";

const tramsFile = join(import.meta.dirname, "../../examples/contracts/trams.asyncapi.yaml");

test("a document of one file stays as it was written, and is JSON too", () => {
  const { yaml, json } = bundleDocument(petstoreFile, readContractFile);
  assert.equal(yaml, readContractFile(petstoreFile));
  assert.equal((JSON.parse(json) as { id: string }).id, "urn:petstore:events");
});

test("a document of several files needs them no more: the standard parser and we find nothing wrong", async () => {
  const { yaml, json } = bundleDocument(tramsFile, readContractFile);
  for (const text of [yaml, json]) {
    assert.deepEqual(findingsOf(text), []);
    const { diagnostics } = await new Parser().parse(text);
    assert.deepEqual(
      diagnostics.filter(({ code }) => code !== "asyncapi-latest-version"),
      [],
    );
  }
});

test("references lead to where their targets stand now, from file to file, also in a circle", () => {
  const files: Record<string, string> = {
    "/a/api.yaml": 'one: { $ref: "./s/x~y z.json#/A" }\nown: { $ref: "#/one" }\nweb: { $ref: "https://e.org/x#/y" }',
    "/a/s/x~y z.json": '{ "A": { "$ref": "other.yaml" }, "B": { "$ref": "#/A" } }',
    "/a/s/other.yaml": 'back: { $ref: "x~y%20z.json#/B" }\nhome: { $ref: "../api.yaml#/own" }',
  };
  const { json } = bundleDocument("/a/api.yaml", (path) => files[path]!);
  assert.deepEqual(JSON.parse(json), {
    one: { $ref: "#/x-files/s~1x~0y%20z.json/A" },
    own: { $ref: "#/one" },
    web: { $ref: "https://e.org/x#/y" },
    "x-files": {
      "s/x~y z.json": { A: { $ref: "#/x-files/s~1other.yaml" }, B: { $ref: "#/x-files/s~1x~0y%20z.json/A" } },
      "s/other.yaml": { back: { $ref: "#/x-files/s~1x~0y%20z.json/B" }, home: { $ref: "#/own" } },
    },
  });
});
