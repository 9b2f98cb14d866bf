import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readContract } from "../../src/contract/read-contract.ts";
import { contractTypes } from "../../src/contract/types.ts";
import { documentOf } from "./kit.ts";

const tsc = join(import.meta.dirname, "../../node_modules/.bin/tsc");
const petstore = join(import.meta.dirname, "../../contracts/petstore.asyncapi.yaml");

function typesOf(file: string, read: (path: string) => string): string {
  const { contract, sources } = readContract(file, { read, view: "service" });
  assert.ok(contract !== undefined);
  return contractTypes(contract, sources);
}

function typesOfText(text: string): string {
  return typesOf("api.yaml", () => text);
}

/** What the compiler says about a program that imports the types; empty when it is content. */
function compile(types: string, program: string): string {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-types-"));
  try {
    writeFileSync(join(directory, "events.ts"), types);
    writeFileSync(join(directory, "program.ts"), `import type * as Events from "./events.ts";\n${program}`);
    const flags = [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--allowImportingTsExtensions",
      "--types",
      "",
      "--skipLibCheck",
    ];
    return spawnSync(tsc, [...flags, "program.ts"], { cwd: directory, encoding: "utf8", timeout: 60_000 }).stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("the types of the pet store compile, and know what each topic carries", () => {
  const types = typesOf(petstore, (path) => readFileSync(path, "utf8"));
  const good = `
const order: Events.Payloads["orders/abc123/status"] = { status: "SHIPPED" };
const batch: Events.Payloads["pets/milo/health"] = [{ heartRate: 92 }, { heartRate: 95, activity: "REST" }];
export { order, batch };
`;
  assert.equal(compile(types, good), "");
  for (const wrong of [
    `export const order: Events.Payloads["orders/abc123/status"] = { status: "LOST" };`,
    `export const order: Events.OrderStatusChanged = {};`,
    `export const order: Events.OrderStatusChanged = { status: "PAID", more: 1 };`,
    `export const nowhere: Events.Payloads["orders/abc123/nothing"] = 1;`,
  ]) {
    assert.match(compile(types, wrong), /error TS/, wrong);
  }
});

test("every kind of schema has a type", () => {
  const types = typesOfText(
    documentOf(
      '{ $ref: "#/components/schemas/Tree" }',
      `components:
  schemas:
    Tree:
      type: object
      description: |
        A tree,
        of trees.
      required: [kind]
      properties:
        kind: { const: tree }
        "two words": { enum: [1, a, true, null] }
        next: { $ref: "#/components/schemas/Tree" }
        list: { type: array, items: { type: [string, "null"] } }
        either: { oneOf: [{ type: string }, { type: number }] }
        both: { allOf: [{ $ref: "#/components/schemas/Tree" }, { type: object, properties: { more: { type: boolean } } }] }
        map: { type: object, additionalProperties: { type: integer } }
        never: false
        any: true
`,
    ),
  );
  assert.equal(
    types,
    `// Levels 1.0.0, printed from api.yaml by \`petstore-mqtt contract types\`.

/**
 * A tree,
 * of trees.
 */
export interface Tree {
  readonly kind: "tree";
  readonly "two words"?: 1 | "a" | true | null;
  readonly next?: Tree;
  readonly list?: readonly (string | null)[];
  readonly either?: string | number;
  readonly both?: Tree & ({
    readonly more?: boolean;
    readonly [name: string]: unknown;
  });
  readonly map?: {
    readonly [name: string]: number;
  };
  readonly never?: never;
  readonly any?: unknown;
  readonly [name: string]: unknown;
}

/** What the topics carry. */
export interface Payloads {
  /** \`levels/{id}\` */
  [topic: \`levels/\${string}\`]: Tree;
}
`,
  );
  assert.equal(compile(types, ""), "");
});
